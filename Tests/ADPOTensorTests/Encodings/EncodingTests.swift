import ADPOBase
import ADPOTensor
import CKernels
import TestSupport
import Testing

struct EncodingTests {
    /// Random and quantized blocks against the gguf package (Golden/make_encodings.py): equal bits.
    @Test(arguments: Encoding.all)
    func decodesAsGGUFDoes(_ encoding: Encoding) throws {
        let blocks = try Fixture.bytes("Golden/encodings/\(encoding.name).blocks")
        let expected = try Fixture.floats("Golden/encodings/\(encoding.name).f32")
        #expect(encoding.byteCount(shape: [expected.count]) == blocks.count)
        // Files promise no alignment.
        for shift in 0..<4 {
            let shifted = [UInt8](repeating: 0, count: shift) + blocks
            let actual = decode(shifted[shift...], with: encoding, count: expected.count)
            #expect(actual.map(\.bitPattern) == expected.map(\.bitPattern))
        }
    }

    /// Counts that fill no vector register, and nothing written behind the last one.
    @Test(arguments: Encoding.all, [1, 2, 3, 7])
    func decodesAnyNumberOfBlocks(_ encoding: Encoding, _ blockCount: Int) throws {
        let golden = try Fixture.bytes("Golden/encodings/\(encoding.name).blocks")
        let blocks = golden.prefix(blockCount * encoding.blockBytes)
        let count = blockCount * encoding.blockElements
        let expected = try Fixture.floats("Golden/encodings/\(encoding.name).f32").prefix(count)
        let actual = decode(blocks, with: encoding, count: count, capacity: count + 64)
        #expect(actual.prefix(count).map(\.bitPattern) == expected.map(\.bitPattern))
        #expect(actual.dropFirst(count).allSatisfy { $0 == -1 })
    }

    /// Dot products against decoded weights and sums in Double.
    @Test(arguments: Encoding.all, [1, 2, 3, 17, 35])
    func dotsLikeDecodedWeights(_ encoding: Encoding, _ blockCount: Int) throws {
        let golden = try Fixture.bytes("Golden/encodings/\(encoding.name).blocks")
        let bytes = (0..<blockCount * encoding.blockBytes).map { golden[$0 % golden.count] }
        let count = blockCount * encoding.blockElements
        let weights = decode(bytes[...], with: encoding, count: count)
        let x = testNumbers(count, seed: 3)
        let products = zip(weights, x).map { Double($0) * Double($1) }
        let expected = products.reduce(0, +)
        let scale = Double(weights.map(abs).max() ?? 0) * x.reduce(0) { $0 + Double(abs($1)) }
        for shift in 0..<4 {
            let shifted = [UInt8](repeating: 0, count: shift) + bytes
            for dot in dots(shifted[shift...], x, with: encoding) {
                #expect(abs(Double(dot) - expected) <= 1e-6 * scale)
            }
        }
    }

    /// What is no number stays none, and zeros give 0.
    @Test(arguments: Encoding.all)
    func dotsWhatIsUnusual(_ encoding: Encoding) throws {
        let golden = try Fixture.bytes("Golden/encodings/\(encoding.name).blocks")
        let count = max(96, encoding.blockElements)
        let size = count / encoding.blockElements * encoding.blockBytes
        let blocks = (0..<size).map { golden[$0 % golden.count] }
        for value in [Float.nan, .infinity, -.infinity] {
            var x = testNumbers(count, seed: 4)
            x[count - 1] = value
            #expect(dots(blocks[...], x, with: encoding).allSatisfy { !$0.isFinite })
        }
        let zeros = [Float](repeating: 0, count: count)
        #expect(dots(blocks[...], zeros, with: encoding) == [0, 0])
    }

