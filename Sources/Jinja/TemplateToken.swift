import ADPOBase

/// A piece of a template's source, as Jinja's lexer cuts it.
struct TemplateToken {
    enum Kind: Equatable {
        /// Text that is written as it stands.
        case text
        case variableBegin, variableEnd
        case blockBegin, blockEnd
        case name, string, operation
        case integer(Int)
        case double(Double)
        case end
    }

    var kind: Kind
    /// A text, a name, what a string holds, or an operator.
    var text = ""
    /// From 1.
    var line: Int

    func isOperator(_ operation: String) -> Bool { kind == .operation && text == operation }
    func isName(_ name: String) -> Bool { kind == .name && text == name }

    /// The token in a message.
    var description: String {
        switch kind {
        case .text: "text"
        case .variableBegin: "'{{'"
        case .variableEnd: "'}}'"
        case .blockBegin: "'{%'"
        case .blockEnd: "'%}'"
        case .name, .operation: "'\(text)'"
        case .string: "a string"
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .end: "the end of the template"
        }
    }
}

/// An error that tells what is wrong with a template, and in which line.
func templateSyntaxError(
    _ line: Int, _ problem: String, code: ADPOError.Code = .format
) -> ADPOError {
    ADPOError(code, "the chat template, line \(line): \(problem)")
}

extension Unicode.Scalar {
    /// Python's `str.isspace`, and `\s` of its regular expressions.
    var isTemplateSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
            0x205F, 0x3000:
            true
        default: false
        }
    }
}

extension String {
    init(_ scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }
}
