#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The locale of programs that have set none, in which C writes numbers and dates.
package enum CLocale {
    private nonisolated(unsafe) static let locale = newlocale(
        1 << LC_NUMERIC | 1 << LC_TIME, "C", nil)

    /// Runs `body` in that locale. Other threads stay in theirs.
    package static func with<Result>(
        _ body: () throws(ADPOError) -> Result
    ) throws(ADPOError) -> Result {
        let hostsLocale = uselocale(locale)
        defer { uselocale(hostsLocale) }
        return try body()
    }
}

/// C's "%.*f", which rounds the exact value.
package func fixedPoint(_ value: Double, _ precision: Int) -> String {
    // A finite number has up to 309 digits before the point.
    var buffer = [CChar](repeating: 0, count: 320 + precision)
    let count = withVaList([Int32(precision), value]) {
        vsnprintf(&buffer, buffer.count, "%.*f", $0)
    }
    return String(
        decoding: buffer.prefix(max(Int(count), 0)).map(UInt8.init(bitPattern:)), as: UTF8.self)
}
