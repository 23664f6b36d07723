import ADPOBase

/// Runs a parsed template. Its errors do not name the line; `line` is the one that they are about.
final class TemplateInterpreter {
    private(set) var line = 1
    /// Seconds since 1970, for `strftime_now`.
    let now: Int
    private var output = ""
    /// Where `{% generation %}` blocks lie in the output, as offsets in UTF-8.
    private var generated: [Range<Int>] = []
    /// The captures around what runs: of the output, a macro's or a block's text.
    private var captures = 0
    private var depth = 0
    private var budget = TemplateInterpreter.maximumCost
    /// All namespaces, the scopes that macros hold, and the loops that remember a value: the only
    /// values that can hold each other in a ring, or in a chain too long to be released by recursion.
    /// They are emptied at the end.
    private var namespaces: [TemplateNamespace] = []
    private var heldScopes: [TemplateScope] = []
    private var heldLoops: [TemplateLoopState] = []

    /// Expressions, blocks and calls within each other beyond this are refused: a level takes half a
    /// kilobyte of the host's stack.
    private static let maximumDepth = 200
    /// About the number of steps; a long conversation takes a hundred thousand.
    private static let maximumCost = 20_000_000

    enum Flow { case next, breakLoop, continueLoop }

    init(now: Int) { self.now = now }

    deinit {
        for scope in heldScopes { scope.variables = [:] }
        for namespace in namespaces { namespace.members = TemplateDictionary() }
        for loop in heldLoops { loop.lastSeen = nil }
    }

    /// The text of a template.
    func render(
        _ statements: [TemplateStatement], variables: [(String, TemplateValue)]
    ) throws(ADPOError) -> RenderedTemplate {
        let context = TemplateScope(in: nil)
        for (name, value) in variables { context.set(name, value) }
        let text = try captured(statements, TemplateScope(in: context))
        return RenderedTemplate(text: text, generated: generated)
    }

    // MARK: Limits

    /// Counts work, before it is done.
    func charge(_ cost: Int) throws(ADPOError) {
        budget -= min(cost, Self.maximumCost)
        guard budget >= 0 else { throw failure("the template does not end, or writes too much") }
    }

    /// Counts text or values that are about to be made or walked over.
    func charge(size: Int) throws(ADPOError) { try charge(1 + size / 4) }

    func charge(_ value: TemplateValue) throws(ADPOError) { try charge(size: value.extent.size) }

    func failure(_ message: String) -> ADPOError { ADPOError(.invalidArgument, message) }

    /// Goes one level down; `leave` comes back.
    func enter() throws(ADPOError) {
        guard depth < Self.maximumDepth else {
            throw failure("expressions, blocks or macro calls are nested too deeply")
        }
        depth += 1
    }

    func leave() { depth -= 1 }

    func at(_ line: Int) { self.line = line }

    func hold(_ scope: TemplateScope) { heldScopes.append(scope) }

    func hold(_ namespace: TemplateNamespace) { namespaces.append(namespace) }

    func hold(_ loop: TemplateLoopState) { heldLoops.append(loop) }

    // MARK: Statements

    private func write(_ text: String) throws(ADPOError) {
        try charge(size: text.utf8.count)
        output += text
    }

    /// The text of statements, which is taken out of the output.
    private func captured(
        _ statements: [TemplateStatement], _ scope: TemplateScope
    ) throws(ADPOError) -> String {
        let outer = output
        output = ""
        captures += 1
        defer {
            captures -= 1
            output = outer
        }
        _ = try run(statements, scope)
        return output
    }

    /// Runs a `{% generation %}` block and notes where its text lies. What a macro writes has no place in
    /// the output yet.
    private func runGeneration(
        _ body: [TemplateStatement], _ scope: TemplateScope
    ) throws(ADPOError) -> Flow {
        let start = output.utf8.count
        let flow = try run(body, TemplateScope(in: scope))
        if captures == 1, start < output.utf8.count { generated.append(start..<output.utf8.count) }
        return flow
    }

    private func run(
        _ statements: [TemplateStatement], _ scope: TemplateScope
    ) throws(ADPOError) -> Flow {
        try enter()
        defer { leave() }
        for statement in statements {
            try charge(1)
            let flow = try run(statement, scope)
            if flow != .next { return flow }
        }
        return .next
    }

