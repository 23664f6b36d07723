import ADPOBase

extension PreferenceDataset {
    /// Adds the rows of a JSON Lines file, each in any of the shapes of `PreferenceRow`. Blank lines
    /// are skipped and other keys ignored. All of the rows, or none when it throws. Text in another
    /// encoding than UTF-8 is refused here, since nobody wants to train on U+FFFD.
    ///
    /// - Throws: `.notFound` or `.io` for the file; `.format` for a line that is not such a row;
    ///   `.invalidArgument` for a row that cannot be tokenized, and `.unsupported` for a conversation
    ///   without a chat template. Errors name the file and the line.
    public mutating func append(jsonLines path: String) throws(ADPOError) {
        let file = try MappedFile(path: path)
        defer { withExtendedLifetime(file) {} }  // its bytes do not keep it
        var added = self
        try forEachLine(of: file.bytes) { (number, bytes) throws(ADPOError) in
            let place = "\(path), line \(number)"
            if let byte = firstIllFormedByte(of: bytes) {
                throw ADPOError(
                    .format, "\(place) is not UTF-8, from byte \(byte) on: save the file as UTF-8")
            }
            let json = try JSON(bytes, source: place)
            do throws(ADPOError) {
                try added.append(PreferenceRow(json))
            } catch {
                throw ADPOError(error.code, "\(place): \(error.message)")
            }
        }
        self = added
    }
}

/// Calls `body` with each line that is not blank, and its number from 1. A line ends with LF or
/// CR LF; a byte order mark before the first is skipped.
private func forEachLine(
    of bytes: UnsafeRawBufferPointer,
    _ body: (Int, UnsafeRawBufferPointer) throws(ADPOError) -> Void
) throws(ADPOError) {
    let whitespace: [UInt8] = [0x20, 0x09, 0x0D]
    var rest = bytes[...]
    if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
    var number = 0
    while !rest.isEmpty {
        let line = rest.prefix { $0 != 0x0A }
        rest = rest[line.endIndex...].dropFirst()
        number += 1
        if line.allSatisfy(whitespace.contains) { continue }
        try body(number, UnsafeRawBufferPointer(rebasing: line))
    }
}

/// Counted from 0; nil where all is UTF-8.
private func firstIllFormedByte(of bytes: UnsafeRawBufferPointer) -> Int? {
    do throws(UTF8.ValidationError) {
        _ = try UTF8Span(validating: bytes.bindMemory(to: UInt8.self).span)
        return nil
    } catch {
        return error.byteOffsets.lowerBound
    }
}
