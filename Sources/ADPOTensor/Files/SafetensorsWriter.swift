/// Writes .safetensors files of F32 tensors.
package enum SafetensorsWriter {
    /// A tensor to be written: row-major, `values` as many as the shape says.
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

    /// Writes the tensors in the given order, atomically. Throws `io`, or `internal` when a shape
    /// does not fit its values. PEFT and transformers ask for the format "pt" in the metadata.
    package static func write(
        _ tensors: [Tensor], to path: String,
        metadata: [(key: String, value: String)] = [("format", "pt")]
    ) throws(ADPOError) {
        let header = try header(of: tensors, metadata)
        try AtomicFile.write(to: path) { (file) throws(ADPOError) in
            try file.append(header)
            for tensor in tensors { try file.append(tensor.values) }
        }
    }

    /// The length in 64 bits and the JSON header, padded so that the tensors are 8-byte aligned.
    private static func header(
        of tensors: [Tensor], _ metadata: [(key: String, value: String)]
    ) throws(ADPOError) -> [UInt8] {
        var members: [(key: String, value: JSON)] = [
            ("__metadata__", .object(metadata.map { ($0.key, .string($0.value)) }))
        ]
        var offset = 0
        for tensor in tensors {
            let byteCount = tensor.values.count * MemoryLayout<Float>.stride
            guard Encoding.f32.byteCount(shape: tensor.shape) == byteCount else {
                throw ADPOError(
                    .internal,
                    """
                    tensor "\(tensor.name)" of shape \(tensor.shape) has \(tensor.values.count) \
                    values
                    """)
            }
            let description: [(key: String, value: JSON)] = [
                ("dtype", .string("F32")),
                ("shape", .array(tensor.shape.map(JSON.integer))),
                ("data_offsets", .array([.integer(offset), .integer(offset + byteCount)])),
            ]
            members.append((tensor.name, .object(description)))
            offset += byteCount
        }
        var text = Array(JSON.object(members).text.utf8)
        text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text
    }
}
