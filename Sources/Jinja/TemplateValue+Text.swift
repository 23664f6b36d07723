/// Python's `str` and `repr`, and `json.dumps`.
extension TemplateValue {
    /// The text of `{{ value }}`.
    var text: String {
        switch self {
        case .undefined: return ""
        case .string(let text): return text
        default: return representation
        }
    }

    /// Python's `repr`.
    var representation: String {
        var text = ""
        write(to: &text)
        return text
    }

    /// Containers are of bounded depth; namespaces, which are not, are written by their name.
    private func write(to text: inout String) {
        switch self {
        case .undefined: text += "Undefined"
        case .none: text += "None"
        case .bool(let value): text += value ? "True" : "False"
        case .integer(let value): text += String(value)
        case .double(let value): text += pythonText(of: value)
        case .string(let value): writeRepresentation(of: value, to: &text)
        case .sequence(let sequence): write(sequence, to: &text)
        case .dictionary(let dictionary):
            text += "{"
            for index in 0..<dictionary.count {
                if index > 0 { text += ", " }
                dictionary.keys[index].write(to: &text)
                text += ": "
                dictionary.values[index].write(to: &text)
            }
            text += "}"
        case .namespace: text += "<Namespace>"
        case .loop(let loop): text += "<LoopContext \(loop.index + 1)/\(loop.items.count)>"
        case .function: text += "<function>"
        }
    }

    private func write(_ sequence: TemplateSequence, to text: inout String) {
        func writeItems() {
            for (index, item) in sequence.items.enumerated() {
                if index > 0 { text += ", " }
                item.write(to: &text)
            }
        }
        switch sequence.kind {
        case .list:
            text += "["
            writeItems()
            text += "]"
        case .tuple:
            text += "("
            writeItems()
            text += sequence.items.count == 1 ? ",)" : ")"
        case .range, .view, .iterator: text += "<\(sequence.kind.rawValue)>"
        }
    }
}

/// Python's `str` of a float: the shortest digits that give it back, with an exponent from 1e16 and
/// below 1e-4.
func pythonText(of value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    if value == 0 { return value.sign == .minus ? "-0.0" : "0.0" }
    // Swift has the same digits, and writes them as "123.45", "1e-05" or "1.5e+16".
    let parts = value.magnitude.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = String(mantissa[0])
    var digits = whole + (mantissa.count > 1 ? mantissa[1] : "")
    // The value is 0.digits * 10^point.
    var point = whole.utf8.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    while digits.utf8.first == UInt8(ascii: "0") {
        digits.removeFirst()
        point -= 1
    }
    while digits.utf8.last == UInt8(ascii: "0") { digits.removeLast() }
    let sign = value < 0 ? "-" : ""
    let count = digits.utf8.count
    if point > 16 || point < -3 {
        let exponent = abs(point - 1)
        let fraction = count > 1 ? "." + digits.dropFirst() : ""
        return sign + digits.prefix(1) + fraction + (point > 0 ? "e+" : "e-")
            + (exponent < 10 ? "0" : "") + String(exponent)
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
    if point >= count {
        return sign + digits + String(repeating: "0", count: point - count) + ".0"
    }
    return sign + digits.prefix(point) + "." + digits.dropFirst(point)
}

/// Python's `repr` of a str.
private func writeRepresentation(of string: String, to text: inout String) {
    let hasSingleQuote = string.utf8.contains(UInt8(ascii: "'"))
    let hasDoubleQuote = string.utf8.contains(UInt8(ascii: "\""))
    let quote: Unicode.Scalar = hasSingleQuote && !hasDoubleQuote ? "\"" : "'"
    text.unicodeScalars.append(quote)
    for scalar in string.unicodeScalars {
        switch scalar {
        case "\\": text += "\\\\"
        case quote: text += "\\" + String(quote)
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        default:
            if scalar == " " || isPrintable(scalar) {
                text.unicodeScalars.append(scalar)
            } else if scalar.value < 0x100 {
                text += "\\x" + hexadecimal(scalar.value, digits: 2)
            } else if scalar.value < 0x10000 {
                text += "\\u" + hexadecimal(scalar.value, digits: 4)
            } else {
                text += "\\U" + hexadecimal(scalar.value, digits: 8)
            }
        }
    }
    text.unicodeScalars.append(quote)
}

/// Python's `str.isprintable`.
private func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
        .paragraphSeparator, .spaceSeparator:
        false
    default: true
    }
}

private func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: digits - text.utf8.count) + text
}

/// How `tojson` writes: the options of Python's `json.dumps`.
struct TemplateJSONStyle {
    /// The indentation of a level; nil for one line.
    var indent: String?
    var itemSeparator = ", "
    var keySeparator = ": "
    var isASCII = false
    var sortsKeys = false

    /// nil for what JSON does not have.
    func text(of value: TemplateValue) -> String? {
        var text = ""
        return write(value, to: &text, level: 0) ? text : nil
    }

    private func write(_ value: TemplateValue, to text: inout String, level: Int) -> Bool {
        switch value {
        case .none: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .double(let value): text += number(value)
        case .string(let string): write(string, to: &text)
        case .sequence(let sequence) where sequence.kind == .list || sequence.kind == .tuple:
            return write(sequence.items.count, "[", "]", to: &text, level) { index, text in
                write(sequence.items[index], to: &text, level: level + 1)
            }
        case .dictionary(let dictionary): return write(dictionary, to: &text, level: level)
        default: return false
        }
        return true
    }

    private func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return pythonText(of: value)
    }

    private func write(
        _ dictionary: TemplateDictionary, to text: inout String, level: Int
    ) -> Bool {
        var members: [(key: String, value: TemplateValue)] = []
        for (key, value) in zip(dictionary.keys, dictionary.values) {
            switch key {
            case .string(let key): members.append((key, value))
            case .none: members.append(("null", value))
            case .bool(let key): members.append((key ? "true" : "false", value))
            case .integer(let key): members.append((String(key), value))
            case .double(let key): members.append((number(key), value))
            default: return false
            }
        }
        if sortsKeys {
            members.sort { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
        }
        return write(members.count, "{", "}", to: &text, level) { index, text in
            write(members[index].key, to: &text)
            text += keySeparator
            return write(members[index].value, to: &text, level: level + 1)
        }
    }

    private func write(
        _ count: Int, _ open: String, _ close: String, to text: inout String, _ level: Int,
        item: (Int, inout String) -> Bool
    ) -> Bool {
        text += open
        for index in 0..<count {
            // With an indent, Python leaves the space behind the comma out.
            if index > 0 { text += itemSeparator }
            if let indent { text += "\n" + String(repeating: indent, count: level + 1) }
            guard item(index, &text) else { return false }
        }
        if let indent, count > 0 { text += "\n" + String(repeating: indent, count: level) }
        text += close
        return true
    }

    private func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{08}": text += "\\b"
            case "\u{0C}": text += "\\f"
            default:
                if scalar.value < 0x20 || isASCII && scalar.value > 0x7E {
                    for unit in String(scalar).utf16 {
                        text += "\\u" + hexadecimal(UInt32(unit), digits: 4)
                    }
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }
}
