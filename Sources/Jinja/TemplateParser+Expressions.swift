import ADPOBase

extension TemplateParser {
    /// `a, b` is a tuple. In brackets, nothing is one too.
    mutating func tuple(
        withConditional: Bool = true, inBrackets: Bool = false
    ) throws(ADPOError) -> TemplateExpression {
        let line = line
        var parts: [TemplateExpression] = []
        var isTuple = false
        while !isTupleEnd {
            parts.append(withConditional ? try expression() : try or())
            guard takes(operator: ",") else { break }
            isTuple = true
        }
        if !isTuple, let only = parts.first { return only }
        guard !parts.isEmpty || inBrackets else { throw unexpected("an expression") }
        return try TemplateExpression(.tuple(parts), line: line, over: parts)
    }

    private var isTupleEnd: Bool {
        current.kind == .variableEnd || current.kind == .blockEnd || current.isOperator(")")
    }

    /// `a if b else c`, and all that binds closer.
    mutating func expression() throws(ADPOError) -> TemplateExpression {
        try nested { (self) throws(ADPOError) in
            var value = try self.or()
            while self.current.isName("if") {
                let line = self.take().line
                let condition = try self.or()
                let otherwise = self.takes(name: "else") ? try self.expression() : nil
                value = try TemplateExpression(
                    .conditional(condition, then: value, otherwise: otherwise), line: line,
                    over: [condition, value] + [otherwise].compactMap(\.self))
            }
            return value
        }
    }

    private mutating func or() throws(ADPOError) -> TemplateExpression {
        var left = try and()
        while current.isName("or") {
            let line = take().line
            let right = try and()
            left = try TemplateExpression(.or(left, right), line: line, over: [left, right])
        }
        return left
    }

    private mutating func and() throws(ADPOError) -> TemplateExpression {
        var left = try not()
        while current.isName("and") {
            let line = take().line
            let right = try not()
            left = try TemplateExpression(.and(left, right), line: line, over: [left, right])
        }
        return left
    }

    private mutating func not() throws(ADPOError) -> TemplateExpression {
        let line = line
        guard takes(name: "not") else { return try comparison() }
        let value = try nested { (self) throws(ADPOError) in try self.not() }
        return try TemplateExpression(.unary(.not, value), line: line, over: [value])
    }

    private mutating func comparison() throws(ADPOError) -> TemplateExpression {
        let line = line
        let first = try arithmetic(0)
        var rest: [(operation: TemplateExpression.Comparison, operand: TemplateExpression)] = []
        while let operation = takeComparison() { rest.append((operation, try arithmetic(0))) }
        if rest.isEmpty { return first }
        return try TemplateExpression(
            .comparison(first, rest), line: line, over: [first] + rest.map(\.operand))
    }

    private mutating func takeComparison() -> TemplateExpression.Comparison? {
        if takes(name: "in") { return .contained }
        if current.isName("not"), next.isName("in") {
            take()
            take()
            return .notContained
        }
        guard current.kind == .operation,
            let comparison = TemplateExpression.Comparison(rawValue: current.text)
        else { return nil }
        take()
        return comparison
    }

    /// Binary operators by how closely they bind; between the first two levels, "~".
    private static let levels = [["+", "-"], ["~"], ["*", "/", "//", "%"], ["**"]]

    private mutating func arithmetic(_ level: Int) throws(ADPOError) -> TemplateExpression {
        guard level < Self.levels.count else { return try unary(withFilters: true) }
        var left = try arithmetic(level + 1)
        while current.kind == .operation, Self.levels[level].contains(current.text) {
            let token = take()
            var operands = [left, try arithmetic(level + 1)]
            guard let operation = TemplateExpression.Arithmetic(rawValue: token.text) else {
                while takes(operator: "~") { operands.append(try arithmetic(level + 1)) }
                left = try TemplateExpression(
                    .concatenation(operands), line: token.line, over: operands)
                continue
            }
            left = try TemplateExpression(
                .arithmetic(operation, left, operands[1]), line: token.line, over: operands)
        }
        return left
    }

    private mutating func unary(withFilters: Bool) throws(ADPOError) -> TemplateExpression {
        let line = line
        var value: TemplateExpression
        if current.isOperator("-") || current.isOperator("+") {
            let sign = take().text
            let operand = try nested { (self) throws(ADPOError) in
                try self.unary(withFilters: false)
            }
            value = try TemplateExpression(
                .unary(sign == "-" ? .minus : .plus, operand), line: line, over: [operand])
        } else {
            value = try primary()
        }
        value = try postfix(value)
        guard withFilters else { return value }
        while true {
            if current.isOperator("|") {
                value = try filters(of: value)
            } else if takes(name: "is") {
                value = try test(value)
            } else if current.isOperator("(") {
                value = try call(value)
            } else {
                return value
            }
        }
    }

    private mutating func primary() throws(ADPOError) -> TemplateExpression {
        let token = current
        func constant(_ value: JSON) throws(ADPOError) -> TemplateExpression {
            try TemplateExpression(.constant(value), line: token.line)
        }
        switch token.kind {
        case .name:
            take()
            switch token.text {
            case "true", "True": return try constant(.bool(true))
            case "false", "False": return try constant(.bool(false))
            case "none", "None": return try constant(.null)
            default: return try TemplateExpression(.name(token.text), line: token.line)
            }
        case .string:
            var text = take().text
            while current.kind == .string { text += take().text }
            return try constant(.string(text))
        case .integer(let value):
            take()
            return try constant(.integer(value))
        case .double(let value):
            take()
            return try constant(.double(value))
        default: break
        }
        if takes(operator: "(") {
            let value = try tuple(inBrackets: true)
            try expect(operator: ")")
            return value
        }
        if takes(operator: "[") { return try list(token.line) }
        if takes(operator: "{") { return try dictionary(token.line) }
        throw templateSyntaxError(line, "unexpected \(token.description)")
    }

