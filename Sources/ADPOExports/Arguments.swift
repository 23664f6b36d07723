import ADPO
import ADPOBase
import CADPO

/// - Throws: `.invalidArgument` for NULL.
func required<Value>(_ value: Value?, _ name: String) throws(ADPOError) -> Value {
    guard let value else { throw ADPOError(.invalidArgument, "\(name) is NULL") }
    return value
}

/// A path, which C ends with NUL. One that is no UTF-8 is refused: repaired, it would be another.
func path(
    _ path: UnsafePointer<CChar>?, _ name: String = "path"
) throws(ADPOError) -> String {
    let bytes = try required(path, name)
    guard let path = String(validatingCString: bytes) else {
        throw ADPOError(.invalidArgument, "\(name) is not UTF-8: \(String(cString: bytes))")
    }
    guard !path.isEmpty else { throw ADPOError(.invalidArgument, "\(name) is empty") }
    return path
}

/// No host has an array with more elements, and a copy of it would end the process.
private let maximumCount = Int(Int32.max)

/// UTF-8 of `length` bytes, or up to NUL for ADPO_NUL; ill-formed parts become U+FFFD.
func text(
    _ bytes: UnsafePointer<CChar>?, _ length: Int, _ name: String
) throws(ADPOError) -> String {
    if length == 0 { return "" }
    let bytes = try required(bytes, name)
    // ADPO_NUL is the largest size_t, which Swift reads as -1.
    let count = length == -1 ? CText.length(bytes) : length
    guard (0...maximumCount).contains(count) else {
        throw ADPOError(
            .invalidArgument,
            "the length of \(name) is \(UInt(bitPattern: count)); it can be \(maximumCount) at most"
        )
    }
    return bytes.withMemoryRebound(to: UInt8.self, capacity: count) {
        String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
    }
}

/// A copy of `count` elements; NULL is fine for none.
func array<Element>(
    _ elements: UnsafePointer<Element>?, _ count: Int, _ name: String
) throws(ADPOError) -> [Element] {
    if count == 0 { return [] }
    guard (0...maximumCount).contains(count) else {
        throw ADPOError(
            .invalidArgument,
            "the number of \(name) is \(UInt(bitPattern: count)); it can be \(maximumCount) at most"
        )
    }
    return Array(UnsafeBufferPointer(start: try required(elements, name), count: count))
}

/// A host's array for results of unknown size.
struct OutputBuffer<Element> {
    private let elements: UnsafeMutablePointer<Element>?
    private let capacity: Int
    private let needed: UnsafeMutablePointer<Int>

    init(
        _ elements: UnsafeMutablePointer<Element>?, _ capacity: Int,
        _ needed: UnsafeMutablePointer<Int>?
    ) throws(ADPOError) {
        self.needed = try ADPOExports.required(needed, "needed")
        // A capacity beyond Int.max arrives as a negative one; it is large enough for anything.
        self.capacity = capacity < 0 ? .max : capacity
        self.elements = capacity == 0 ? elements : try ADPOExports.required(elements, "the buffer")
    }

    /// Sets *needed.
    ///
    /// - Throws: `.bufferTooSmall`, and nothing else is written.
    func require(_ count: Int) throws(ADPOError) {
        needed.pointee = count
        guard count <= capacity else {
            throw ADPOError(
                .bufferTooSmall,
                "the buffer has room for \(capacity) elements; \(count) are needed")
        }
    }

    func write(_ source: [Element]) throws(ADPOError) {
        try require(source.count)
        elements?.update(from: source, count: source.count)
    }
}

extension OutputBuffer<CChar> {
    /// UTF-8, without NUL.
    func write(_ text: String) throws(ADPOError) {
        try write(text.utf8.map { CChar(bitPattern: $0) })
    }
}
