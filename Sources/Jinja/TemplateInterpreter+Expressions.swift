import ADPOBase

/// The arguments of a call, a filter or a test.
struct TemplateArguments {
    var positional: [TemplateValue] = []
    var keywords: [(name: String, value: TemplateValue)] = []

    /// The values of a function's parameters in their order, nil where none is given.
    ///
    /// - Throws: `.invalidArgument` for arguments that the function does not take.
    func values(
        of parameters: [String], for function: String, required: Int = 0
    ) throws(ADPOError) -> [TemplateValue?] {
        guard positional.count <= parameters.count else {
            throw ADPOError(
                .invalidArgument, "\(function) takes at most \(parameters.count) arguments")
        }
        var values: [TemplateValue?] = positional.map(Optional.init)
        values += Array(repeating: nil, count: parameters.count - positional.count)
        for (name, value) in keywords {
            guard let index = parameters.firstIndex(of: name), values[index] == nil else {
                throw ADPOError(
                    .invalidArgument, "\(function) does not take the argument '\(name)'")
            }
            values[index] = value
        }
        if let missing = values.prefix(required).firstIndex(where: { $0 == nil }) {
            throw ADPOError(
                .invalidArgument, "\(function) needs the argument '\(parameters[missing])'")
        }
        return values
    }
}

extension TemplateInterpreter {
    /// A function for each group of expressions, which keeps the stack's frames small.
    ///
    /// - Parameter caller: what a macro finds as `caller`, when the expression calls one.
    func evaluate(
        _ expression: TemplateExpression, _ scope: TemplateScope, caller: TemplateValue? = nil
    ) throws(ADPOError) -> TemplateValue {
        try charge(1)
        at(expression.line)
        try enter()
        defer { leave() }
        switch expression.kind {
        case .constant(let value): return try TemplateValue(value)
        case .name(let name): return variable(name, scope)
        case .list, .tuple, .dictionary: return try collection(expression, scope)
        case .unary, .arithmetic, .concatenation, .comparison:
            return try operation(expression, scope)
        case .and, .or, .conditional: return try choice(expression, scope)
        case .attribute, .item, .slice: return try member(expression, scope)
        case .call: return try call(expression, scope, caller: caller)
        case .filter: return try filter(expression, of: nil, scope)
        case .test: return try test(expression, scope)
        }
    }

    @inline(never)
    private func collection(
        _ expression: TemplateExpression, _ scope: TemplateScope
    ) throws(ADPOError) -> TemplateValue {
        switch expression.kind {
        case .list(let parts): return try .list(evaluate(parts, scope))
        case .tuple(let parts): return try .tuple(evaluate(parts, scope))
        case .dictionary(let members):
            let dictionary = TemplateDictionary()
            for (key, value) in members {
                let key = try evaluate(key, scope)
                try charge(key)
                try dictionary.set(key, evaluate(value, scope))
            }
            return .dictionary(dictionary)
        default: return .none
        }
    }

    @inline(never)
    private func operation(
        _ expression: TemplateExpression, _ scope: TemplateScope
    ) throws(ADPOError) -> TemplateValue {
        switch expression.kind {
        case .unary(let operation, let operand):
            return try unary(operation, evaluate(operand, scope))
        case .arithmetic(let operation, let left, let right):
            let (left, right) = (try evaluate(left, scope), try evaluate(right, scope))
            at(expression.line)
            return try arithmetic(operation, left, right)
        case .comparison(let first, let rest):
            var left = try evaluate(first, scope)
            for (operation, operand) in rest {
                let right = try evaluate(operand, scope)
                guard try compare(operation, left, right) else { return .bool(false) }
                left = right
            }
            return .bool(true)
        case .concatenation(let parts):
            var text = ""
            for part in parts {
                text += try string(evaluate(part, scope))
            }
            return .string(text)
        default: return .none
        }
    }

    @inline(never)
    private func choice(
        _ expression: TemplateExpression, _ scope: TemplateScope
    ) throws(ADPOError) -> TemplateValue {
        switch expression.kind {
        case .and(let left, let right):
            let left = try evaluate(left, scope)
            return left.isTrue ? try evaluate(right, scope) : left
        case .or(let left, let right):
            let left = try evaluate(left, scope)
            return left.isTrue ? left : try evaluate(right, scope)
        case .conditional(let condition, let then, let otherwise):
            if try evaluate(condition, scope).isTrue { return try evaluate(then, scope) }
            guard let otherwise else {
                return .undefined("the inline if-expression was false and has no else")
            }
            return try evaluate(otherwise, scope)
        default: return .none
        }
    }

