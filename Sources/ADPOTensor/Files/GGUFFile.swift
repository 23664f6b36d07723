import ADPOBase

/// A GGUF file, version 2 or 3, or the set of files that a model was split into.
/// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
package struct GGUFFile: Sendable {
    package private(set) var metadata = GGUFMetadata()
    package private(set) var tensors = TensorTable()

    /// Opens a file and, when it is the first of a split model (x-00001-of-00003.gguf), the others.
    package init(path: String) throws(ADPOError) {
        try self.init(part: path)
        guard let count = metadata["split.count"]?.integer, count > 1 else { return }
        let first = "-\(Self.fiveDigits(1))-of-\(Self.fiveDigits(count)).gguf"
        guard metadata["split.no"]?.integer == 0,
            path.utf8.reversed().starts(with: first.utf8.reversed())
        else {
            throw ADPOError(
                .format,
                """
                \(path) is a part of a split model: open its first file, whose name ends in \
                \(first)
                """)
        }
        for number in 2...count {
            let end = "-\(Self.fiveDigits(number))-of-\(Self.fiveDigits(count)).gguf"
            let partPath =
                String(decoding: path.utf8.dropLast(first.utf8.count), as: UTF8.self) + end
            let part = try GGUFFile(part: partPath)
            guard part.metadata["split.no"]?.integer == number - 1,
                part.metadata["split.count"]?.integer == count
            else {
                throw ADPOError(.format, "\(partPath) is not part \(number) of \(count) of \(path)")
            }
            try tensors.add(part.tensors, path: partPath)
        }
        if let total = metadata["split.tensors.count"]?.integer, total != tensors.names.count {
            throw ADPOError(
                .format,
                "\(path): the parts hold \(tensors.names.count) tensors instead of \(total)")
        }
    }

    private static func fiveDigits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    /// One file by itself.
    private init(part path: String) throws(ADPOError) {
        let file = try MappedFile(path: path)
        guard file.bytes.starts(with: "GGUF".utf8) else {
            throw ADPOError(
                .format,
                """
                \(path) is not a GGUF file: give a GGUF file, or a Hugging Face directory with \
                config.json and model.safetensors
                """)
        }
        var reader = ByteReader(file.bytes, source: path)
        _ = try reader.integer(UInt32.self)
        let version = try reader.integer(UInt32.self)
        guard version == 2 || version == 3 else {
            let isBigEndian = (2...3).contains(version.byteSwapped)
            throw ADPOError(
                .unsupported,
                isBigEndian
                    ? "\(path) is a big-endian GGUF file; only little-endian ones are supported"
                    : "\(path) is a GGUF file of version \(version); versions 2 and 3 are supported"
            )
        }
        // A tensor takes at least 24 bytes of description, a metadata pair 13.
        let tensorCount = try reader.count(minimumSize: 24)
        for _ in 0..<(try reader.count(minimumSize: 13)) {
            let key = String(decoding: try reader.string(), as: UTF8.self)
            let start = reader.position
            let value = try GGUFType.read(&reader).read(&reader, file: file)
            let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[start..<reader.position])
            try metadata.add(value, GGUFPair(key: key, bytes: bytes, file: file))
        }
        var descriptions: [TensorDescription] = []
        for _ in 0..<tensorCount { descriptions.append(try TensorDescription(&reader)) }

        // The tensors' bytes start at the next multiple of the alignment.
        let alignment = metadata["general.alignment"]?.integer ?? 32
        guard (1...1 << 16).contains(alignment), alignment.nonzeroBitCount == 1 else {
            throw ADPOError(
                .format, "\(path): the alignment \(alignment) is not a power of two up to 2^16")
        }
        let start = (reader.position + alignment - 1) & ~(alignment - 1)
        for description in descriptions {
            try tensors.add(
                description.name, try description.entry(file: file, start: start), path: path)
        }
        try tensors.checkThatNoneOverlap(path: path)
    }
}

/// A tensor as the file's head describes it.
private struct TensorDescription {
    let name: String
    let shape: [Int]
    let ggmlType: UInt32
    /// From the start of the tensors' bytes.
    let offset: UInt64

    init(_ reader: inout ByteReader) throws(ADPOError) {
        name = String(decoding: try reader.string(), as: UTF8.self)
        let dimensions = try reader.integer(UInt32.self)
        guard dimensions <= 4 else {
            throw ADPOError(
                .format,
                """
                \(reader.source): tensor "\(name)" has \(dimensions) dimensions; at most 4 are \
                allowed
                """)
        }
        var shape: [Int] = []
        for _ in 0..<dimensions {
            // What an Int cannot hold is too large for any file, which `TensorView` then says.
            shape.append(Int(clamping: try reader.integer(UInt64.self)))
        }
        // ggml names the innermost dimension first, PyTorch the outermost.
        self.shape = shape.reversed()
        ggmlType = try reader.integer(UInt32.self)
        offset = try reader.integer(UInt64.self)
    }

    func entry(file: MappedFile, start: Int) throws(ADPOError) -> TensorTable.Entry {
        guard let encoding = Encoding.all.first(where: { $0.ggmlType == ggmlType }) else {
            let type = Self.otherTypes[ggmlType] ?? "an unknown encoding"
            return .other(
                OtherTensor(
                    name: name, type: "\(type) (ggml type \(ggmlType))", shape: shape,
                    bytes: UnsafeRawBufferPointer(start: nil, count: 0), file: file))
        }
        let (position, overflow) = Int(clamping: offset).addingReportingOverflow(start)
        return .view(
            try TensorView(
                name: name, encoding: encoding, shape: shape,
                offset: overflow ? .max : position, file: file))
    }

    /// Names for messages: the types that llama.cpp writes and that are none of `Encoding.all`.
    private static let otherTypes: [UInt32: String] = [
        9: "Q8_1", 15: "Q8_K", 19: "IQ1_S", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
        29: "IQ1_M", 40: "NVFP4", 41: "Q1_0",
    ]
}