    /// Numbers as small or as large as floats can be count.
    @Test(arguments: Encoding.writable, [1e-36, 1e30] as [Float])
    func dotsExtremes(_ encoding: Encoding, _ value: Float) {
        let count = max(96, encoding.blockElements)
        let blocks = encode([Float](repeating: 1, count: count), with: encoding)
        let expected = Float(count) * value
        for dot in dots(blocks[...], [Float](repeating: value, count: count), with: encoding) {
            #expect(abs(dot - expected) <= 1e-2 * expected)
        }
    }

    /// No byte is out of place: grids are as large as their numbers can be.
    @Test(arguments: Encoding.all, [0x00, 0x7F, 0xFF] as [UInt8])
    func decodesAnyBytes(_ encoding: Encoding, _ byte: UInt8) {
        let blocks = [UInt8](repeating: byte, count: 2 * encoding.blockBytes)
        let count = 2 * encoding.blockElements
        let decoded = decode(blocks[...], with: encoding, count: count, capacity: count + 64)
        #expect(decoded.dropFirst(count).allSatisfy { $0 == -1 })
        #expect(dots(blocks[...], testNumbers(count, seed: 5), with: encoding).count == 2)
    }

    /// The same bytes as llama.cpp where its scale follows from the largest weight; where scales are
    /// searched for, codes that are at least as near to the weights (Golden/make_encodings.py).
    @Test(arguments: Encoding.writable)
    func encodesAsWellAsLlamaCpp(_ encoding: Encoding) throws {
        let weights = try Fixture.floats("Golden/encodings/weights")
        let theirs = try Fixture.bytes("Golden/encodings/\(encoding.name).quantized")
        let ours = encode(weights, with: encoding)
        let searches = ["Q4_1", "Q5_1", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS"]
        if searches.contains(encoding.name) {
            // Weights of one kind at a time: large ones would hide the small.
            for start in stride(from: 0, to: weights.count, by: 256) {
                let range = start..<start + 256
                func error(_ blocks: [UInt8]) -> Double {
                    let decoded = decode(blocks[...], with: encoding, count: weights.count)
                    let differences = range.map { Double(decoded[$0]) - Double(weights[$0]) }
                    return differences.reduce(0) { $0 + $1 * $1 }.squareRoot()
                }
                // With 5 bits the error of constant weights is how an f16 scale happens to round.
                let values = range.map { Double(weights[$0]) }
                let isConstant = Set(values).count < 5
                let rounding =
                    encoding == .q5_K && isConstant
                    ? 0x1p-12 * values.reduce(0) { $0 + $1 * $1 }.squareRoot() : 0
                #expect(
                    error(ours) <= error(theirs) * 1.02 + 1e-6 + rounding, "from weight \(start)")
            }
        } else {
            #expect(ours == theirs)
        }
    }

    /// Encoded at any address, nothing is written behind the last block.
    @Test(arguments: Encoding.writable, [1, 3])
    func encodesAnyNumberOfBlocks(_ encoding: Encoding, _ blockCount: Int) throws {
        let count = blockCount * encoding.blockElements
        let weights = Array(try Fixture.floats("Golden/encodings/weights").prefix(count))
        let expected = encode(weights, with: encoding)
        let size = blockCount * encoding.blockBytes
        for shift in 0..<4 {
            var bytes = [UInt8](repeating: 0xA5, count: shift + size + 64)
            bytes.withUnsafeMutableBytes {
                encoding.encode?(weights, $0.baseAddress.map { $0 + shift }, count)
            }
            #expect(Array(bytes[shift..<shift + size]) == expected)
            #expect(bytes[(shift + size)...].allSatisfy { $0 == 0xA5 })
        }
    }

    /// Nothing that a model may hold is undefined: some blocks come out.
    @Test(
        arguments: Encoding.writable, [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude])
    func encodesWhatIsNoWeight(_ encoding: Encoding, _ value: Float) {
        var weights = [Float](repeating: 0.5, count: encoding.blockElements)
        weights[0] = value
        #expect(encode(weights, with: encoding).count == encoding.blockBytes)
    }

