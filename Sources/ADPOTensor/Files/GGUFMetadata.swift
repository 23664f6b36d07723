import ADPOBase

/// The key-value pairs at the head of a GGUF file.
package struct GGUFMetadata: Sendable {
    package private(set) var values: [String: GGUFValue] = [:]
    /// In the order of the file.
    package private(set) var pairs: [GGUFPair] = []

    package subscript(key: String) -> GGUFValue? { values[key] }

    mutating func add(_ value: GGUFValue, _ pair: GGUFPair) throws(ADPOError) {
        guard values.updateValue(value, forKey: pair.key) == nil else {
            throw ADPOError(
                .format, "\(pair.file.path): the metadata key \"\(pair.key)\" occurs twice")
        }
        pairs.append(pair)
    }
}

/// A key and its value as the file has it, to be copied into another file.
package struct GGUFPair: Sendable {
    package let key: String
    /// The number of the value's type, and the value.
    package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    let file: MappedFile
}

/// A metadata value. The accessors give nil for other kinds of values, as `JSON`'s do.
package enum GGUFValue: Sendable {
    /// Any integer type; what only an unsigned 64-bit integer holds becomes a double.
    case integer(Int)
    case double(Double)
    case bool(Bool)
    /// UTF-8, supposedly.
    case string([UInt8])
    case array(GGUFArray)

    package var integer: Int? {
        if case .integer(let value) = self { value } else { nil }
    }

    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// Invalid UTF-8 is repaired with U+FFFD.
    package var string: String? {
        if case .string(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil }
    }

    package var array: GGUFArray? {
        if case .array(let value) = self { value } else { nil }
    }
}

/// An array where it lies in the mapped file: a vocabulary is read once, by its tokenizer.
package struct GGUFArray: Sendable {
    package let count: Int
    let elementType: GGUFType
    /// The elements' bytes, and perhaps more.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    let file: MappedFile

    /// The elements as bytes of strings, whether valid UTF-8 or not; nil when they are no strings.
    package var strings: [[UInt8]]? {
        var strings: [[UInt8]] = []
        return forEachString { strings.append(Array($0)) } ? strings : nil
    }

    /// Calls `body` with the bytes of each string; false when the elements are no strings.
    package func forEachString(_ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
        guard elementType == .string else { return false }
        var reader = ByteReader(bytes, source: file.path)
        for _ in 0..<count {
            guard let length = try? reader.count(minimumSize: 1),
                let string = try? reader.take(length)
            else { return false }
            body(string)
        }
        return true
    }

    /// The most bytes that all elements together can take.
    package var byteCount: Int { bytes.count }

    /// nil when an element is no integer.
    package var integers: [Int]? {
        // A vocabulary has hundreds of thousands of these.
        if elementType == .int32 { return numbers { Int(Int32(bitPattern: $0)) } }
        return elements(\.integer)
    }

    /// nil when an element is no number.
    package var floats: [Float]? {
        if elementType == .float32 { return numbers(Float.init(bitPattern:)) }
        return elements { $0.double.map(Float.init) }
    }

    /// Elements of 32 bits.
    private func numbers<T>(_ convert: (UInt32) -> T) -> [T] {
        (0..<min(count, bytes.count / 4)).map {
            convert(
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
        }
    }

    /// nil when an element is no Boolean.
    package var bools: [Bool]? { elements(\.bool) }

    /// nil when one of them cannot be converted.
    func elements<T>(_ convert: (GGUFValue) -> T?) -> [T]? {
        var reader = ByteReader(bytes, source: file.path)
        var elements: [T] = []
        elements.reserveCapacity(count)
        for _ in 0..<count {
            guard let value = try? elementType.read(&reader, file: file, depth: 1),
                let element = convert(value)
            else { return nil }
            elements.append(element)
        }
        return elements
    }
}

/// The numbers of the value types in GGUF files.
enum GGUFType: UInt32 {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array
    case uint64, int64, float64

    /// The least number of bytes that a value takes.
    var minimumSize: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .string, .uint64, .int64, .float64: 8
        case .array: 12
        }
    }

    /// Arrays in arrays beyond this are refused; nobody writes them at all.
    private static let maximumDepth = 4

    func read(_ reader: inout ByteReader, file: MappedFile, depth: Int = 0) throws(ADPOError)
        -> GGUFValue
    {
        switch self {
        case .uint8: return .integer(Int(try reader.integer(UInt8.self)))
        case .int8: return .integer(Int(try reader.integer(Int8.self)))
        case .uint16: return .integer(Int(try reader.integer(UInt16.self)))
        case .int16: return .integer(Int(try reader.integer(Int16.self)))
        case .uint32: return .integer(Int(try reader.integer(UInt32.self)))
        case .int32: return .integer(Int(try reader.integer(Int32.self)))
        case .int64: return .integer(Int(try reader.integer(Int64.self)))
        case .uint64:
            let value = try reader.integer(UInt64.self)
            return Int(exactly: value).map(GGUFValue.integer) ?? .double(Double(value))
        case .float32:
            return .double(Double(Float(bitPattern: try reader.integer(UInt32.self))))
        case .float64: return .double(Double(bitPattern: try reader.integer(UInt64.self)))
        case .bool: return .bool(try reader.integer(UInt8.self) != 0)
        case .string: return .string(try reader.string())
        case .array:
            guard depth < Self.maximumDepth else {
                throw ADPOError(.format, "\(reader.source): its metadata nests arrays too deeply")
            }
            return .array(try Self.array(&reader, file: file, depth: depth))
        }
    }

    static func read(_ reader: inout ByteReader) throws(ADPOError) -> GGUFType {
        let number = try reader.integer(UInt32.self)
        guard let type = GGUFType(rawValue: number) else {
            throw ADPOError(
                .format,
                "\(reader.source): metadata of the unknown type \(number) "
                    + "before byte \(reader.position)")
        }
        return type
    }

    /// Steps over the elements, which shows that they are all there.
    private static func array(_ reader: inout ByteReader, file: MappedFile, depth: Int)
        throws(ADPOError) -> GGUFArray
    {
        let type = try read(&reader)
        let count = try reader.count(minimumSize: type.minimumSize)
        let start = reader.position
        switch type {
        case .string:
            for _ in 0..<count { _ = try reader.take(try reader.count(minimumSize: 1)) }
        case .array:
            for _ in 0..<count { _ = try type.read(&reader, file: file, depth: depth + 1) }
        default:
            _ = try reader.take(count * type.minimumSize)
        }
        return GGUFArray(
            count: count, elementType: type,
            bytes: UnsafeRawBufferPointer(rebasing: reader.bytes[start..<reader.position]),
            file: file)
    }
}

extension ByteReader {
    /// A GGUF string: its length in 64 bits, and its bytes.
    mutating func string() throws(ADPOError) -> [UInt8] {
        Array(try take(try count(minimumSize: 1)))
    }
}
