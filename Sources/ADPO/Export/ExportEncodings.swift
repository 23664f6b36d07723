import ADPOBase
import ADPOTensor

/// Which encoding each tensor of an exported model gets.
///
/// Matrices get the one that was asked for, or keep their own; so do vectors in safetensors files,
/// and in GGUF files they are F32. In files of 4 bits a weight the head, which suffers most, gets
/// Q6_K. Where an encoding's blocks do not divide the rows, its fallback takes its place, as in llama.cpp:
/// that of Q4_K is Q5_0, that of blocks of 32 is F16.
struct ExportEncodings {
    /// nil: as the weights are.
    let wanted: Encoding?
    let vectors: Encoding

    /// - Throws: `.invalidArgument` for an unknown name, and one that the file cannot hold.
    init(_ name: String?, _ kind: FileKind, _ model: Model) throws(ADPOError) {
        var wanted: Encoding?
        if let name { wanted = try Encoding.writable(named: name) }
        switch kind {
        case .gguf: vectors = .f32
        case .huggingFace:
            let own = model.weights.encoding
            let one = wanted ?? (own.safetensorsName == nil ? .f16 : own)
            guard one.safetensorsName != nil else {
                throw ADPOError(
                    .invalidArgument,
                    "safetensors files hold no \(one.name); choose F32, F16 or BF16, or a path "
                        + "that ends in .gguf")
            }
            vectors = one
            wanted = one
        }
        self.wanted = wanted
    }

    /// The encoding of most weights.
    func main(_ model: Model) -> Encoding { wanted ?? model.weights.encoding }

    /// - Parameter columns: The length of the rows in the file.
    func encoding(of matrix: Matrix, columns: Int, isHead: Bool) -> Encoding {
        guard var encoding = wanted else { return matrix.encoding }
        if isHead, encoding.bitsPerWeight < 6 { encoding = .q6_K }
        while columns % encoding.blockElements != 0 { encoding = encoding.fallback() }
        return encoding
    }

    /// How far log-probs may be in the mean, in nats, for rounding to be the reason. It is several
    /// times what small models lose, who lose most; wrong rows or scales are further away.
    func bound(_ model: Model) -> Double {
        switch main(model).bitsPerWeight {
        case ..<6: 2
        case ..<16: 0.5
        case 16: 0.1
        default: ExportCheck.exact
        }
    }
}
