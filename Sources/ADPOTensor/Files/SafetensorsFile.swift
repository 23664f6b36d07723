import ADPOBase

/// A .safetensors file: a 64-bit length, a JSON header of that length, the tensors' bytes.
/// https://huggingface.co/docs/safetensors
package struct SafetensorsFile: Sendable {
    package private(set) var tensors = TensorTable()
    /// Texts by name; nil when a file has none, or when there are several files.
    package private(set) var metadata: JSON?

    /// The official library refuses longer headers, too.
    private static let maximumHeaderSize = 100_000_000

    package init(path: String) throws(ADPOError) {
        let file = try MappedFile(path: path)
        func failure(_ reason: String) -> ADPOError {
            ADPOError(.format, "\(path) is not a valid safetensors file: \(reason)")
        }
        var reader = ByteReader(file.bytes, source: path)
        let headerSize = try reader.integer(UInt64.self)
        guard headerSize <= Self.maximumHeaderSize else {
            throw failure("it announces a header of \(headerSize) bytes")
        }
        let header = try JSON(try reader.take(Int(headerSize)), source: "the header of \(path)")
        guard let members = header.members else { throw failure("its header is no JSON object") }
        metadata = header["__metadata__"]

        for (name, description) in members where name != "__metadata__" {
            guard let dtype = description["dtype"]?.string,
                let shape = description["shape"]?.integers,
                let offsets = description["data_offsets"]?.integers, offsets.count == 2
            else { throw failure("tensor \"\(name)\" lacks its dtype, shape or data_offsets") }
            guard 0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= reader.remaining else {
                throw failure(
                    "tensor \"\(name)\" lies at \(offsets[0])..<\(offsets[1]) of "
                        + "\(reader.remaining) bytes: the file is truncated or damaged")
            }
            guard let encoding = Encoding.all.first(where: { $0.safetensorsName == dtype }) else {
                let range = reader.position + offsets[0]..<reader.position + offsets[1]
                let other = OtherTensor(
                    name: name, type: dtype, shape: shape,
                    bytes: UnsafeRawBufferPointer(rebasing: file.bytes[range]), file: file)
                try tensors.add(name, .other(other), path: path)
                continue
            }
            let view = try TensorView(
                name: name, encoding: encoding, shape: shape,
                offset: reader.position + offsets[0], file: file)
            guard view.bytes.count == offsets[1] - offsets[0] else {
                throw failure(
                    "tensor \"\(name)\" has \(offsets[1] - offsets[0]) bytes, but its shape "
                        + "\(shape) in \(dtype) takes \(view.bytes.count)")
            }
            try tensors.add(name, .view(view), path: path)
        }
        try tensors.checkThatNoneOverlap(path: path)
    }

    /// The weights in a Hugging Face directory: model.safetensors, or else the files that
    /// model.safetensors.index.json names.
    package init(directory: String) throws(ADPOError) {
        let single = directory + "/model.safetensors"
        let index = directory + "/model.safetensors.index.json"
        if FileStatus(single) != nil {
            try self.init(path: single)
        } else if FileStatus(index) != nil {
            try self.init(index: index, directory: directory)
        } else {
            throw ADPOError(
                .notFound,
                """
                \(directory) holds neither model.safetensors nor model.safetensors.index.json: \
                weights in other formats have to be converted to safetensors or GGUF first
                """)
        }
    }

    private init(index path: String, directory: String) throws(ADPOError) {
        let index = try JSON(path: path)
        guard let weightMap = index["weight_map"]?.members else {
            throw ADPOError(.format, "\(path) has no \"weight_map\"")
        }
        var opened: Set<String> = []
        for (name, value) in weightMap {
            guard let shard = value.string else {
                throw ADPOError(.format, "\(path): the weight_map names no file for \"\(name)\"")
            }
            guard !shard.utf8.contains(UInt8(ascii: "/")), !shard.utf8.contains(0) else {
                throw ADPOError(
                    .format, "\(path): the weight_map names \"\(shard)\", outside of the directory")
            }
            if opened.insert(shard).inserted {
                let shardPath = directory + "/" + shard
                try tensors.add(try SafetensorsFile(path: shardPath).tensors, path: shardPath)
            }
        }
        for (name, _) in weightMap where !tensors.contains(name) {
            throw ADPOError(.format, "\(path) names tensor \"\(name)\", but no file holds it")
        }
    }
}

extension JSON {
    /// An array of whole numbers.
    fileprivate var integers: [Int]? {
        guard let elements = array else { return nil }
        let integers = elements.compactMap(\.integer)
        return integers.count == elements.count ? integers : nil
    }
}
