import ADPOBase

/// Parses a template's statements, as Jinja's parser does; expressions are in an extension.
struct TemplateParser {
    private let tokens: [TemplateToken]
    private var position = 0
    private var marksGeneration = false
    var depth = 0

    /// Nesting of blocks and brackets beyond this is refused.
    static let maximumDepth = 60

    /// - Throws: `.format` for what Jinja does not parse either, `.unsupported` for tags that chat
    ///   templates have no use for; both name the line.
    static func statements(
        of source: String
    ) throws(ADPOError) -> (statements: [TemplateStatement], marksGeneration: Bool) {
        var parser = TemplateParser(tokens: try TemplateLexer.tokens(of: source))
        let statements = try parser.body(until: []).statements
        return (statements, parser.marksGeneration)
    }

    private init(tokens: [TemplateToken]) { self.tokens = tokens }

    // MARK: Tokens

    /// The last token is `.end`, and never passed.
    var current: TemplateToken { tokens[position] }
    var next: TemplateToken { tokens[min(position + 1, tokens.count - 1)] }
    var line: Int { current.line }

    @discardableResult
    mutating func take() -> TemplateToken {
        let token = current
        position = min(position + 1, tokens.count - 1)
        return token
    }

    mutating func takes(operator operation: String) -> Bool {
        guard current.isOperator(operation) else { return false }
        take()
        return true
    }

    mutating func takes(name: String) -> Bool {
        guard current.isName(name) else { return false }
        take()
        return true
    }

    mutating func expect(operator operation: String) throws(ADPOError) {
        guard takes(operator: operation) else { throw unexpected("'\(operation)'") }
    }

    mutating func expectName() throws(ADPOError) -> String {
        guard current.kind == .name else { throw unexpected("a name") }
        return take().text
    }

    private mutating func expect(_ kind: TemplateToken.Kind, _ wanted: String) throws(ADPOError) {
        guard current.kind == kind else { throw unexpected(wanted) }
        take()
    }

    func unexpected(_ wanted: String) -> ADPOError {
        templateSyntaxError(line, "\(wanted) is expected, not \(current.description)")
    }

