import ADPO
import ADPOBase
import TestSupport
import Testing

/// objectives.json: TRL's losses and PyTorch's gradients; see make_objectives.py.
struct ObjectiveGolden {
    let objectives: [JSON]
    let pairs: [JSON]
    let cases: [JSON]
    let kto: [JSON]

    init() throws {
        let file = try golden("objectives.json")
        objectives = try #require(file["objectives"]?.array)
        pairs = try #require(file["pairs"]?.array)
        cases = try #require(file["cases"]?.array)
        kto = try #require(file["kto"]?.array)
    }
}

extension Objective {
    init(_ json: JSON) throws {
        self.init()
        func number(_ key: String, _ value: inout Double) throws {
            if let json = json[key] { value = try #require(json.double) }
        }
        loss = try #require(json["loss"]?.string.flatMap(Loss.init(rawValue:)))
        try number("beta", &beta)
        try number("label_smoothing", &labelSmoothing)
        try number("target_margin", &targetMargin)
        try number("sft_weight", &sftWeight)
        try number("dpop_lambda", &dpopLambda)
        try number("ld_alpha", &ldAlpha)
        try number("desirable_weight", &desirableWeight)
        try number("undesirable_weight", &undesirableWeight)
        isReferenceFree = json["reference_free"] != nil
        usesWPO = json["wpo"] != nil
        if json["reduction"]?.string == "mean" { reduction = .mean }
    }
}
