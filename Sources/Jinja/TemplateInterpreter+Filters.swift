import ADPOBase

extension TemplateInterpreter {
    /// Jinja's filters, without those for web pages.
    func filter(
        _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateValue {
        func values(_ names: String..., required: Int = 0) throws(ADPOError) -> [TemplateValue?] {
            try arguments.values(of: names, for: name, required: required)
        }
        if ["length", "count", "list", "items", "first", "last", "string", "safe", "abs"].contains(
            name)
        {
            _ = try values()
        }
        switch name {
        case "default", "d":
            let values = try values("default_value", "boolean")
            if case .undefined = value { return values[0] ?? .string("") }
            return values[1]?.isTrue ?? false && !value.isTrue ? values[0] ?? .string("") : value
        case "length", "count": return .integer(try count(of: value))
        case "list": return try .list(items(of: value))
        case "items":
            switch value {
            case .undefined: return try .iterator([])
            case .dictionary(let dictionary): return try .iterator(pairs(dictionary))
            default: throw failure("only dictionaries have item pairs, not '\(value.typeName)'")
            }
        case "first": return try first(value)
        case "last": return try last(value)
        case "join":
            let values = try values("d", "attribute")
            var items = try items(of: value)
            if let path = values[1] { items = try attributes(path, of: items) }
            return .string(
                try joined(items, by: string(values[0] ?? .string("")), converting: true))
        case "tojson": return try json(value, arguments)
        case "string", "safe", "escape", "e": return try text(name, value)
        case "trim", "upper", "lower", "title", "capitalize", "wordcount", "indent", "replace",
            "center", "truncate", "format":
            return try textFilter(name, string(value), value, arguments)
        case "int", "float":
            if case .undefined(let hint) = value { throw failure(hint) }
            return name == "int"
                ? try integer(value, values("default", "base"))
                : try float(value, values("default"))
        case "abs":
            if let number = value.integer { return try unary(number < 0 ? .minus : .plus, value) }
            guard let number = value.double else { throw notANumber(value) }
            return .double(abs(number))
        case "round": return try rounded(value, values("precision", "method"))
        case "attr":
            let name = try requiredString(values("name", required: 1)[0])
            if case .dictionary = value, !Self.hasMethod(name, value) {
                return .undefined("'dict' object has no attribute '\(name)'")
            }
            return try attribute(name, of: value)
        case "map": return try map(value, arguments)
        case "select", "reject", "selectattr", "rejectattr":
            return try select(value, arguments, name)
        case "sort", "unique", "dictsort", "min", "max", "sum", "reverse", "batch", "groupby":
            return try order(name, value, arguments)
        default:
            throw ADPOError(.unsupported, "the filter '\(name)' is not supported in chat templates")
        }
    }

    private func notANumber(_ value: TemplateValue) -> ADPOError {
        if case .undefined(let hint) = value { return failure(hint) }
        return failure("a number is needed, not '\(value.typeName)'")
    }

    private func text(_ name: String, _ value: TemplateValue) throws(ADPOError) -> TemplateValue {
        let text = try string(value)
        guard name == "escape" || name == "e" else { return .string(text) }
        var escaped = text
        for (character, entity) in [
            ("&", "&amp;"), (">", "&gt;"), ("<", "&lt;"), ("'", "&#39;"), ("\"", "&#34;"),
        ] { escaped = try replaced(escaped, character, entity, count: nil) }
        return .string(escaped)
    }

    func count(of value: TemplateValue) throws(ADPOError) -> Int {
        switch value {
        case .undefined: return 0
        case .string(let text):
            try charge(size: text.utf8.count)
            return text.unicodeScalars.count
        case .sequence(let sequence) where sequence.kind != .iterator: return sequence.items.count
        case .dictionary(let dictionary): return dictionary.count
        case .loop(let loop): return loop.items.count
        default: throw failure("object of type '\(value.typeName)' has no length")
        }
    }

    private func first(_ value: TemplateValue) throws(ADPOError) -> TemplateValue {
        let nothing = TemplateValue.undefined("there is no first item: the sequence is empty")
        if case .sequence(let sequence) = value, sequence.kind == .iterator {
            guard sequence.taken < sequence.items.count else { return nothing }
            sequence.taken += 1
            return sequence.items[sequence.taken - 1]
        }
        return try items(of: value).first ?? nothing
    }

    private func last(_ value: TemplateValue) throws(ADPOError) -> TemplateValue {
        if case .sequence(let sequence) = value, sequence.kind == .iterator {
            throw failure("'generator' object is not reversible; make it a list first")
        }
        return try items(of: value).last
            ?? .undefined("there is no last item: the sequence is empty")
    }

    // MARK: JSON

    private func json(
        _ value: TemplateValue, _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateValue {
        let values = try arguments.values(
            of: ["ensure_ascii", "indent", "separators", "sort_keys"], for: "tojson")
        var style = TemplateJSONStyle()
        style.isASCII = values[0]?.isTrue ?? false
        style.sortsKeys = values[3]?.isTrue ?? false
        switch values[1] {
        case nil, .some(.none): break
        case .string(let text): style.indent = text
        case let width:
            let width = try integers([width])[0] ?? 0
            guard width <= 100 else { throw failure("tojson: the indent is too large") }
            style.indent = String(repeating: " ", count: max(width, 0))
        }
        if style.indent != nil { style.itemSeparator = "," }
        if let separators = values[2], separators.isTrue {
            let pair = try items(of: separators)
            guard pair.count == 2 else { throw failure("tojson: separators are two strings") }
            style.itemSeparator = try requiredString(pair[0])
            style.keySeparator = try requiredString(pair[1])
        }
        let width =
            (style.indent?.utf8.count ?? 0) * value.extent.depth + style.itemSeparator.utf8.count
            + style.keySeparator.utf8.count
        try charge(size: product(value.extent.size, 1 + width))
        guard let text = style.text(of: value) else {
            if case .undefined(let hint) = value { throw failure(hint) }
            throw failure("tojson: a value is no JSON, such as an undefined one")
        }
        return .string(text)
    }

    // MARK: Text

    private func textFilter(
        _ name: String, _ text: String, _ value: TemplateValue, _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateValue {
        func values(_ names: String..., required: Int = 0) throws(ADPOError) -> [TemplateValue?] {
            try arguments.values(of: names, for: name, required: required)
        }
        if ["upper", "lower", "title", "capitalize", "wordcount"].contains(name) {
            _ = try values()
        }
        switch name {
        case "trim": return .string(try stripped(text, values("chars")[0]))
        case "upper": return .string(text.pythonUpper)
        case "lower": return .string(text.pythonLower)
        case "title": return .string(text.jinjaTitle)
        case "capitalize": return .string(text.pythonCapitalized)
        case "wordcount":
            func isWord(_ scalar: Unicode.Scalar) -> Bool {
                scalar == "_" || scalar.properties.isAlphabetic
                    || scalar.properties.numericType != nil
            }
            return .integer(text.unicodeScalars.split { !isWord($0) }.count)
        case "indent": return try indented(value, values("width", "first", "blank"))
        case "replace":
            let values = try values("old", "new", "count", required: 2)
            return .string(
                try replaced(
                    text, string(values[0] ?? .none), string(values[1] ?? .none),
                    count: integers([values[2]])[0]))
        case "center":
            let width = try integers([values("width")[0]])[0] ?? 80
            return .string(try padded(text, to: width, name))
        case "truncate":
            return try truncated(
                requiredString(value), values("length", "killwords", "end", "leeway"))
        default: return .string(try formatted(text, .tuple(arguments.positional)))
        }
    }

    private func indented(
        _ value: TemplateValue, _ values: [TemplateValue?]
    ) throws(ADPOError) -> TemplateValue {
        let text = try requiredString(value)
        let indentation: String
        if case .string(let text)? = values[0] {
            indentation = text
        } else {
            let width = try integers([values[0]])[0] ?? 4
            try charge(size: max(width, 0))
            indentation = String(repeating: " ", count: max(width, 0))
        }
        var lines = (text + "\n").pythonLines()
        try charge(size: product(indentation.utf8.count, lines.count))
        let keepsBlank = values[2]?.isTrue ?? false
        for index in lines.indices.dropFirst() where keepsBlank || !lines[index].isEmpty {
            lines[index] = indentation + lines[index]
        }
        let result = lines.joined(separator: "\n")
        return .string(values[1]?.isTrue ?? false ? indentation + result : result)
    }

    private func truncated(
        _ text: String, _ values: [TemplateValue?]
    ) throws(ADPOError) -> TemplateValue {
        let numbers = try integers([values[0], values[3]])
        let (length, leeway) = (numbers[0] ?? 255, numbers[1] ?? 5)
        let end =
            try values[2].map { (end) throws(ADPOError) in try self.requiredString(end) } ?? "..."
        let scalars = Array(text.unicodeScalars)
        let room = length.subtractingReportingOverflow(end.unicodeScalars.count).partialValue
        guard room >= 0, length >= 0, leeway >= 0 else {
            throw failure("truncate: the length is too small")
        }
        guard scalars.count - leeway > length else {
            return .string(text)
        }
        var start = scalars.prefix(room)
        if !(values[1]?.isTrue ?? false), let space = start.lastIndex(of: " ") {
            start = start[..<space]
        }
        return .string(String(start) + end)
    }

    // MARK: Numbers

    /// A text as a number, as Python's `float` takes it; nil when it fails.
    private func number(_ text: String) -> Double? {
        let text = text.stripped(left: true, right: true).pythonLower
        switch text.drop(while: { $0 == "+" || $0 == "-" }) {
        case "inf", "infinity": return text.first == "-" ? -.infinity : .infinity
        case "nan": return .nan
        default:
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.e_".utf8.contains($0) })
            else { return nil }
            return Double(text.filter { $0 != "_" })
        }
    }

    private func float(
        _ value: TemplateValue, _ values: [TemplateValue?]
    ) throws(ADPOError) -> TemplateValue {
        let number = value.double ?? value.string.flatMap(number)
        return number.map(TemplateValue.double) ?? values[0] ?? .double(0)
    }

    private func integer(
        _ value: TemplateValue, _ values: [TemplateValue?]
    ) throws(ADPOError) -> TemplateValue {
        let base = try integers([values[1]])[0] ?? 10
        let standard = values[0] ?? .integer(0)
        if let number = value.integer { return .integer(number) }
        if let text = value.string, let number = integer(text, base: base) {
            return .integer(number)
        }
        guard let number = value.double ?? value.string.flatMap(number), number.isFinite else {
            return standard
        }
        guard let integer = Int(exactly: number.rounded(.towardZero)) else {
            throw failure("int: the number does not fit into 64 bits")
        }
        return .integer(integer)
    }

    private func integer(_ text: String, base: Int) -> Int? {
        guard (2...36).contains(base) else { return nil }
        var digits = Substring(text.stripped(left: true, right: true).pythonLower)
        var sign = ""
        if let first = digits.first, first == "-" || first == "+" {
            sign = String(first)
            digits.removeFirst()
        }
        let prefix = [2: "0b", 8: "0o", 16: "0x"][base]
        if let prefix, digits.hasPrefix(prefix) { digits.removeFirst(2) }
        guard digits.first != "+", digits.first != "-" else { return nil }
        return Int(sign + digits.filter { $0 != "_" }, radix: base)
    }

    private func rounded(
        _ value: TemplateValue, _ values: [TemplateValue?]
    ) throws(ADPOError) -> TemplateValue {
        let precision = try integers([values[0]])[0] ?? 0
        let method =
            try values[1].map { (name) throws(ADPOError) in try self.requiredString(name) }
            ?? "common"
        guard let number = value.double else { throw notANumber(value) }
        guard (0...300).contains(precision), ["common", "ceil", "floor"].contains(method) else {
            throw failure("round: the precision or the method is not supported")
        }
        if method == "common" {
            if let number = value.integer { return .integer(number) }
            guard number.isFinite else { return value }
            return .double(Double(fixedPoint(number, precision)) ?? number)
        }
        let scale = pow(10, Double(precision))
        // Python rounds to an integer, which has no negative zero.
        return .double((number * scale).rounded(method == "ceil" ? .up : .down) / scale + 0)
    }
}
