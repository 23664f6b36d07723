import ADPOBase

extension TemplateInterpreter {
    static let stringMethods = plainStringMethods.union([
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "partition", "rpartition",
        "startswith", "endswith", "replace", "join", "find", "rfind", "index", "rindex", "count",
        "zfill", "ljust", "rjust", "center", "removeprefix", "removesuffix", "format",
    ])
    /// The methods without arguments.
    private static let plainStringMethods: Set<String> = [
        "upper", "lower", "title", "capitalize", "casefold", "swapcase", "isdigit", "isdecimal",
        "isnumeric", "isalpha", "isalnum", "isspace", "isupper", "islower", "isascii",
    ]

    /// A method of Python's str.
    func stringMethod(
        _ name: String, _ text: String, _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateValue {
        try charge(size: text.utf8.count)
        if Self.plainStringMethods.contains(name) {
            _ = try arguments.values(of: [], for: name)
        }
        switch name {
        case "upper": return .string(text.pythonUpper)
        case "lower", "casefold": return .string(text.pythonLower)
        case "title": return .string(text.pythonTitle)
        case "capitalize": return .string(text.pythonCapitalized)
        case "swapcase":
            return .string(
                text.mappingScalars {
                    $0.properties.isUppercase
                        ? $0.properties.lowercaseMapping : $0.properties.uppercaseMapping
                })
        case "strip", "lstrip", "rstrip":
            let set = try arguments.values(of: ["chars"], for: name)[0]
            return .string(
                try stripped(text, set, left: name != "rstrip", right: name != "lstrip"))
        case "split", "rsplit": return try split(text, arguments, fromRight: name == "rsplit")
        case "splitlines":
            let keepsEnds = try arguments.values(of: ["keepends"], for: name)[0]?.isTrue ?? false
            return try .list(text.pythonLines(keepingEnds: keepsEnds).map(TemplateValue.string))
        case "partition", "rpartition":
            return try partition(text, strings(arguments, 1, name)[0], last: name == "rpartition")
        case "startswith", "endswith": return try .bool(touches(text, name, arguments))
        case "replace":
            let values = try arguments.values(of: ["old", "new", "count"], for: name, required: 2)
            return .string(
                try replaced(
                    text, requiredString(values[0]), requiredString(values[1]),
                    count: integers([values[2]])[0]))
        case "join":
            let parts = try arguments.values(of: ["iterable"], for: name, required: 1)[0]
            return .string(try joined(items(of: parts ?? .none), by: text, converting: false))
        case "find", "rfind", "index", "rindex", "count":
            return try search(text, name, arguments)
        case "zfill", "ljust", "rjust", "center": return try padded(text, name, arguments)
        case "removeprefix":
            let part = UTF8Text(try strings(arguments, 1, name)[0])
            var bytes = UTF8Text(text)
            if bytes.hasPrefix(part) { bytes.bytes.removeFirst(part.bytes.count) }
            return .string(bytes.string)
        case "removesuffix":
            let part = UTF8Text(try strings(arguments, 1, name)[0])
            var bytes = UTF8Text(text)
            if bytes.hasSuffix(part) { bytes.bytes.removeLast(part.bytes.count) }
            return .string(bytes.string)
        case "format": throw failure("str.format is not supported; use '~' or '%'")
        default: return .bool(hasProperty(text, name))
        }
    }

    // MARK: Arguments

    func requiredString(_ value: TemplateValue?) throws(ADPOError) -> String {
        if case .string(let text)? = value {
            try charge(size: text.utf8.count)
            return text
        }
        if case .undefined(let hint)? = value { throw failure(hint) }
        throw failure("a string is needed, not '\(value?.typeName ?? "nothing")'")
    }

    private func strings(
        _ arguments: TemplateArguments, _ count: Int, _ name: String
    ) throws(ADPOError) -> [String] {
        guard arguments.positional.count == count, arguments.keywords.isEmpty else {
            throw failure("\(name) takes \(count) arguments")
        }
        var strings: [String] = []
        for value in arguments.positional { strings.append(try requiredString(value)) }
        return strings
    }

    // MARK: Methods

    /// Without whitespace, or the characters of `set`, at the ends.
    func stripped(
        _ text: String, _ set: TemplateValue?, left: Bool = true, right: Bool = true
    ) throws(ADPOError) -> String {
        switch set {
        case nil, .some(.none): return text.stripped(left: left, right: right)
        case let set:
            let set = Set(try requiredString(set).unicodeScalars)
            return text.stripped(left: left, right: right, where: set.contains)
        }
    }

    private func split(
        _ text: String, _ arguments: TemplateArguments, fromRight: Bool
    ) throws(ADPOError) -> TemplateValue {
        let values = try arguments.values(of: ["sep", "maxsplit"], for: "split")
        let count = try integers([values[1]])[0] ?? -1
        let limit = count < 0 ? .max : count
        try charge(size: 24 * text.utf8.count)
        switch values[0] {
        case nil, .some(.none):
            return try .list(
                text.pythonWords(atMost: limit, fromRight: fromRight).map(TemplateValue.string))
        case let separator:
            let separator = UTF8Text(try requiredString(separator))
            guard !separator.bytes.isEmpty else { throw failure("split: empty separator") }
            return try .list(
                Self.pieces(UTF8Text(text), separator, limit, fromRight: fromRight)
                    .map(TemplateValue.string))
        }
    }

    private static func pieces(
        _ text: UTF8Text, _ separator: UTF8Text, _ limit: Int, fromRight: Bool
    ) -> [String] {
        if fromRight {
            // Reversed bytes are no UTF-8, but search and cut as well.
            func reversed(_ text: UTF8Text) -> UTF8Text {
                var text = text
                text.bytes.reverse()
                return text
            }
            return cut(reversed(text), reversed(separator), limit).reversed()
                .map { String(decoding: $0.reversed(), as: UTF8.self) }
        }
        return cut(text, separator, limit).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func cut(
        _ text: UTF8Text, _ separator: UTF8Text, _ limit: Int
    ) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        for index in text.indices(of: separator, atMost: limit) {
            pieces.append(text.bytes[start..<index])
            start = index + separator.bytes.count
        }
        return pieces + [text.bytes[start...]]
    }

    private func partition(
        _ text: String, _ separator: String, last: Bool
    ) throws(ADPOError) -> TemplateValue {
        guard !separator.isEmpty else { throw failure("partition: empty separator") }
        let pieces = Self.pieces(UTF8Text(text), UTF8Text(separator), 1, fromRight: last)
        if pieces.count == 2 {
            return try .tuple([.string(pieces[0]), .string(separator), .string(pieces[1])])
        }
        return try .tuple(
            last
                ? [.string(""), .string(""), .string(text)]
                : [.string(text), .string(""), .string("")])
    }

    /// `count` nil or negative: all of them.
    func replaced(
        _ text: String, _ old: String, _ new: String, count: Int?
    ) throws(ADPOError) -> String {
        let limit = count.map { $0 < 0 ? Int.max : $0 } ?? .max
        if old.isEmpty {
            let scalars = Array(text.unicodeScalars)
            try charge(size: product(new.utf8.count, scalars.count + 1))
            var result = ""
            for (index, scalar) in scalars.enumerated() {
                if index < limit { result += new }
                result.unicodeScalars.append(scalar)
            }
            return scalars.count < limit ? result + new : result
        }
        let pieces = Self.pieces(UTF8Text(text), UTF8Text(old), limit, fromRight: false)
        try charge(size: text.utf8.count)
        try charge(size: product(new.utf8.count, pieces.count))
        return pieces.joined(separator: new)
    }

    /// - Parameter converting: As the filter `join`, which takes values that are no strings.
    func joined(
        _ parts: [TemplateValue], by separator: String, converting: Bool
    ) throws(ADPOError) -> String {
        var result = ""
        for (index, part) in parts.enumerated() {
            let part = converting ? try string(part) : try requiredString(part)
            try charge(size: separator.utf8.count)
            if index > 0 { result += separator }
            result += part
        }
        return result
    }

    private func touches(
        _ text: String, _ name: String, _ arguments: TemplateArguments
    ) throws(ADPOError) -> Bool {
        let values = try arguments.values(of: ["part", "start", "end"], for: name, required: 1)
        var parts: [String] = []
        if case .sequence(let tuple)? = values[0], tuple.kind == .tuple {
            for part in tuple.items { parts.append(try requiredString(part)) }
        } else {
            parts = [try requiredString(values[0])]
        }
        guard let window = try window(text, values[1...])?.text else { return false }
        return parts.contains {
            name == "startswith" ? window.hasPrefix(UTF8Text($0)) : window.hasSuffix(UTF8Text($0))
        }
    }

    /// The characters from `start` to `end`, and where they start; nil when there is no such place.
    private func window(
        _ text: String, _ bounds: ArraySlice<TemplateValue?>
    ) throws(ADPOError) -> (text: UTF8Text, start: Int)? {
        let bounds = try integers(Array(bounds))
        if bounds[0] == nil, bounds[1] == nil { return (UTF8Text(text), 0) }
        let scalars = Array(text.unicodeScalars)
        func position(_ bound: Int) -> Int { bound < 0 ? max(bound &+ scalars.count, 0) : bound }
        let start = position(bounds[0] ?? 0)
        let end = min(position(bounds[1] ?? scalars.count), scalars.count)
        return start <= end ? (UTF8Text(String(scalars[start..<end])), start) : nil
    }

    private func search(
        _ text: String, _ name: String, _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateValue {
        let values = try arguments.values(of: ["part", "start", "end"], for: name, required: 1)
        let part = UTF8Text(try requiredString(values[0]))
        let window = try window(text, values[1...])
        if name == "count" {
            guard let window else { return .integer(0) }
            if part.bytes.isEmpty { return .integer(window.text.string.unicodeScalars.count + 1) }
            return .integer(window.text.indices(of: part).count)
        }
        if let window {
            var bytes = window.text
            var found: Int?
            if name == "rfind" || name == "rindex" {
                var reversedPart = part
                reversedPart.bytes.reverse()
                var reversedBytes = bytes
                reversedBytes.bytes.reverse()
                found = reversedBytes.firstIndex(of: reversedPart)
                    .map { bytes.bytes.count - $0 - part.bytes.count }
            } else {
                found = bytes.firstIndex(of: part)
            }
            if let found {
                bytes.bytes.removeSubrange(found...)
                return .integer(window.start + bytes.string.unicodeScalars.count)
            }
        }
        if name == "index" || name == "rindex" { throw failure("\(name): the text is not found") }
        return .integer(-1)
    }

    private func padded(
        _ text: String, _ name: String, _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateValue {
        let values = try arguments.values(of: ["width", "fill"], for: name, required: 1)
        let width = try integers([values[0]])[0] ?? 0
        let fill =
            try values[1].map { (fill) throws(ADPOError) in try self.requiredString(fill) } ?? " "
        guard fill.unicodeScalars.count == 1 else {
            throw failure("\(name): the fill is one character")
        }
        return .string(try padded(text, to: width, name, fill: fill))
    }

    func padded(
        _ text: String, to width: Int, _ name: String, fill: String = " "
    ) throws(ADPOError) -> String {
        let count = text.unicodeScalars.count
        guard width > count else { return text }
        let room = width - count
        try charge(size: product(4, room))
        func filled(_ count: Int) -> String { String(repeating: fill, count: count) }
        switch name {
        case "ljust": return text + filled(room)
        case "rjust": return filled(room) + text
        case "center":
            let left = room / 2 + (room & width & 1)
            return filled(left) + text + filled(room - left)
        default:
            let zeros = String(repeating: "0", count: room)
            guard let sign = text.utf8.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
            else { return zeros + text }
            return text.prefix(1) + zeros + text.dropFirst()
        }
    }

    private func hasProperty(_ text: String, _ name: String) -> Bool {
        let scalars = text.unicodeScalars
        func all(_ property: (Unicode.Scalar) -> Bool) -> Bool {
            !scalars.isEmpty && scalars.allSatisfy(property)
        }
        func isAlphabetic(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter,
                .otherLetter:
                true
            default: false
            }
        }
        switch name {
        case "isascii": return scalars.allSatisfy(\.isASCII)
        case "isspace": return all(\.isTemplateSpace)
        case "isalpha": return all(isAlphabetic)
        case "isalnum": return all { isAlphabetic($0) || $0.properties.numericType != nil }
        case "isdecimal": return all { $0.properties.numericType == .decimal }
        case "isnumeric": return all { $0.properties.numericType != nil }
        case "isdigit":
            return all {
                $0.properties.numericType == .decimal || $0.properties.numericType == .digit
            }
        case "isupper":
            return scalars.contains(where: \.properties.isUppercase)
                && !scalars.contains {
                    $0.properties.isLowercase || $0.properties.generalCategory == .titlecaseLetter
                }
        default:  // islower
            return scalars.contains(where: \.properties.isLowercase)
                && !scalars.contains {
                    $0.properties.isUppercase || $0.properties.generalCategory == .titlecaseLetter
                }
        }
    }
}
