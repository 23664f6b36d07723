import ADPOBase

extension TemplateInterpreter {
    /// Jinja's tests: `value is name(arguments)`.
    func test(
        _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
    ) throws(ADPOError) -> Bool {
        func other() throws(ADPOError) -> TemplateValue {
            try arguments.values(of: ["other"], for: "the test '\(name)'", required: 1)[0] ?? .none
        }
        switch name {
        case "eq", "equalto", "==": return try compare(.equal, value, other())
        case "ne", "!=": return try compare(.notEqual, value, other())
        case "lt", "lessthan", "<": return try compare(.less, value, other())
        case "le", "<=": return try compare(.lessOrEqual, value, other())
        case "gt", "greaterthan", ">": return try compare(.greater, value, other())
        case "ge", ">=": return try compare(.greaterOrEqual, value, other())
        case "in": return try compare(.contained, value, other())
        case "sameas": return try isSame(value, other())
        case "divisibleby":
            return try isEqual(arithmetic(.remainder, value, other()), .integer(0))
        default: break
        }
        guard arguments.positional.isEmpty, arguments.keywords.isEmpty else {
            throw failure("the test '\(name)' takes no arguments")
        }
        switch name {
        case "odd": return try isEqual(arithmetic(.remainder, value, .integer(2)), .integer(1))
        case "even": return try isEqual(arithmetic(.remainder, value, .integer(2)), .integer(0))
        case "upper", "lower":
            let text = try string(value)
            return try stringMethod("is" + name, text, TemplateArguments()).isTrue
        default: return try isKind(name, value)
        }
    }

    private func isKind(_ name: String, _ value: TemplateValue) throws(ADPOError) -> Bool {
        switch (name, value) {
        case ("defined", .undefined): false
        case ("defined", _): true
        case ("undefined", .undefined), ("none", .none), ("boolean", .bool), ("true", .bool(true)),
            ("false", .bool(false)), ("integer", .integer), ("float", .double), ("string", .string),
            ("mapping", .dictionary), ("number", .integer), ("number", .double), ("number", .bool):
            true
        case ("sequence", .undefined), ("sequence", .string), ("sequence", .dictionary),
            ("iterable", .undefined), ("iterable", .string), ("iterable", .dictionary),
            ("iterable", .sequence), ("iterable", .loop), ("callable", .function):
            true
        case ("sequence", .sequence(let sequence)): sequence.isIndexed
        case ("undefined", _), ("none", _), ("boolean", _), ("true", _), ("false", _),
            ("integer", _), ("float", _), ("string", _), ("mapping", _), ("number", _),
            ("sequence", _), ("iterable", _), ("callable", _), ("escaped", _):
            false
        default:
            throw ADPOError(.unsupported, "the test '\(name)' is not supported in chat templates")
        }
    }

    /// Python's `is`, as far as values here have an identity.
    private func isSame(_ left: TemplateValue, _ right: TemplateValue) throws(ADPOError) -> Bool {
        switch (left, right) {
        case (.sequence(let left), .sequence(let right)): left === right
        case (.dictionary, _), (.undefined, _), (.double, _): false
        default: left.typeName == right.typeName ? try isEqual(left, right) : false
        }
    }

    // MARK: Formatting

    /// Python's `format % value`, for strings and numbers.
    func formatted(_ format: String, _ value: TemplateValue) throws(ADPOError) -> String {
        var values = [value]
        if case .sequence(let tuple) = value, tuple.kind == .tuple { values = tuple.items }
        var rest = Array(format.unicodeScalars)[...]
        var result = ""
        var used = 0
        while let scalar = rest.popFirst() {
            try charge(1)
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            let isNegated = rest.first == "-"
            if isNegated { rest.removeFirst() }
            let isZeroPadded = rest.first == "0"
            let width = takeNumber(&rest) ?? 0
            var precision: Int?
            if rest.first == "." {
                rest.removeFirst()
                precision = takeNumber(&rest) ?? 0
            }
            guard let kind = rest.popFirst() else { throw failure("incomplete format") }
            if kind == "%" {
                result += "%"
                continue
            }
            guard used < values.count else { throw failure("not enough values for the format") }
            let text = try formatted(kind, values[used], precision)
            used += 1
            let isNumber = kind != "s" && kind != "r"
            let padding = isNegated ? "ljust" : isZeroPadded && isNumber ? "zfill" : "rjust"
            result += try padded(text, to: width, padding)
        }
        if used < values.count, !mayBeUnused(value) {
            throw failure("not all values are used by the format")
        }
        return result
    }

    /// A value with indices, other than a tuple, need not be used.
    private func mayBeUnused(_ value: TemplateValue) -> Bool {
        switch value {
        case .dictionary: true
        case .sequence(let sequence): sequence.isIndexed && sequence.kind != .tuple
        default: false
        }
    }

    private func takeNumber(_ text: inout ArraySlice<Unicode.Scalar>) -> Int? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        text = text.dropFirst(digits.count)
        return Int(String(digits))
    }

    private func formatted(
        _ kind: Unicode.Scalar, _ value: TemplateValue, _ precision: Int?
    ) throws(ADPOError) -> String {
        switch kind {
        case "s", "r":
            try charge(value)
            let text = kind == "r" ? value.representation : value.text
            return precision.map { String(text.unicodeScalars.prefix($0)) } ?? text
        case "d", "i":
            if let integer = value.integer { return String(integer) }
            if let number = value.double, let integer = Int(exactly: number.rounded(.towardZero)) {
                return String(integer)
            }
        case "x", "X":
            if let integer = value.integer {
                return String(integer, radix: 16, uppercase: kind == "X")
            }
        case "f", "F":
            if let number = value.double, number.isFinite, precision ?? 0 <= 300 {
                return fixedPoint(number, precision ?? 6)
            }
        default: throw failure("the format '%\(kind)' is not supported")
        }
        throw failure("the format '%\(kind)' does not take '\(value.typeName)'")
    }
}