    #if !(os(macOS) && arch(x86_64))
        /// Every half-precision number against the compiler's own conversion.
        @Test func decodesAllOfF16() {
            let halves = (0...UInt16.max).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
            let actual = decode(halves[...], with: .f16, count: 1 << 16)
            let wrong = (0...UInt16.max).filter { bits in
                let expected = Float(Float16(bitPattern: bits))
                let value = actual[Int(bits)]
                return expected.isNaN ? !value.isNaN : value.bitPattern != expected.bitPattern
            }
            #expect(wrong == [])
        }
    #endif

    @Test func countsBytes() {
        #expect(Encoding.f16.byteCount(shape: []) == 2)
        #expect(Encoding.q4_1.byteCount(shape: [3, 64]) == 120)
        #expect(Encoding.q4_1.byteCount(shape: [32, 3]) == nil)
        #expect(Encoding.q4_1.byteCount(shape: []) == nil)
        #expect(Encoding.f32.byteCount(shape: [0, 4]) == 0)
        #expect(Encoding.f32.byteCount(shape: [2, -1]) == nil)
        #expect(Encoding.f32.byteCount(shape: [-2, -2]) == nil)
        #expect(Encoding.f32.byteCount(shape: [Int.max, Int.max]) == nil)
        #expect(Encoding.f32.byteCount(shape: [1 << 62, 1 << 62, 0]) == nil)
    }

    @Test func namesAndNumbersAreUnique() {
        #expect(Set(Encoding.all.map(\.name)).count == Encoding.all.count)
        #expect(Set(Encoding.all.map(\.ggmlType)).count == Encoding.all.count)
        #expect(Set(Encoding.all.map(\.ggufFileType)).count == Encoding.all.count)
    }

    @Test func findsWhatCanBeWritten() throws {
        #expect(try Encoding.writable(named: "iq4_nl") == .iq4_NL)
        for (name, message) in [("Q2_K", "Q2_K can be read, but not written"), ("Q9", "unknown")] {
            let error = #expect(throws: ADPOError.self) { try Encoding.writable(named: name) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(message) == true)
            #expect(error?.message.contains("there are F32, F16, BF16, Q8_0") == true)
        }
    }

    /// Dot products with floats, and with integers where the processor has use for them.
    private func dots(
        _ blocks: ArraySlice<UInt8>, _ x: [Float], with encoding: Encoding
    ) -> [Float] {
        let scratch = UnsafeMutableRawPointer.allocate(
            byteCount: adpo_vector_scratch(x.count), alignment: 64)
        defer { scratch.deallocate() }
        var products: [Float] = [.nan, .nan]
        x.withUnsafeBufferPointer { floats in
            blocks.withUnsafeBytes { blocks in
                let weights = adpo_encoded_rows(
                    blocks: blocks.baseAddress, row_bytes: blocks.count, rows: 1, columns: x.count)
                let vectors = [
                    adpo_vector(floats: floats.baseAddress, integers: nil, sums: nil, scale: 0),
                    adpo_make_vector(floats.baseAddress, x.count, scratch),
                ]
                encoding.dot(weights, vectors, vectors.count, 0, &products, 1)
            }
        }
        return products
    }

    private func encode(_ weights: [Float], with encoding: Encoding) -> [UInt8] {
        let size = weights.count / encoding.blockElements * encoding.blockBytes
        var bytes = [UInt8](repeating: 0, count: size)
        bytes.withUnsafeMutableBytes { encoding.encode?(weights, $0.baseAddress, weights.count) }
        return bytes
    }

    private func decode(
        _ blocks: ArraySlice<UInt8>, with encoding: Encoding, count: Int, capacity: Int? = nil
    ) -> [Float] {
        var floats = [Float](repeating: -1, count: capacity ?? count)
        blocks.withUnsafeBytes { encoding.decode($0.baseAddress, &floats, count) }
        return floats
    }
}
