import ADPO
import ADPOBase
import CADPO

func dataset(_ handle: OpaquePointer?) throws(ADPOError) -> Exclusive<PreferenceDataset> {
    try object(handle, "dataset")
}

@c @implementation
public func adpo_dataset_create(
    _ model: OpaquePointer?, _ dataset: UnsafeMutablePointer<OpaquePointer?>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try required(dataset, "dataset")
        output.pointee = handle(Exclusive(PreferenceDataset(model: try ADPOExports.model(model))))
    }
}

@c @implementation
public func adpo_dataset_destroy(_ dataset: OpaquePointer?) {
    destroy(dataset, Exclusive<PreferenceDataset>.self)
}

@c @implementation
public func adpo_dataset_add_text(
    _ dataset: OpaquePointer?, _ prompt: UnsafePointer<CChar>?, _ promptLength: Int,
    _ chosen: UnsafePointer<CChar>?, _ chosenLength: Int, _ rejected: UnsafePointer<CChar>?,
    _ rejectedLength: Int
) -> adpo_status {
    status { () throws(ADPOError) in
        let pair = TextPair(
            prompt: try text(prompt, promptLength, "prompt"),
            chosen: try text(chosen, chosenLength, "chosen"),
            rejected: try text(rejected, rejectedLength, "rejected"))
        try ADPOExports.dataset(dataset).use { (dataset) throws(ADPOError) in
            try dataset.append(pair)
        }
    }
}

@c @implementation
public func adpo_dataset_add_tokens(
    _ dataset: OpaquePointer?, _ prompt: UnsafePointer<Int32>?, _ promptCount: Int,
    _ chosen: UnsafePointer<Int32>?, _ chosenCount: Int, _ rejected: UnsafePointer<Int32>?,
    _ rejectedCount: Int
) -> adpo_status {
    status { () throws(ADPOError) in
        let pair = try PreferencePair(
            prompt: array(prompt, promptCount, "prompt tokens"),
            chosen: array(chosen, chosenCount, "chosen tokens"),
            rejected: array(rejected, rejectedCount, "rejected tokens"))
        try ADPOExports.dataset(dataset).use { (dataset) throws(ADPOError) in
            try dataset.append(pair)
        }
    }
}

@c @implementation
public func adpo_dataset_add_unpaired_text(
    _ dataset: OpaquePointer?, _ prompt: UnsafePointer<CChar>?, _ promptLength: Int,
    _ completion: UnsafePointer<CChar>?, _ completionLength: Int, _ desirable: Int32
) -> adpo_status {
    status { () throws(ADPOError) in
        let row = TextPair(
            prompt: try text(prompt, promptLength, "prompt"),
            completion: try text(completion, completionLength, "completion"),
            isDesirable: desirable != 0)
        try ADPOExports.dataset(dataset).use { (dataset) throws(ADPOError) in
            try dataset.append(row)
        }
    }
}

@c @implementation
public func adpo_dataset_add_unpaired_tokens(
    _ dataset: OpaquePointer?, _ prompt: UnsafePointer<Int32>?, _ promptCount: Int,
    _ completion: UnsafePointer<Int32>?, _ completionCount: Int, _ desirable: Int32
) -> adpo_status {
    status { () throws(ADPOError) in
        let row = try PreferencePair(
            prompt: array(prompt, promptCount, "prompt tokens"),
            completion: array(completion, completionCount, "completion tokens"),
            isDesirable: desirable != 0)
        try ADPOExports.dataset(dataset).use { (dataset) throws(ADPOError) in
            try dataset.append(row)
        }
    }
}

@c @implementation
public func adpo_dataset_add_json(
    _ dataset: OpaquePointer?, _ json: UnsafePointer<CChar>?, _ length: Int
) -> adpo_status {
    status { () throws(ADPOError) in
        let json = try text(json, length, "json")
        try ADPOExports.dataset(dataset).use { (dataset) throws(ADPOError) in
            try dataset.append(json: json)
        }
    }
}

@c @implementation
public func adpo_dataset_load_jsonl(
    _ dataset: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let path = try ADPOExports.path(path)
        try ADPOExports.dataset(dataset).use { (dataset) throws(ADPOError) in
            try dataset.append(jsonLines: path)
        }
    }
}

@c @implementation
public func adpo_dataset_set_segments(
    _ dataset: OpaquePointer?, _ index: Int, _ chosenEnds: UnsafePointer<Int>?, _ chosenCount: Int,
    _ rejectedEnds: UnsafePointer<Int>?, _ rejectedCount: Int
) -> adpo_status {
    status { () throws(ADPOError) in
        let ends = ResponsePair(
            chosen: try array(chosenEnds, chosenCount, "chosen segments"),
            rejected: try array(rejectedEnds, rejectedCount, "rejected segments"))
        try ADPOExports.dataset(dataset).use { (dataset) throws(ADPOError) in
            let isNone = ends.chosen.isEmpty && ends.rejected.isEmpty
            try dataset.setSegmentEnds(isNone ? nil : ends, ofPair: index)
        }
    }
}

@c @implementation
public func adpo_dataset_set_weights(
    _ dataset: OpaquePointer?, _ index: Int, _ chosen: UnsafePointer<Float>?, _ chosenCount: Int,
    _ rejected: UnsafePointer<Float>?, _ rejectedCount: Int
) -> adpo_status {
    status { () throws(ADPOError) in
        let weights = ResponsePair(
            chosen: try array(chosen, chosenCount, "chosen weights"),
            rejected: try array(rejected, rejectedCount, "rejected weights"))
        try ADPOExports.dataset(dataset).use { (dataset) throws(ADPOError) in
            let isNone = weights.chosen.isEmpty && weights.rejected.isEmpty
            try dataset.setWeights(isNone ? nil : weights, ofPair: index)
        }
    }
}

@c @implementation
public func adpo_dataset_weigh_contrastively(
    _ dataset: OpaquePointer?, _ positive: OpaquePointer?, _ negative: OpaquePointer?, _ b: Double,
    _ dtype: adpo_dtype
) -> adpo_status {
    status { () throws(ADPOError) in
        let positive = try object(positive, "positive", as: Adapter.self)
        let negative = try object(negative, "negative", as: Adapter.self)
        let dtype = try DType(dtype)
        try ADPOExports.dataset(dataset).use { (dataset) throws(ADPOError) in
            try dataset.weighContrastively(
                positive: positive, negative: negative, b: b, dtype: dtype)
        }
    }
}

@c @implementation
public func adpo_dataset_count(
    _ dataset: OpaquePointer?, _ count: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try required(count, "count")
        output.pointee = try ADPOExports.dataset(dataset).use { $0.pairs.count }
    }
}

@c @implementation
public func adpo_dataset_get_json(
    _ dataset: OpaquePointer?, _ index: Int, _ json: UnsafeMutablePointer<CChar>?, _ capacity: Int,
    _ needed: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try OutputBuffer(json, capacity, needed)
        let pair = try ADPOExports.dataset(dataset).use { (dataset) throws(ADPOError) in
            try dataset.pair(at: index)
        }
        try output.write(pair.json.text)
    }
}
