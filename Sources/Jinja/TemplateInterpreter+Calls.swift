import ADPOBase

extension TemplateInterpreter {
    /// Functions that every template can call.
    static let globals: Set<String> = [
        "range", "dict", "namespace", "raise_exception", "strftime_now",
    ]
    private static let dictionaryMethods: Set<String> = ["keys", "values", "items", "get", "copy"]
    private static let sequenceMethods: Set<String> = ["index", "count"]
    /// The methods that would change their object, which Jinja's immutable sandbox refuses.
    private static let changingMethods: Set<String> = [
        "append", "extend", "insert", "pop", "remove", "clear", "update", "setdefault", "popitem",
        "sort", "reverse",
    ]

    static func hasMethod(_ name: String, _ value: TemplateValue) -> Bool {
        switch value {
        case .string: stringMethods.contains(name)
        case .dictionary:
            dictionaryMethods.contains(name)
                || ["clear", "pop", "popitem", "setdefault", "update"].contains(name)
        case .sequence(let sequence) where sequence.kind == .list:
            sequenceMethods.contains(name) || changingMethods.contains(name) || name == "copy"
        case .sequence(let sequence): sequence.isIndexed && sequenceMethods.contains(name)
        default: false
        }
    }

    func call(
        _ function: TemplateValue, _ arguments: TemplateArguments, caller: TemplateValue?
    ) throws(ADPOError) -> TemplateValue {
        switch function {
        case .function(.macro(let macro, let scope)):
            return try call(macro, scope, arguments, caller: caller)
        case .function(.method(let method)): return try call(method, arguments)
        case .function(.global(let name)): return try global(name, arguments)
        case .undefined(let hint): throw failure(hint)
        default: break
        }
        throw failure("'\(function.typeName)' object is not callable")
    }

    private func call(
        _ method: TemplateMethod, _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateValue {
        switch method.receiver {
        case .string(let text): try stringMethod(method.name, text, arguments)
        case .dictionary(let dictionary):
            try dictionaryMethod(method.name, dictionary, arguments)
        case .sequence(let sequence): try sequenceMethod(method.name, sequence, arguments)
        case .loop(let loop): try loopMethod(method.name, loop, arguments)
        default: throw failure("'\(method.name)' cannot be called")
        }
    }

    // MARK: Functions

    private func global(
        _ name: String, _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateValue {
        switch name {
        case "range": return try range(arguments)
        case "dict": return .dictionary(try dictionary(arguments))
        case "namespace":
            let namespace = TemplateNamespace()
            hold(namespace)
            let members = try dictionary(arguments)
            for (key, value) in zip(members.keys, members.values) {
                try setMember(string(key), value, of: namespace)
            }
            return .namespace(namespace)
        case "raise_exception":
            let message = try arguments.values(of: ["message"], for: name, required: 1)[0]
            throw failure(try string(message ?? .none))
        default:
            let format = try arguments.values(of: ["format"], for: name, required: 1)[0]
            return .string(try formattedTime(string(format ?? .none)))
        }
    }

    private func range(_ arguments: TemplateArguments) throws(ADPOError) -> TemplateValue {
        let bounds = try integers(
            arguments.values(of: ["start", "stop", "step"], for: "range", required: 1))
        let start = bounds[1] == nil ? 0 : bounds[0] ?? 0
        let stop = bounds[1] ?? bounds[0] ?? 0
        let step = bounds[2] ?? 1
        guard step != 0 else { throw failure("the step of a range cannot be zero") }
        // The sandbox's limit, and a bound to what is computed here.
        let limit = 100_000
        var items: [TemplateValue] = []
        for value in stride(from: start, to: stop, by: step) {
            guard items.count < limit else { throw failure("a range has more than \(limit) items") }
            items.append(.integer(value))
        }
        try charge(size: 24 * items.count)
        return .sequence(try TemplateSequence(items, .range))
    }

    /// nil stays nil, and None becomes nil.
    func integers(_ values: [TemplateValue?]) throws(ADPOError) -> [Int?] {
        var integers: [Int?] = []
        for value in values {
            switch value {
            case nil, .some(.none): integers.append(nil)
            case let value?:
                guard let integer = value.integer else {
                    throw failure("an integer is needed, not '\(value.typeName)'")
                }
                integers.append(integer)
            }
        }
        return integers
    }

    private func dictionary(
        _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateDictionary {
        let dictionary = TemplateDictionary()
        guard arguments.positional.count <= 1 else {
            throw failure("dict takes at most one argument")
        }
        switch arguments.positional.first {
        case .dictionary(let source)?:
            try charge(size: 48 * source.count)
            try charge(.dictionary(source))
            for (key, value) in zip(source.keys, source.values) { try dictionary.set(key, value) }
        case let pairs?:
            for pair in try items(of: pairs) {
                let pair = try items(of: pair)
                guard pair.count == 2 else { throw failure("dict needs pairs") }
                try charge(pair[0])
                try dictionary.set(pair[0], pair[1])
            }
        case nil: break
        }
        for (name, value) in arguments.keywords { try dictionary.set(.string(name), value) }
        return dictionary
    }

    /// The local time, as `strftime` writes it.
    private func formattedTime(_ format: String) throws(ADPOError) -> String {
        guard let text = Clock.localTime(now, format: format) else {
            throw failure("strftime_now: the format is too long")
        }
        return text
    }

    // MARK: Methods of containers

    private func dictionaryMethod(
        _ name: String, _ dictionary: TemplateDictionary, _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateValue {
        switch name {
        case "get":
            let values = try arguments.values(of: ["key", "default"], for: name, required: 1)
            let key = values[0] ?? .none
            try charge(key)
            return dictionary[key] ?? values[1] ?? .none
        case "copy": return .dictionary(dictionary)
        case "keys", "values":
            try charge(size: dictionary.count)
            return .sequence(
                try TemplateSequence(name == "keys" ? dictionary.keys : dictionary.values, .view))
        case "items": return .sequence(try TemplateSequence(pairs(dictionary), .view))
        default: throw unsafe(name, "dict")
        }
    }

    private func unsafe(_ name: String, _ type: String) -> ADPOError {
        failure("'\(name)' would change a \(type), which templates cannot; use a new one")
    }

    /// The members as tuples.
    func pairs(_ dictionary: TemplateDictionary) throws(ADPOError) -> [TemplateValue] {
        try charge(size: 48 * dictionary.count)
        var pairs: [TemplateValue] = []
        for (key, value) in zip(dictionary.keys, dictionary.values) {
            pairs.append(try .tuple([key, value]))
        }
        return pairs
    }

    private func sequenceMethod(
        _ name: String, _ sequence: TemplateSequence, _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateValue {
        switch name {
        case "copy": return .sequence(sequence)
        case "index", "count":
            let value = try arguments.values(of: ["value"], for: name, required: 1)[0] ?? .none
            var count = 0
            for (index, item) in sequence.items.enumerated() where try isEqual(item, value) {
                if name == "index" { return .integer(index) }
                count += 1
            }
            if name == "index" { throw failure("index: the value is not in the list") }
            return .integer(count)
        default: throw unsafe(name, "list")
        }
    }

    private func loopMethod(
        _ name: String, _ loop: TemplateLoopState, _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateValue {
        let values = arguments.positional
        guard name == "changed" else {
            guard !values.isEmpty else { throw failure("loop.cycle needs values") }
            return values[loop.index % values.count]
        }
        let value = try TemplateValue.tuple(values)
        if let last = loop.lastSeen {
            if try isEqual(last, value) { return .bool(false) }
        } else {
            hold(loop)
        }
        loop.lastSeen = value
        return .bool(true)
    }
}