    private mutating func list(_ line: Int) throws(ADPOError) -> TemplateExpression {
        var items: [TemplateExpression] = []
        while !takes(operator: "]") {
            if !items.isEmpty { try expect(operator: ",") }
            if takes(operator: "]") { break }
            items.append(try expression())
        }
        return try TemplateExpression(.list(items), line: line, over: items)
    }

    private mutating func dictionary(_ line: Int) throws(ADPOError) -> TemplateExpression {
        var members: [(key: TemplateExpression, value: TemplateExpression)] = []
        while !takes(operator: "}") {
            if !members.isEmpty { try expect(operator: ",") }
            if takes(operator: "}") { break }
            let key = try expression()
            try expect(operator: ":")
            members.append((key, try expression()))
        }
        return try TemplateExpression(
            .dictionary(members), line: line, over: members.flatMap { [$0.key, $0.value] })
    }

    private mutating func postfix(
        _ value: TemplateExpression
    ) throws(ADPOError) -> TemplateExpression {
        var value = value
        while true {
            let line = line
            if takes(operator: ".") {
                if case .integer(let index) = current.kind {
                    take()
                    let index = try TemplateExpression(.constant(.integer(index)), line: line)
                    value = try TemplateExpression(.item(value, index), line: line, over: [value])
                } else {
                    value = try TemplateExpression(
                        .attribute(value, try expectName()), line: line, over: [value])
                }
            } else if takes(operator: "[") {
                value = try subscripted(value, line)
            } else if current.isOperator("(") {
                value = try call(value)
            } else {
                return value
            }
        }
    }

    /// `[i]` or `[from:to:by]`, from behind the bracket.
    private mutating func subscripted(
        _ value: TemplateExpression, _ line: Int
    ) throws(ADPOError) -> TemplateExpression {
        var parts: [TemplateExpression?] = [nil]
        while !current.isOperator("]") {
            if takes(operator: ":") {
                parts.append(nil)
            } else if parts[parts.count - 1] == nil {
                parts[parts.count - 1] = try expression()
            } else {
                throw unexpected("']'")
            }
        }
        take()
        guard parts.count > 1 else {
            guard let index = parts[0] else { throw unexpected("an index") }
            return try TemplateExpression(.item(value, index), line: line, over: [value, index])
        }
        guard parts.count <= 3 else { throw unexpected("']'") }
        let by = parts.count == 3 ? parts[2] : nil
        return try TemplateExpression(
            .slice(value, from: parts[0], to: parts[1], by: by), line: line,
            over: [value] + parts.compactMap(\.self))
    }

    private mutating func call(_ value: TemplateExpression) throws(ADPOError) -> TemplateExpression
    {
        let line = line
        let arguments = try arguments()
        return try TemplateExpression(
            .call(value, arguments), line: line, over: [value] + arguments.expressions)
    }

    private mutating func arguments() throws(ADPOError) -> TemplateExpression.Arguments {
        var arguments = TemplateExpression.Arguments()
        let line = line
        func invalid() -> ADPOError {
            templateSyntaxError(line, "the arguments of a call are mixed up")
        }
        try expect(operator: "(")
        var needsComma = false
        while !takes(operator: ")") {
            if needsComma { try expect(operator: ",") }
            if takes(operator: ")") { break }
            needsComma = true
            if takes(operator: "*") {
                guard arguments.list == nil, arguments.dictionary == nil else { throw invalid() }
                arguments.list = try expression()
            } else if takes(operator: "**") {
                guard arguments.dictionary == nil else { throw invalid() }
                arguments.dictionary = try expression()
            } else if current.kind == .name, next.isOperator("=") {
                guard arguments.dictionary == nil else { throw invalid() }
                let name = take().text
                take()
                arguments.keywords.append((name, try expression()))
            } else {
                guard arguments.list == nil, arguments.dictionary == nil,
                    arguments.keywords.isEmpty
                else { throw invalid() }
                arguments.positional.append(try expression())
            }
        }
        return arguments
    }

    /// `| a | b(c)`; from behind the bar when it starts inline.
    mutating func filters(
        of value: TemplateExpression?, startsInline: Bool = false
    ) throws(ADPOError) -> TemplateExpression {
        var value = value
        var isFirst = startsInline
        while isFirst || takes(operator: "|") {
            isFirst = false
            let line = line
            let name = try expectName()
            let arguments =
                current.isOperator("(") ? try arguments() : TemplateExpression.Arguments()
            value = try TemplateExpression(
                .filter(value, name, arguments), line: line,
                over: [value].compactMap(\.self) + arguments.expressions)
        }
        guard let value else { throw unexpected("a filter") }
        return value
    }

    /// `is x`, `is not x`, `is x(y)` or `is x y`, from behind the "is".
    private mutating func test(_ value: TemplateExpression) throws(ADPOError) -> TemplateExpression
    {
        let line = line
        let isNegated = takes(name: "not")
        let name = try expectName()
        var arguments = TemplateExpression.Arguments()
        if current.isOperator("(") {
            arguments = try self.arguments()
        } else if startsTestArgument {
            arguments.positional = [try postfix(try primary())]
        }
        let test = try TemplateExpression(
            .test(value, name, arguments), line: line, over: [value] + arguments.expressions)
        return isNegated
            ? try TemplateExpression(.unary(.not, test), line: line, over: [test]) : test
    }

    private var startsTestArgument: Bool {
        switch current.kind {
        case .string, .integer, .double: true
        case .name: !["else", "or", "and", "is"].contains(current.text)
        case .operation: current.text == "[" || current.text == "{"
        default: false
        }
    }
}
