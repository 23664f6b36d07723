import ADPOBase

/// A linear layer that an adapter may adapt.
package struct TargetModule: Sendable, Hashable {
    package let weight: MatrixID
    /// Hugging Face's name: "model.layers.0.self_attn.q_proj".
    package let name: String
    /// The name in transformers 5 of it, or of the parameter that it is a part of, where it has another there.
    let newerName: String?
    /// "all-linear" names it: a linear layer of the decoder that is none of a mixture of experts.
    let isOrdinary: Bool

    /// Its name, and what that ends with after each dot: what PEFT's lists may call it.
    package var endings: [String] { Self.endings(of: name) }

    /// The same of all of its names.
    var allEndings: [String] { endings + (newerName.map(Self.endings) ?? []) }

    private static func endings(of name: String) -> [String] {
        let parts = name.split(separator: ".")
        return parts.indices.map { parts[$0...].joined(separator: ".") }
    }

    /// The last part of the name.
    package var projectionName: String { endings.last ?? name }

    /// All linear layers of a model's decoder layers, in their order.
    package static func all(_ parameters: ParameterList) -> [TargetModule] {
        parameters.matrices.enumerated().compactMap { index, parameter in
            let isOrdinary: Bool
            switch parameter.role {
            case .linear: isOrdinary = true
            case .expert, .router: isOrdinary = false
            case .embedding, .positions, .head, .norm, .bias: return nil
            }
            return TargetModule(
                weight: MatrixID(index: index), name: parameter.module,
                newerName: parameter.newerModule, isOrdinary: isOrdinary)
        }
    }

    /// The modules that entries name, each as `matches` says.
    ///
    /// - Throws: `.invalidArgument` when there is no entry, or one that matches nothing.
    package static func matching(
        _ entries: [String], _ parameters: ParameterList
    ) throws(ADPOError) -> Set<MatrixID> {
        let all = all(parameters)
        var found: Set<MatrixID> = []
        for entry in entries {
            let modules = all.filter { $0.matches(entry) }
            guard !modules.isEmpty else {
                throw ADPOError(
                    .invalidArgument, "\"\(entry)\" matches no target module: \(names(all))")
            }
            found.formUnion(modules.map(\.weight))
        }
        guard !found.isEmpty else {
            throw ADPOError(
                .invalidArgument, "there are no target modules: name some of \(names(all))")
        }
        return found
    }

    private static func names(_ all: [TargetModule]) -> String {
        var names: [String] = []
        for module in all where !names.contains(module.projectionName) {
            names.append(module.projectionName)
        }
        return "\(names.joined(separator: ", ")) (all-linear is all of them), or full names or "
            + "patterns from \(all.first?.name ?? "none") to \(all.last?.name ?? "none")"
    }

    /// Whether an entry names the module: "all-linear"; its full name, or what that ends with after
    /// a dot, as PEFT matches; or a pattern for the full name, in which `*` stands for any text and
    /// `?` for a character.
    func matches(_ entry: String) -> Bool {
        if entry.utf8.elementsEqual("all-linear".utf8) { return isOrdinary }
        if entry.utf8.contains(UInt8(ascii: "*")) || entry.utf8.contains(UInt8(ascii: "?")) {
            return glob(Array(entry.utf8), matches: Array(name.utf8))
        }
        return allEndings.contains { $0.utf8.elementsEqual(entry.utf8) }
    }

    /// Names that PEFT takes for these modules and no others: "q_proj" where it is adapted in every layer,
    /// full names otherwise.
    static func peftNames(_ weights: Set<MatrixID>, _ parameters: ParameterList) -> [String] {
        let all = all(parameters)
        var sharers: [String: [MatrixID]] = [:]
        for module in all {
            for ending in module.endings { sharers[ending, default: []].append(module.weight) }
        }
        var names: [String] = []
        for module in all where weights.contains(module.weight) {
            let name = module.endings.last { ending in
                !ending.split(separator: ".").contains { $0.utf8.allSatisfy(isDigit) }
                    && sharers[ending]?.allSatisfy(weights.contains) ?? false
            }
            if !names.contains(name ?? module.name) { names.append(name ?? module.name) }
        }
        return names
    }
}

private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

/// Follows the last `*` only: an earlier one never needs to take more than it first did.
private func glob(_ pattern: [UInt8], matches text: [UInt8]) -> Bool {
    var (p, t) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while t < text.count {
        if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
            star = (p, t)
            p += 1
        } else if p < pattern.count, pattern[p] == text[t] || pattern[p] == UInt8(ascii: "?") {
            p += 1
            t += 1
        } else if let last = star {
            star = (last.pattern, last.text + 1)
            p = last.pattern + 1
            t = last.text + 1
        } else {
            return false
        }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
}
