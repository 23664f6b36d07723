import ADPOBase

extension Inspection {
    /// As `adpo.h` describes it.
    package var json: JSON {
        object(
            ("granularity", .string(granularity.description)), ("max_length", .integer(maxLength)),
            ("pairs", .integer(pairs)), ("unpaired", .integer(unpaired)),
            ("dropped", .integer(dropped)), ("truncated", .integer(truncated)),
            ("removed_tokens", .integer(removedTokens)), ("prompt_tokens", promptTokens.json),
            ("chosen_tokens", chosenTokens.json), ("rejected_tokens", rejectedTokens.json),
            ("segments", segments.json), ("warnings", .array(warnings.map(\.json))),
            ("examples", .array(examples.map(\.json))), ("memory", memory.json),
            ("time", time?.json ?? .null))
    }
}

private func object(_ members: (String, JSON)...) -> JSON {
    .object(members.map { (key: $0.0, value: $0.1) })
}

extension Inspection.Token {
    fileprivate var json: JSON {
        object(
            ("id", .integer(Int(id))), ("text", .string(text)), ("weight", .double(Double(weight))))
    }
}

extension Inspection.Response {
    fileprivate var json: JSON {
        object(
            ("segments", .array(segments.map { .array($0.map(\.json)) })),
            ("removed", .string(removed)))
    }
}

extension Inspection.Example {
    fileprivate var json: JSON {
        object(
            ("pair", .integer(pair)), ("prompt", .array(prompt.map(\.json))),
            ("chosen", chosen.json), ("rejected", rejected.json))
    }
}

extension Inspection.Warning {
    fileprivate var json: JSON {
        object(
            ("kind", .string(kind.rawValue)), ("message", .string(message)),
            ("pairs", .array(pairs.map { .integer($0) })))
    }
}

extension Inspection.Range {
    fileprivate var json: JSON {
        object(
            ("minimum", .integer(minimum)), ("mean", .double(mean)), ("maximum", .integer(maximum)))
    }
}

extension Inspection.Memory {
    fileprivate var json: JSON {
        object(
            ("weights", .integer(weights)), ("activations", .integer(activations)),
            ("parameters", .integer(parameters)), ("gradients", .integer(gradients)),
            ("optimizer", .integer(optimizer)), ("references", .integer(references)),
            ("total", .integer(total)))
    }
}

extension Inspection.Time {
    fileprivate var json: JSON {
        object(
            ("measured_tokens", .integer(measuredTokens)), ("measured", .double(measured)),
            ("reference", .double(reference)), ("epoch", .double(epoch)), ("run", .double(run)))
    }
}
