#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

package enum Clock {
    /// Seconds since some moment, which no change of the calendar's time touches.
    package static var monotonicSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Seconds since 1970.
    package static var calendarSeconds: Int { Int(time(nil)) }

    /// A time, in seconds since 1970, in the local time zone as C's `strftime` writes it; nil when
    /// that has a thousand bytes or more.
    package static func localTime(_ seconds: Int, format: String) -> String? {
        var (seconds, parts) = (time_t(seconds), tm())
        localtime_r(&seconds, &parts)
        var buffer = [UInt8](repeating: 0, count: 1024)
        // A character more, since nothing written means that the buffer is too small.
        let count = buffer.withUnsafeMutableBytes { buffer in
            strftime(buffer.baseAddress, buffer.count, " " + format, &parts)
        }
        return count > 0 ? String(decoding: buffer[1..<count], as: UTF8.self) : nil
    }
}
