import ADPOBase

/// The Jinja program that comes with a model and writes a conversation the way it was trained on.
///
/// It is run as transformers does it: the same variables, blocks trimmed, and values that cannot be
/// changed. Templates come from strangers: depth, steps and output are bounded.
public struct ChatTemplate: Sendable {
    private let statements: [TemplateStatement]
    /// The template has `{% generation %}` blocks, which mark what the assistant says.
    package let marksGeneration: Bool

    /// Longer templates are refused; the longest in use have some 20,000 bytes.
    private static let maximumLength = 1 << 20

    /// - Throws: `.format` for what is no Jinja, `.unsupported` for tags without use in a chat;
    ///   both name the line.
    public init(_ source: String) throws(ADPOError) {
        guard source.utf8.count <= Self.maximumLength else {
            throw ADPOError(
                .unsupported,
                "the chat template has \(source.utf8.count) bytes; at most \(Self.maximumLength) are supported"
            )
        }
        (statements, marksGeneration) = try TemplateParser.statements(of: source)
    }

    /// Runs the template with these variables.
    ///
    /// - Parameter now: Seconds since 1970, which `strftime_now` writes in the local time zone.
    /// - Throws: `.invalidArgument`, naming the template's line: what the template says of the
    ///   messages, such as that roles must alternate, or what is wrong with it; `.unsupported`.
    package func render(
        _ variables: [(name: String, value: JSON)], now: Int = Clock.calendarSeconds
    ) throws(ADPOError) -> RenderedTemplate {
        let interpreter = TemplateInterpreter(now: now)
        do throws(ADPOError) {
            var values: [(String, TemplateValue)] = []
            for (name, value) in variables { values.append((name, try TemplateValue(value))) }
            // Numbers and dates are written as in a Python that has set no locale.
            return try CLocale.with { () throws(ADPOError) in
                try interpreter.render(statements, variables: values)
            }
        } catch {
            throw templateSyntaxError(interpreter.line, error.message, code: error.code)
        }
    }
}

/// A template's text, and where in it the assistant speaks.
package struct RenderedTemplate: Sendable {
    package let text: String
    /// The offsets, in UTF-8, of `{% generation %}` blocks.
    package let generated: [Range<Int>]
}
