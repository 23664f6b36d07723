import ADPOTensor
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
            let dot = shifted[shift...].withUnsafeBytes { encoding.dot($0.baseAddress, x, count) }
            #expect(abs(Double(dot) - expected) <= 1e-6 * scale)
        }
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
    }

    private func decode(
        _ blocks: ArraySlice<UInt8>, with encoding: Encoding, count: Int, capacity: Int? = nil
    ) -> [Float] {
        var floats = [Float](repeating: -1, count: capacity ?? count)
        blocks.withUnsafeBytes { encoding.decode($0.baseAddress, &floats, count) }
        return floats
    }
}
