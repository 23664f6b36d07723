import ADPOBase

/// Writes GGUF files, version 3.
/// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
package struct GGUFWriter: Sendable {
    /// The metadata, each value encoded, in the order in which it is written.
    private var pairs: [(key: String, value: [UInt8])] = []

    package init() {}

    /// With the metadata of a file, except some keys.
    package init(copying metadata: GGUFMetadata, except isDropped: (String) -> Bool) {
        pairs = metadata.pairs.filter { !isDropped($0.key) }.map { ($0.key, Array($0.bytes)) }
        alignment = metadata["general.alignment"]?.integer ?? alignment
    }

    /// Where tensors begin: multiples of so many bytes.
    private var alignment = 32

    /// Sets the value of a key, in the place of an earlier one.
    package mutating func set(_ key: String, _ value: GGUFNewValue) {
        var bytes: [UInt8] = []
        value.append(to: &bytes)
        if let index = pairs.firstIndex(where: { $0.key == key }) {
            pairs[index].value = bytes
        } else {
            pairs.append((key, bytes))
        }
    }

    /// Writes a file of tensors in the given order, atomically; `body` appends each one's bytes.
    ///
    /// - Throws: `.io`, and what `body` throws.
    package func write(
        _ tensors: [NewTensor], to path: String,
        _ body: (NewTensor, AtomicFile) throws(ADPOError) -> Void
    ) throws(ADPOError) {
        let head = head(tensors)
        try AtomicFile.write(to: path) { (file) throws(ADPOError) in
            try file.append(head)
            try pad(file, after: head.count)
            for tensor in tensors {
                try tensor.write(to: file, body)
                try pad(file, after: tensor.byteCount)
            }
        }
    }

    private func pad(_ file: AtomicFile, after count: Int) throws(ADPOError) {
        try file.append([UInt8](repeating: 0, count: aligned(count) - count))
    }

    private func aligned(_ count: Int) -> Int { (count + alignment - 1) & ~(alignment - 1) }

    private func head(_ tensors: [NewTensor]) -> [UInt8] {
        var head = Array("GGUF".utf8)
        head.append(little: UInt32(3))
        head.append(little: UInt64(tensors.count))
        head.append(little: UInt64(pairs.count))
        for (key, value) in pairs {
            head.append(string: Array(key.utf8))
            head += value
        }
        var offset = 0
        for tensor in tensors {
            head.append(string: Array(tensor.name.utf8))
            head.append(little: UInt32(tensor.shape.count))
            // ggml names the innermost dimension first.
            for size in tensor.shape.reversed() { head.append(little: UInt64(size)) }
            head.append(little: tensor.encoding.ggmlType)
            head.append(little: UInt64(offset))
            offset += aligned(tensor.byteCount)
        }
        return head
    }
}

/// A metadata value to be written, in the types that llama.cpp expects of its keys.
package enum GGUFNewValue: Sendable {
    case uint32(UInt32)
    case float32(Float)
    case bool(Bool)
    case string([UInt8])
    case strings([[UInt8]])
    case int32s([Int32])
    case float32s([Float])

    package static func text(_ text: String) -> GGUFNewValue { .string(Array(text.utf8)) }

    /// A size; what a file cannot say is cut off at its largest number.
    package static func count(_ value: Int) -> GGUFNewValue { .uint32(UInt32(clamping: value)) }

    fileprivate func append(to bytes: inout [UInt8]) {
        func append(_ type: GGUFType) { bytes.append(little: type.rawValue) }
        switch self {
        case .uint32(let value):
            append(.uint32)
            bytes.append(little: value)
        case .float32(let value):
            append(.float32)
            bytes.append(little: value.bitPattern)
        case .bool(let value):
            append(.bool)
            bytes.append(value ? 1 : 0)
        case .string(let value):
            append(.string)
            bytes.append(string: value)
        case .strings(let values):
            append(.array)
            append(.string)
            bytes.append(little: UInt64(values.count))
            for value in values { bytes.append(string: value) }
        case .int32s(let values):
            append(.array)
            append(.int32)
            bytes.append(little: UInt64(values.count))
            for value in values { bytes.append(little: value) }
        case .float32s(let values):
            append(.array)
            append(.float32)
            bytes.append(little: UInt64(values.count))
            for value in values { bytes.append(little: value.bitPattern) }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(little value: some FixedWidthInteger & BitwiseCopyable) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(string: [UInt8]) {
        append(little: UInt64(string.count))
        self += string
    }
}
