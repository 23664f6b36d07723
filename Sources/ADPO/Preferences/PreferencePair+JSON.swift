import ADPOBase

extension PreferencePair {
    /// Token ids, and the ends of segments and the weights where the pair has them.
    package var json: JSON {
        func integers(_ values: some Sequence<some BinaryInteger>) -> JSON {
            .array(values.map { .integer(Int($0)) })
        }
        func numbers(_ values: [Float]) -> JSON { .array(values.map { .double(Double($0)) }) }
        var members = [
            ("prompt", integers(prompt)), ("chosen", integers(chosen)),
            ("rejected", integers(rejected)),
        ]
        if let segmentEnds {
            members.append(("chosen_segments", integers(segmentEnds.chosen)))
            members.append(("rejected_segments", integers(segmentEnds.rejected)))
        }
        if let weights {
            members.append(("chosen_weights", numbers(weights.chosen)))
            members.append(("rejected_weights", numbers(weights.rejected)))
        }
        return .object(members.map { (key: $0.0, value: $0.1) })
    }
}
