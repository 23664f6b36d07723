import ADPOBase
import ADPOTensor

/// Floats and facts that the library keeps for itself, as a safetensors file: the facts are JSON in
/// its metadata, beside a checksum of all. It is written whole or not at all.
package struct StateFile {
    /// The version of the format: it changes when what files mean does, not when facts are added.
    private static let version = 2

    package typealias Tensor = (name: String, values: UnsafeBufferPointer<Float>)

    package let facts: JSON
    private let tensors: TensorTable

    /// Maps a file and looks at all of it.
    ///
    /// - Parameter kind: what the file is for, such as "adpo-checkpoint".
    /// - Throws: `.notFound`, `.io`; `.unsupported` for another version of the format; `.format` for
    ///   a file that is damaged, or something else.
    package init(kind: String, path: String) throws(ADPOError) {
        let file = try SafetensorsFile(path: path)
        let metadata = file.metadata
        guard metadata?["format"]?.string == kind, let text = metadata?["facts"]?.string else {
            throw ADPOError(.format, "\(path) is no \(kind): choose another name, or move it away")
        }
        // Files of the first version do not name it.
        let version = metadata?["version"]?.string ?? "1"
        guard version == String(Self.version) else {
            throw ADPOError(
                .unsupported,
                """
                \(path) is an \(kind) in version \(version) of its format, and this library reads \
                and writes version \(Self.version): go on with the library that wrote it, or remove \
                it
                """)
        }
        tensors = file.tensors
        facts = try JSON(text, source: "the metadata of \(path)")
        var checksum = Checksum(facts: text)
        for name in tensors.names {
            if let view = try tensors.tensor(name) { checksum.add(name, view.bytes) }
        }
        guard metadata?["checksum"]?.string == checksum.text else {
            throw ADPOError(
                .format, "\(path) is damaged: its checksum is another one; remove it")
        }
    }

    package var names: [String] { tensors.names }

    /// A tensor where it lies in the file; nil for none of this name and number of floats.
    package func tensor(_ name: String, count: Int? = nil) -> TensorView? {
        guard let view = try? tensors.tensor(name), view.encoding == .f32,
            count == nil || view.elementCount == count
        else { return nil }
        return view
    }

    /// - Throws: `.io`.
    package static func write(
        kind: String, facts: JSON, tensors: [Tensor], to path: String
    ) throws(ADPOError) {
        let text = facts.text
        var checksum = Checksum(facts: text)
        var descriptions: [NewTensor] = []
        for (name, values) in tensors {
            checksum.add(name, UnsafeRawBufferPointer(values))
            descriptions.append(
                try NewTensor(name: name, shape: [values.count], encoding: .f32))
        }
        var rest = tensors[...]
        try SafetensorsWriter.write(
            descriptions, to: path,
            metadata: [
                ("format", kind), ("version", String(version)), ("facts", text),
                ("checksum", checksum.text),
            ]
        ) { (_, file) throws(ADPOError) in
            if let tensor = rest.popFirst() {
                try file.append(UnsafeRawBufferPointer(tensor.values))
            }
        }
    }
}

/// A fingerprint of the facts and all tensors.
private struct Checksum {
    private var fingerprint = Fingerprint()

    init(facts: String) { fingerprint.add(facts) }

    var text: String { fingerprint.text }

    mutating func add(_ name: String, _ bytes: UnsafeRawBufferPointer) {
        fingerprint.add(name)
        fingerprint.add(bytes)
    }
}

extension TensorView {
    /// Copies the floats of a file.
    package func copy(to floats: UnsafeMutableBufferPointer<Float>) {
        encoding.decode(bytes.baseAddress, floats.baseAddress, min(elementCount, floats.count))
    }

    package var values: [Float] {
        var values = [Float](repeating: 0, count: elementCount)
        values.withUnsafeMutableBufferPointer { copy(to: $0) }
        return values
    }
}