    mutating func nested<Result>(
        _ body: (inout TemplateParser) throws(ADPOError) -> Result
    ) throws(ADPOError) -> Result {
        guard depth < Self.maximumDepth else {
            throw templateSyntaxError(line, "blocks or brackets are nested too deeply")
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    // MARK: Statements

    /// Statements up to a block with one of these names, which is taken and returned. None stands
    /// for the template's end.
    private mutating func body(
        until ends: [String]
    ) throws(ADPOError) -> (statements: [TemplateStatement], end: String) {
        try nested { (self) throws(ADPOError) in
            var statements: [TemplateStatement] = []
            while true {
                switch self.current.kind {
                case .text: statements.append(.text(self.take().text))
                case .variableBegin:
                    self.take()
                    statements.append(.output(try self.tuple()))
                    try self.expect(.variableEnd, "'}}'")
                case .blockBegin:
                    self.take()
                    if self.current.kind == .name, ends.contains(self.current.text) {
                        return (statements, self.take().text)
                    }
                    statements.append(try self.statement())
                    try self.expect(.blockEnd, "'%}'")
                default:
                    guard ends.isEmpty else {
                        throw templateSyntaxError(
                            self.line,
                            "the template ends, and '{% \(ends.last ?? "") %}' is missing")
                    }
                    return (statements, "")
                }
            }
        }
    }

    /// The body of a block behind its head, up to an end that is taken.
    private mutating func block(until end: String) throws(ADPOError) -> [TemplateStatement] {
        try expect(.blockEnd, "'%}'")
        return try body(until: [end]).statements
    }

    private mutating func statement() throws(ADPOError) -> TemplateStatement {
        let line = line
        let name = try expectName()
        switch name {
        case "if": return try conditional()
        case "for": return .loop(try loop())
        case "set": return try set()
        case "macro": return .macro(try macro())
        case "call": return try callBlock()
        case "filter":
            let filter = try filters(of: nil, startsInline: true)
            return .filterBlock(filter, body: try block(until: "endfilter"))
        case "with": return try with()
        case "generation":
            marksGeneration = true
            return .generation(try block(until: "endgeneration"))
        case "break": return .breakLoop(line: line)
        case "continue": return .continueLoop(line: line)
        case "print", "block", "extends", "include", "import", "from", "autoescape", "do", "trans":
            throw templateSyntaxError(
                line, "the tag '\(name)' is not supported in chat templates", code: .unsupported)
        default: throw templateSyntaxError(line, "unknown tag '\(name)'")
        }
    }

    private mutating func conditional() throws(ADPOError) -> TemplateStatement {
        var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
        while true {
            let condition = try tuple(withConditional: false)
            try expect(.blockEnd, "'%}'")
            let (statements, end) = try body(until: ["elif", "else", "endif"])
            branches.append((condition, statements))
            switch end {
            case "elif": continue
            case "else": return .conditional(branches, otherwise: try block(until: "endif"))
            default: return .conditional(branches, otherwise: [])
            }
        }
    }

    private mutating func loop() throws(ADPOError) -> TemplateLoop {
        let target = try target(endedBy: "in")
        guard takes(name: "in") else { throw unexpected("'in'") }
        let items = try tuple(withConditional: false)
        let condition = takes(name: "if") ? try expression() : nil
        if current.isName("recursive") {
            throw templateSyntaxError(
                line, "recursive loops are not supported in chat templates", code: .unsupported)
        }
        try expect(.blockEnd, "'%}'")
        let (statements, end) = try body(until: ["else", "endfor"])
        let otherwise = end == "else" ? try block(until: "endfor") : []
        return TemplateLoop(
            target: target, items: items, condition: condition, body: statements,
            otherwise: otherwise)
    }

    private mutating func set() throws(ADPOError) -> TemplateStatement {
        let target = try target(endedBy: nil, withAttributes: true)
        if takes(operator: "=") { return .set(target, try tuple()) }
        let filter = current.isOperator("|") ? try filters(of: nil) : nil
        return .setBlock(target, filter: filter, body: try block(until: "endset"))
    }

    private mutating func with() throws(ADPOError) -> TemplateStatement {
        var values: [(target: TemplateTarget, value: TemplateExpression)] = []
        while current.kind != .blockEnd {
            if !values.isEmpty { try expect(operator: ",") }
            let target = TemplateTarget.name(try expectName())
            try expect(operator: "=")
            values.append((target, try expression()))
        }
        return .with(values, body: try block(until: "endwith"))
    }

    private mutating func macro() throws(ADPOError) -> TemplateMacro {
        let line = line
        let name = try expectName()
        let parameters = try parameters()
        return TemplateMacro(
            name: name, parameters: parameters, body: try block(until: "endmacro"), line: line)
    }

    private mutating func callBlock() throws(ADPOError) -> TemplateStatement {
        let line = line
        let parameters = current.isOperator("(") ? try parameters() : []
        let call = try expression()
        guard case .call = call.kind else {
            throw templateSyntaxError(line, "the tag 'call' needs a call")
        }
        let body = try block(until: "endcall")
        return .callBlock(
            call, TemplateMacro(name: "caller", parameters: parameters, body: body, line: line))
    }

    private mutating func parameters()
        throws(ADPOError) -> [(name: String, standard: TemplateExpression?)]
    {
        var parameters: [(name: String, standard: TemplateExpression?)] = []
        try expect(operator: "(")
        while !current.isOperator(")") {
            if !parameters.isEmpty { try expect(operator: ",") }
            let name = try expectName()
            let standard = takes(operator: "=") ? try expression() : nil
            if standard == nil, parameters.last?.standard != nil {
                throw templateSyntaxError(line, "a parameter without default follows one with")
            }
            parameters.append((name, standard))
        }
        take()
        return parameters
    }

    // MARK: Targets

    /// `a`, `(a, b)`, `a, b`, or `namespace.a`.
    private mutating func target(
        endedBy end: String?, withAttributes: Bool = false
    ) throws(ADPOError) -> TemplateTarget {
        let line = line
        var targets = [try oneTarget(withAttributes)]
        var isTuple = false
        while takes(operator: ",") {
            isTuple = true
            if end.map(current.isName) ?? (current.isOperator("=") || current.isOperator(")")) {
                break
            }
            targets.append(try oneTarget(withAttributes))
        }
        return isTuple ? .tuple(targets, line: line) : targets[0]
    }

    private mutating func oneTarget(_ withAttributes: Bool) throws(ADPOError) -> TemplateTarget {
        let line = line
        if takes(operator: "(") {
            let target = try nested { (self) throws(ADPOError) in
                try self.target(endedBy: nil, withAttributes: withAttributes)
            }
            try expect(operator: ")")
            return target
        }
        let name = try expectName()
        if ["true", "false", "none", "True", "False", "None"].contains(name) {
            throw templateSyntaxError(line, "'\(name)' cannot be assigned to")
        }
        guard withAttributes, takes(operator: ".") else { return .name(name) }
        return .attribute(of: name, try expectName(), line: line)
    }
}