    @inline(never)
    private func member(
        _ expression: TemplateExpression, _ scope: TemplateScope
    ) throws(ADPOError) -> TemplateValue {
        switch expression.kind {
        case .attribute(let value, let name):
            return try attribute(name, of: evaluate(value, scope))
        case .item(let value, let key):
            let (value, key) = (try evaluate(value, scope), try evaluate(key, scope))
            return try item(key, of: value)
        case .slice(let value, let from, let to, let by):
            let value = try evaluate(value, scope)
            var bounds: [TemplateValue?] = []
            for bound in [from, to, by] {
                guard let bound else {
                    bounds.append(nil)
                    continue
                }
                bounds.append(try evaluate(bound, scope))
            }
            return try slice(value, integers(bounds))
        default: return .none
        }
    }

    @inline(never)
    private func call(
        _ expression: TemplateExpression, _ scope: TemplateScope, caller: TemplateValue?
    ) throws(ADPOError) -> TemplateValue {
        guard case .call(let function, let arguments) = expression.kind else { return .none }
        let callee = try evaluate(function, scope)
        let values = try evaluate(arguments, scope)
        at(expression.line)
        return try call(callee, values, caller: caller)
    }

    @inline(never)
    private func test(
        _ expression: TemplateExpression, _ scope: TemplateScope
    ) throws(ADPOError) -> TemplateValue {
        guard case .test(let value, let name, let arguments) = expression.kind else { return .none }
        let subject = try evaluate(value, scope)
        return .bool(try test(name, subject, evaluate(arguments, scope)))
    }

    /// Evaluates a filter; one without operand is of `body`, what its block writes.
    @inline(never)
    func filter(
        _ expression: TemplateExpression, of body: TemplateValue?, _ scope: TemplateScope
    ) throws(ADPOError) -> TemplateValue {
        guard case .filter(let operand, let name, let arguments) = expression.kind else {
            return try evaluate(expression, scope)
        }
        try charge(1)
        try enter()
        defer { leave() }
        let value: TemplateValue
        if let operand {
            value = try filter(operand, of: body, scope)
        } else {
            value = body ?? .string("")
        }
        let values = try evaluate(arguments, scope)
        at(expression.line)
        return try filter(name, value, values)
    }

    private func evaluate(
        _ parts: [TemplateExpression], _ scope: TemplateScope
    ) throws(ADPOError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        for part in parts { values.append(try evaluate(part, scope)) }
        return values
    }

    private func evaluate(
        _ arguments: TemplateExpression.Arguments, _ scope: TemplateScope
    ) throws(ADPOError) -> TemplateArguments {
        var values = TemplateArguments(positional: try evaluate(arguments.positional, scope))
        for (name, value) in arguments.keywords {
            values.keywords.append((name, try evaluate(value, scope)))
        }
        if let list = arguments.list {
            values.positional += try items(of: evaluate(list, scope))
        }
        if let dictionary = arguments.dictionary {
            guard case .dictionary(let members) = try evaluate(dictionary, scope) else {
                throw failure("what follows '**' is not a dictionary")
            }
            for (key, value) in zip(members.keys, members.values) {
                guard let name = key.string else { throw failure("keywords must be strings") }
                try charge(key)
                values.keywords.append((name, value))
            }
        }
        return values
    }

    private func variable(_ name: String, _ scope: TemplateScope) -> TemplateValue {
        if let value = scope[name] { return value }
        if Self.globals.contains(name) { return .function(.global(name)) }
        return .undefined("'\(name)' is undefined")
    }

    // MARK: Members

    /// `value.name`: a member of a dict is what has no method of that name.
    func attribute(
        _ name: String, of value: TemplateValue
    ) throws(ADPOError) -> TemplateValue {
        try charge(size: name.utf8.count)
        switch value {
        case .undefined(let hint): throw failure(hint)
        case .namespace(let namespace):
            if let member = namespace.members[name] { return member }
        case .loop(let loop):
            if let member = loop.attribute(name) { return member }
            if name == "cycle" || name == "changed" { return method(name, of: value) }
        default:
            if Self.hasMethod(name, value) { return method(name, of: value) }
            if case .dictionary(let dictionary) = value, let member = dictionary[name] {
                return member
            }
        }
        return .undefined("'\(value.typeName) object' has no attribute '\(name)'")
    }

    private func method(_ name: String, of value: TemplateValue) -> TemplateValue {
        .function(.method(TemplateMethod(name, of: value)))
    }

