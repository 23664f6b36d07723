import ADPO
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
public func adpo_dataset_count(
    _ dataset: OpaquePointer?, _ count: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try required(count, "count")
        output.pointee = try ADPOExports.dataset(dataset).use { $0.pairs.count }
    }
}
