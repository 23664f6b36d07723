import ADPOBase

/// An expression of a template. Its depth is bounded, so that walking the tree is too.
final class TemplateExpression: Sendable {
    let kind: Kind
    let line: Int
    let depth: Int

    /// Nesting beyond this is refused; templates stay below 30.
    static let maximumDepth = 100

    init(_ kind: Kind, line: Int, over parts: [TemplateExpression] = []) throws(ADPOError) {
        self.kind = kind
        self.line = line
        depth = 1 + (parts.map(\.depth).max() ?? 0)
        guard depth <= Self.maximumDepth else {
            throw templateSyntaxError(line, "an expression is nested too deeply")
        }
    }

    enum Kind: Sendable {
        /// null, a Boolean, a number or a string.
        case constant(JSON)
        case name(String)
        case list([TemplateExpression])
        case tuple([TemplateExpression])
        case dictionary([(key: TemplateExpression, value: TemplateExpression)])
        case unary(Unary, TemplateExpression)
        case arithmetic(Arithmetic, TemplateExpression, TemplateExpression)
        case and(TemplateExpression, TemplateExpression)
        case or(TemplateExpression, TemplateExpression)
        /// `a < b <= c`, as Python chains it.
        case comparison(
            TemplateExpression, [(operation: Comparison, operand: TemplateExpression)])
        case concatenation([TemplateExpression])
        case conditional(
            TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
        case attribute(TemplateExpression, String)
        case item(TemplateExpression, TemplateExpression)
        case slice(
            TemplateExpression, from: TemplateExpression?, to: TemplateExpression?,
            by: TemplateExpression?)
        case call(TemplateExpression, Arguments)
        /// A filter of a value; in filter blocks that is nil, and stands for the block's text.
        case filter(TemplateExpression?, String, Arguments)
        case test(TemplateExpression, String, Arguments)
    }

    enum Unary: Sendable { case not, minus, plus }
    enum Arithmetic: String, Sendable {
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case floorDivide = "//"
        case remainder = "%"
        case power = "**"
    }
    enum Comparison: String, Sendable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case contained = "in"
        case notContained = "not in"
    }

    struct Arguments: Sendable {
        var positional: [TemplateExpression] = []
        var keywords: [(name: String, value: TemplateExpression)] = []
        /// `*list`
        var list: TemplateExpression?
        /// `**dictionary`
        var dictionary: TemplateExpression?

        var expressions: [TemplateExpression] {
            positional + keywords.map(\.value) + [list, dictionary].compactMap(\.self)
        }
    }
}

/// A statement of a template, or text between statements.
indirect enum TemplateStatement: Sendable {
    case text(String)
    case output(TemplateExpression)
    case conditional(
        [(condition: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement]
    )
    case loop(TemplateLoop)
    case set(TemplateTarget, TemplateExpression)
    /// `{% set x %}...{% endset %}`, its filters from outside in.
    case setBlock(TemplateTarget, filter: TemplateExpression?, body: [TemplateStatement])
    case filterBlock(TemplateExpression, body: [TemplateStatement])
    case with([(target: TemplateTarget, value: TemplateExpression)], body: [TemplateStatement])
    /// `{% generation %}`, which marks what the assistant says.
    case generation([TemplateStatement])
    case macro(TemplateMacro)
    /// `{% call(x) f() %}...{% endcall %}`: the body is the macro `caller` of the call.
    case callBlock(TemplateExpression, TemplateMacro)
    case breakLoop(line: Int)
    case continueLoop(line: Int)
}

struct TemplateLoop: Sendable {
    var target: TemplateTarget
    var items: TemplateExpression
    var condition: TemplateExpression?
    var body: [TemplateStatement]
    var otherwise: [TemplateStatement]
}

final class TemplateMacro: Sendable {
    let name: String
    let parameters: [(name: String, standard: TemplateExpression?)]
    let body: [TemplateStatement]
    let line: Int

    init(
        name: String, parameters: [(name: String, standard: TemplateExpression?)],
        body: [TemplateStatement], line: Int
    ) {
        self.name = name
        self.parameters = parameters
        self.body = body
        self.line = line
    }
}

/// The left side of an assignment.
indirect enum TemplateTarget: Sendable {
    case name(String)
    case attribute(of: String, String, line: Int)
    case tuple([TemplateTarget], line: Int)
}
