/// Text as bytes, to search in: UTF-8 has the same order and the same parts as its characters.
struct UTF8Text {
    var bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    var string: String { String(decoding: bytes, as: UTF8.self) }

    /// Where a part begins first.
    func firstIndex(of part: UTF8Text, from start: Int = 0) -> Int? {
        indices(of: part, atMost: 1, from: start).first
    }

    /// Where the part begins each time, without overlaps: in linear time, by the algorithm of
    /// Knuth, Morris and Pratt.
    func indices(of part: UTF8Text, atMost limit: Int = .max, from start: Int = 0) -> [Int] {
        let part = part.bytes
        guard !part.isEmpty else { return start <= bytes.count ? [start] : [] }
        // The longest proper prefix of part[...i] that is also its suffix.
        var borders = [0]
        var matched = 0
        for index in part.indices.dropFirst() {
            while matched > 0, part[index] != part[matched] { matched = borders[matched - 1] }
            if part[index] == part[matched] { matched += 1 }
            borders.append(matched)
        }
        var indices: [Int] = []
        matched = 0
        bytes.withUnsafeBufferPointer { bytes in
            for index in bytes.indices.dropFirst(start) where indices.count < limit {
                while matched > 0, bytes[index] != part[matched] { matched = borders[matched - 1] }
                if bytes[index] == part[matched] { matched += 1 }
                if matched == part.count {
                    indices.append(index + 1 - matched)
                    matched = 0
                }
            }
        }
        return indices
    }

    func hasPrefix(_ part: UTF8Text) -> Bool { bytes.starts(with: part.bytes) }

    func hasSuffix(_ part: UTF8Text) -> Bool { bytes.suffix(part.bytes.count) == part.bytes[...] }
}

/// Python's methods of str that need nothing but the text.
extension String {
    /// Without the characters at its ends that `strips` names.
    func stripped(
        left: Bool, right: Bool, where strips: (Unicode.Scalar) -> Bool = \.isTemplateSpace
    ) -> String {
        var scalars = Substring(self).unicodeScalars
        if left { scalars = scalars.drop(while: strips) }
        if right { while let last = scalars.last, strips(last) { scalars.removeLast() } }
        return String(String.UnicodeScalarView(scalars))
    }

    func mappingScalars(_ transform: (Unicode.Scalar) -> String) -> String {
        var text = ""
        for scalar in unicodeScalars { text += transform(scalar) }
        return text
    }

    var pythonUpper: String { mappingScalars(\.properties.uppercaseMapping) }

    /// A sigma at the end of a word has a form of its own.
    var pythonLower: String {
        if !unicodeScalars.contains("\u{3A3}") {
            return mappingScalars(\.properties.lowercaseMapping)
        }
        let scalars = Array(unicodeScalars)
        func isCased(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
            scalars.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
        }
        var text = ""
        for (index, scalar) in scalars.enumerated() {
            let isFinal =
                scalar == "\u{3A3}" && isCased(scalars[..<index].reversed())
                && !isCased(scalars[(index + 1)...])
            text += isFinal ? "\u{3C2}" : scalar.properties.lowercaseMapping
        }
        return text
    }

    var pythonCapitalized: String {
        guard let first = unicodeScalars.first else { return "" }
        return first.properties.titlecaseMapping + String(unicodeScalars.dropFirst()).pythonLower
    }

    var pythonTitle: String {
        var isInWord = false
        return mappingScalars { scalar in
            defer { isInWord = scalar.properties.isCased }
            return isInWord
                ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
        }
    }

    /// Jinja's filter `title`, whose words are not those of Python's method.
    var jinjaTitle: String {
        var isInWord = false
        return mappingScalars { scalar in
            let separates = scalar.isTemplateSpace || "-({[<".unicodeScalars.contains(scalar)
            defer { isInWord = !separates }
            return isInWord
                ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
        }
    }

    /// Python's `splitlines`.
    func pythonLines(keepingEnds: Bool = false) -> [String] {
        var lines: [String] = []
        var line = String.UnicodeScalarView()
        var isAfterReturn = false
        for scalar in unicodeScalars {
            if isAfterReturn, scalar == "\n" {
                if keepingEnds { lines[lines.count - 1] += "\n" }
                isAfterReturn = false
                continue
            }
            isAfterReturn = scalar == "\r"
            switch scalar {
            case "\n", "\r", "\u{0B}", "\u{0C}", "\u{1C}", "\u{1D}", "\u{1E}", "\u{85}",
                "\u{2028}", "\u{2029}":
                if keepingEnds { line.append(scalar) }
                lines.append(String(line))
                line = String.UnicodeScalarView()
            default: line.append(scalar)
            }
        }
        if !line.isEmpty { lines.append(String(line)) }
        return lines
    }

    /// Python's `split` without a separator: at runs of whitespace.
    func pythonWords(atMost limit: Int, fromRight: Bool = false) -> [String] {
        func reversed(_ text: String) -> String { String(text.unicodeScalars.reversed()) }
        if fromRight {
            return reversed(self).pythonWords(atMost: limit).reversed().map(reversed)
        }
        var words: [String] = []
        var rest = Substring(self).unicodeScalars.drop(while: \.isTemplateSpace)
        while !rest.isEmpty {
            if words.count == limit {
                words.append(String(rest))
                break
            }
            let word = rest.prefix { !$0.isTemplateSpace }
            words.append(String(word))
            rest = rest[word.endIndex...].drop(while: \.isTemplateSpace)
        }
        return words
    }
}