    private func run(
        _ statement: TemplateStatement, _ scope: TemplateScope
    ) throws(ADPOError) -> Flow {
        switch statement {
        case .text(let text): try write(text)
        case .output(let expression): try write(string(evaluate(expression, scope)))
        case .conditional(let branches, let otherwise):
            for (condition, body) in branches where try evaluate(condition, scope).isTrue {
                return try run(body, scope)
            }
            return try run(otherwise, scope)
        case .loop(let loop): return try run(loop, scope)
        case .set(let target, let expression):
            try assign(evaluate(expression, scope), to: target, scope)
        case .setBlock(let target, let filter, let body):
            let text = TemplateValue.string(try captured(body, TemplateScope(in: scope)))
            try assign(
                filter.map { (filter) throws(ADPOError) in
                    try self.filter(filter, of: text, scope)
                } ?? text, to: target, scope)
        case .filterBlock(let filter, let body):
            let text = TemplateValue.string(try captured(body, TemplateScope(in: scope)))
            try write(string(self.filter(filter, of: text, scope)))
        case .with(let values, let body):
            let inner = TemplateScope(in: scope)
            for (target, value) in values { try assign(evaluate(value, scope), to: target, inner) }
            return try run(body, inner)
        case .generation(let body): return try runGeneration(body, scope)
        case .macro(let macro):
            scope.set(macro.name, .function(.macro(macro, scope)))
            hold(scope)
        case .callBlock(let call, let caller):
            hold(scope)
            try write(
                string(evaluate(call, scope, caller: .function(.macro(caller, scope)))))
        case .breakLoop: return .breakLoop
        case .continueLoop: return .continueLoop
        }
        return .next
    }

    private func run(_ loop: TemplateLoop, _ scope: TemplateScope) throws(ADPOError) -> Flow {
        var items = try self.items(of: evaluate(loop.items, scope))
        if let condition = loop.condition {
            var kept: [TemplateValue] = []
            for item in items {
                let pass = TemplateScope(in: scope)
                try assign(item, to: loop.target, pass)
                if try evaluate(condition, pass).isTrue { kept.append(item) }
            }
            items = kept
        }
        let state = try TemplateLoopState(items: items)
        var wasCompleted = false
        for index in items.indices {
            state.index = index
            let pass = TemplateScope(in: scope)
            pass.set("loop", .loop(state))
            try assign(items[index], to: loop.target, pass)
            let flow = try run(loop.body, pass)
            if flow == .next { wasCompleted = true }
            if flow == .breakLoop { break }
        }
        // Jinja has it so: also when each pass was left by `continue` or `break`.
        return wasCompleted ? .next : try run(loop.otherwise, TemplateScope(in: scope))
    }

    private func assign(
        _ value: TemplateValue, to target: TemplateTarget, _ scope: TemplateScope
    ) throws(ADPOError) {
        try charge(1)
        switch target {
        case .name(let name): scope.set(name, value)
        case .attribute(let name, let attribute, let line):
            guard case .namespace(let namespace)? = scope[name] else {
                at(line)
                throw failure("cannot assign to '\(name).\(attribute)': only namespaces can change")
            }
            try setMember(attribute, value, of: namespace)
        case .tuple(let targets, let line):
            let values = try items(of: value)
            guard values.count == targets.count else {
                at(line)
                throw failure("\(values.count) values cannot be assigned to \(targets.count) names")
            }
            for (target, value) in zip(targets, values) { try assign(value, to: target, scope) }
        }
    }

    /// - Throws: as transformers, for names that begin with an underscore.
    func setMember(
        _ name: String, _ value: TemplateValue, of namespace: TemplateNamespace
    ) throws(ADPOError) {
        guard name.utf8.first != UInt8(ascii: "_") else {
            throw failure("a namespace cannot have the attribute '\(name)'")
        }
        try namespace.members.set(.string(name), value)
    }

    // MARK: Macros

    /// Calls a macro; what it writes is its result.
    func call(
        _ macro: TemplateMacro, _ definition: TemplateScope, _ arguments: TemplateArguments,
        caller: TemplateValue?
    ) throws(ADPOError) -> TemplateValue {
        let scope = TemplateScope(in: definition)
        var keywords = arguments.keywords
        for (index, parameter) in macro.parameters.enumerated() {
            let keyword = keywords.firstIndex { $0.name == parameter.name }
            if index < arguments.positional.count {
                guard keyword == nil else {
                    throw failure("macro '\(macro.name)' got two values for '\(parameter.name)'")
                }
                scope.set(parameter.name, arguments.positional[index])
            } else if let keyword {
                scope.set(parameter.name, keywords.remove(at: keyword).value)
            } else if let standard = parameter.standard {
                scope.set(parameter.name, try evaluate(standard, scope))
            } else {
                scope.set(
                    parameter.name, .undefined("parameter '\(parameter.name)' was not provided"))
            }
        }
        scope.set(
            "varargs", try .tuple(Array(arguments.positional.dropFirst(macro.parameters.count))))
        let rest = TemplateDictionary()
        for (name, value) in keywords { try rest.set(.string(name), value) }
        scope.set("kwargs", .dictionary(rest))
        scope.set(
            "caller",
            caller ?? .undefined("there is no caller: the macro was not used in a call block"))
        return .string(try captured(macro.body, scope))
    }
}
