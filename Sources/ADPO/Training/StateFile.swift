import ADPOTensor

/// Floats and facts that the library keeps for itself, as a safetensors file: the facts are JSON in
/// its metadata, beside a checksum of all. It is written whole or not at all.
package struct StateFile {
    /// What the file is for, such as "adpo-checkpoint".
    package let kind: String
    package let facts: JSON
    package let tensors: [SafetensorsWriter.Tensor]

    package init(kind: String, facts: JSON, tensors: [SafetensorsWriter.Tensor]) {
        self.kind = kind
        self.facts = facts
        self.tensors = tensors
    }

    /// - Throws: `.notFound`, `.io`; `.format` for a file that is damaged, or another one.
    package init(kind: String, path: String) throws(ADPOError) {
        let file = try SafetensorsFile(path: path)
        let metadata = file.metadata
        guard metadata?["format"]?.string == kind, let facts = metadata?["facts"]?.string else {
            throw ADPOError(.format, "\(path) is no \(kind): choose another name, or move it away")
        }
        var tensors: [SafetensorsWriter.Tensor] = []
        for name in file.tensors.names {
            guard let view = try file.tensors.tensor(name) else { continue }
            var values = [Float](repeating: 0, count: view.elementCount)
            view.encoding.decode(view.bytes.baseAddress, &values, values.count)
            tensors.append(.init(name: name, shape: view.shape, values: values))
        }
        self.init(
            kind: kind, facts: try JSON(facts, source: "the metadata of \(path)"), tensors: tensors)
        guard metadata?["checksum"]?.string == Self.checksum(facts, tensors) else {
            throw ADPOError(
                .format, "\(path) is damaged: its checksum is another one; remove it")
        }
    }

    /// - Throws: `.io`.
    package func write(to path: String) throws(ADPOError) {
        let text = facts.text
        try SafetensorsWriter.write(
            tensors, to: path,
            metadata: [
                ("format", kind), ("facts", text), ("checksum", Self.checksum(text, tensors)),
            ])
    }

    func values(_ name: String) -> [Float]? { tensors.first { $0.name == name }?.values }

    private static func checksum(
        _ facts: String, _ tensors: [SafetensorsWriter.Tensor]
    ) -> String {
        var fingerprint = Fingerprint()
        fingerprint.add(facts)
        for tensor in tensors {
            fingerprint.add(tensor.name)
            fingerprint.add(tensor.values)
        }
        return fingerprint.text
    }
}
