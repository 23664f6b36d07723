import ADPOBase

/// Writes .safetensors files.
package enum SafetensorsWriter {
    /// A tensor of floats to be written: row-major, `values` as many as the shape says.
    package struct Tensor {
        package let name: String
        package let shape: [Int]
        package let values: [Float]

        package init(name: String, shape: [Int], values: [Float]) {
            self.name = name
            self.shape = shape
            self.values = values
        }
    }

    package typealias Metadata = [(key: String, value: String)]
    /// PEFT and transformers ask for the format.
    package static let metadata: Metadata = [("format", "pt")]

    /// Writes F32 tensors in the given order, atomically. Throws `io`, or `internal` when a shape
    /// does not fit its values.
    package static func write(
        _ tensors: [Tensor], to path: String, metadata: Metadata = metadata
    ) throws(ADPOError) {
        var descriptions: [NewTensor] = []
        for tensor in tensors {
            descriptions.append(
                try NewTensor(name: tensor.name, shape: tensor.shape, encoding: .f32))
        }
        var rest = tensors[...]
        try write(descriptions, to: path, metadata: metadata) { (_, file) throws(ADPOError) in
            if let tensor = rest.popFirst() { try file.append(tensor.values) }
        }
    }

    /// Writes a file of tensors in the given order, atomically; `body` appends each one's bytes.
    ///
    /// - Throws: `.io`, `.internal` for encodings that the format does not have, and what `body`
    ///   throws.
    package static func write(
        _ tensors: [NewTensor], to path: String, metadata: Metadata = metadata,
        _ body: (NewTensor, AtomicFile) throws(ADPOError) -> Void
    ) throws(ADPOError) {
        let header = try header(of: tensors, metadata)
        try AtomicFile.write(to: path) { (file) throws(ADPOError) in
            try file.append(header)
            for tensor in tensors { try tensor.write(to: file, body) }
        }
    }

    /// The length in 64 bits and the JSON header, padded so that the tensors are 8-byte aligned.
    private static func header(
        of tensors: [NewTensor], _ metadata: Metadata
    ) throws(ADPOError) -> [UInt8] {
        var members: [(key: String, value: JSON)] = [
            ("__metadata__", .object(metadata.map { ($0.key, .string($0.value)) }))
        ]
        var offset = 0
        for tensor in tensors {
            guard let dtype = tensor.encoding.safetensorsName else {
                throw ADPOError(
                    .internal, "safetensors files hold no \(tensor.encoding.name) (\(tensor.name))")
            }
            let description: [(key: String, value: JSON)] = [
                ("dtype", .string(dtype)),
                ("shape", .array(tensor.shape.map(JSON.integer))),
                ("data_offsets", .array([.integer(offset), .integer(offset + tensor.byteCount)])),
            ]
            members.append((tensor.name, .object(description)))
            offset += tensor.byteCount
        }
        var text = Array(JSON.object(members).text.utf8)
        text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text
    }
}