    /// `value[key]`: for a string that is no member, the attribute of that name.
    func item(_ key: TemplateValue, of value: TemplateValue) throws(ADPOError) -> TemplateValue {
        try charge(key)
        switch value {
        case .undefined(let hint): throw failure(hint)
        case .dictionary(let dictionary):
            if let member = dictionary[key] { return member }
        case .sequence(let sequence) where sequence.isIndexed:
            if let index = key.integer {
                guard let index = position(index, in: sequence.items.count) else {
                    return .undefined("'\(value.typeName) object' has no element \(index)")
                }
                return sequence.items[index]
            }
        case .string(let text):
            if let index = key.integer {
                try charge(size: text.utf8.count)
                let scalars = Array(text.unicodeScalars)
                guard let index = position(index, in: scalars.count) else {
                    return .undefined("'str object' has no element \(index)")
                }
                return .string(String(scalars[index]))
            }
        default: break
        }
        if let name = key.string { return try attribute(name, of: value) }
        return .undefined("'\(value.typeName) object' has no element \(key.representation)")
    }

    /// An index from the start, where negative ones count from the end.
    private func position(_ index: Int, in count: Int) -> Int? {
        let index = index < 0 ? index &+ count : index
        return (0..<count).contains(index) ? index : nil
    }

    private func slice(
        _ value: TemplateValue, _ bounds: [Int?]
    ) throws(ADPOError) -> TemplateValue {
        if bounds[2] == 0 { throw failure("a slice's step cannot be zero") }
        switch value {
        case .undefined(let hint): throw failure(hint)
        case .string(let text):
            try charge(size: text.utf8.count)
            let scalars = Array(text.unicodeScalars)
            return .string(
                String(sliceIndices(bounds, count: scalars.count).map { scalars[$0] }))
        case .sequence(let sequence) where sequence.isIndexed:
            let indices = sliceIndices(bounds, count: sequence.items.count)
            try charge(size: 24 * indices.count)
            return .sequence(
                try TemplateSequence(indices.map { sequence.items[$0] }, sequence.kind))
        default: throw failure("'\(value.typeName)' object cannot be sliced")
        }
    }

    /// The indices of Python's `[from:to:by]`.
    private func sliceIndices(_ bounds: [Int?], count: Int) -> [Int] {
        let step = bounds[2] ?? 1
        let lowest = step > 0 ? 0 : -1
        let highest = step > 0 ? count : count - 1
        func clamped(_ bound: Int) -> Int {
            min(max(bound < 0 ? bound &+ count : bound, lowest), highest)
        }
        let start = bounds[0].map(clamped) ?? (step > 0 ? lowest : highest)
        let end = bounds[1].map(clamped) ?? (step > 0 ? highest : lowest)
        return Array(stride(from: start, to: end, by: step))
    }

    // MARK: Values to text and items

    func string(_ value: TemplateValue) throws(ADPOError) -> String {
        try charge(value)
        return value.text
    }

    /// The items that a loop over the value goes through.
    func items(of value: TemplateValue) throws(ADPOError) -> [TemplateValue] {
        switch value {
        case .undefined: return []
        case .string(let text):
            try charge(size: 24 * text.utf8.count)
            return text.unicodeScalars.map { .string(String($0)) }
        case .sequence(let sequence):
            try charge(size: sequence.items.count)
            guard sequence.kind == .iterator else { return sequence.items }
            defer { sequence.taken = sequence.items.count }
            return Array(sequence.items.dropFirst(sequence.taken))
        case .dictionary(let dictionary):
            try charge(size: dictionary.count)
            return dictionary.keys
        case .loop(let loop):
            try charge(size: loop.items.count)
            return loop.items
        default: throw failure("'\(value.typeName)' object is not iterable")
        }
    }
}

extension TemplateLoopState {
    func attribute(_ name: String) -> TemplateValue? {
        switch name {
        case "index": .integer(index + 1)
        case "index0": .integer(index)
        case "revindex": .integer(items.count - index)
        case "revindex0": .integer(items.count - index - 1)
        case "first": .bool(index == 0)
        case "last": .bool(index == items.count - 1)
        case "length": .integer(items.count)
        // Only recursive loops, which are not supported, are deeper.
        case "depth": .integer(1)
        case "depth0": .integer(0)
        case "previtem": index > 0 ? items[index - 1] : .undefined("there is no previous item")
        case "nextitem":
            index + 1 < items.count ? items[index + 1] : .undefined("there is no next item")
        default: nil
        }
    }
}
