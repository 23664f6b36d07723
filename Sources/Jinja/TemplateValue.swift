import ADPOBase

/// A value while a template runs, with Python's meaning. All but namespaces are immutable, as in
/// Jinja's immutable sandbox.
enum TemplateValue {
    /// The value of a name, a member or an index that is not there, and why in words.
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    case double(Double)
    case string(String)
    case sequence(TemplateSequence)
    case dictionary(TemplateDictionary)
    case namespace(TemplateNamespace)
    case loop(TemplateLoopState)
    case function(TemplateFunction)

    /// The size of the value written out, though its parts may be shared.
    var extent: TemplateExtent {
        switch self {
        case .string(let text): TemplateExtent(size: 1 + text.utf8.count, depth: 0)
        case .sequence(let sequence): sequence.extent
        case .dictionary(let dictionary): dictionary.extent
        case .loop(let loop): loop.extent
        case .function(.method(let method)): method.receiver.extent
        default: TemplateExtent(size: 1, depth: 0)
        }
    }

    /// Python's truth: empty things, zeros and None are false.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .double(let value): value != 0
        case .string(let text): !text.isEmpty
        case .sequence(let sequence): sequence.kind == .iterator || !sequence.items.isEmpty
        case .dictionary(let dictionary): dictionary.count > 0
        case .loop(let loop): !loop.items.isEmpty
        case .namespace, .function: true
        }
    }

    /// The name of Python's type.
    var typeName: String {
        switch self {
        case .undefined: "Undefined"
        case .none: "NoneType"
        case .bool: "bool"
        case .integer: "int"
        case .double: "float"
        case .string: "str"
        case .sequence(let sequence): sequence.kind.rawValue
        case .dictionary: "dict"
        case .namespace: "Namespace"
        case .loop: "LoopContext"
        case .function: "function"
        }
    }

    /// An int, and a bool as Python counts with it.
    var integer: Int? {
        switch self {
        case .integer(let value): value
        case .bool(let value): value ? 1 : 0
        default: nil
        }
    }

    var double: Double? {
        if case .double(let value) = self { value } else { integer.map(Double.init) }
    }

    var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// - Throws: `.invalidArgument` when it is nested too deeply.
    init(_ json: JSON) throws(ADPOError) {
        switch json {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .double(let value): self = .double(value)
        case .string(let text): self = .string(text)
        case .array(let elements):
            var items: [TemplateValue] = []
            items.reserveCapacity(elements.count)
            for element in elements { items.append(try TemplateValue(element)) }
            self = try .list(items)
        case .object(let members):
            let dictionary = TemplateDictionary()
            for (key, value) in members { try dictionary.set(.string(key), TemplateValue(value)) }
            self = .dictionary(dictionary)
        }
    }

    static func list(_ items: [TemplateValue]) throws(ADPOError) -> TemplateValue {
        .sequence(try TemplateSequence(items, .list))
    }

    static func tuple(_ items: [TemplateValue]) throws(ADPOError) -> TemplateValue {
        .sequence(try TemplateSequence(items, .tuple))
    }

    static func iterator(_ items: [TemplateValue]) throws(ADPOError) -> TemplateValue {
        .sequence(try TemplateSequence(items, .iterator))
    }
}

/// Anything of Python's that is a row of values.
final class TemplateSequence {
    enum Kind: String {
        case list, tuple, range
        /// The result of dict.items() and the like, which can be iterated and knows its length.
        case view
        /// A sequence that can be iterated once, such as the result of `map`.
        case iterator = "generator"
    }

    let items: [TemplateValue]
    let kind: Kind
    let extent: TemplateExtent
    /// The number of items that have been taken from an iterator.
    var taken = 0

    init(_ items: [TemplateValue], _ kind: Kind) throws(ADPOError) {
        self.items = items
        self.kind = kind
        extent = try TemplateExtent(of: items)
    }

    /// Can be indexed, and is a sequence to the test of that name.
    var isIndexed: Bool { kind != .view && kind != .iterator }
}

/// How much there is to a value, and how deep it is. Both are bounded, since templates can nest and
/// repeat values, and what walks a value recurs and takes time by them.
struct TemplateExtent {
    /// Values, and bytes of text.
    var size: Int
    /// Containers around containers.
    var depth: Int

    static let container = TemplateExtent(size: 1, depth: 1)
    static let maximumSize = 1 << 26
    static let maximumDepth = 100

    init(size: Int, depth: Int) {
        self.size = size
        self.depth = depth
    }

    /// The extent of a container of these items.
    init(of items: [TemplateValue]) throws(ADPOError) {
        self = .container
        for item in items { try include(item.extent) }
    }

    /// Counts a part of a container.
    mutating func include(_ part: TemplateExtent) throws(ADPOError) {
        size += part.size
        depth = max(depth, 1 + part.depth)
        guard size <= Self.maximumSize, depth <= Self.maximumDepth else {
            throw ADPOError(
                .invalidArgument, "lists or dictionaries are too large or nested too deeply")
        }
    }
}

/// A dict: members in the order in which their keys came. Once it is a value, only that of a
/// namespace changes.
final class TemplateDictionary {
    private(set) var keys: [TemplateValue] = []
    private(set) var values: [TemplateValue] = []
    private var places: [TemplateKey: Int] = [:]
    private(set) var extent = TemplateExtent.container

    var count: Int { keys.count }

    /// - Throws: `.invalidArgument` for a key of a kind that Python cannot hash, and for nesting
    ///   that is too deep.
    func set(_ key: TemplateValue, _ value: TemplateValue) throws(ADPOError) {
        guard let hashable = TemplateKey(key) else {
            throw ADPOError(.invalidArgument, "unhashable type: '\(key.typeName)'")
        }
        try extent.include(value.extent)
        if let place = places[hashable] {
            extent.size -= values[place].extent.size
            values[place] = value
        } else {
            try extent.include(key.extent)
            places[hashable] = keys.count
            keys.append(key)
            values.append(value)
        }
    }

    /// nil for keys that are not there, or cannot be.
    subscript(key: TemplateValue) -> TemplateValue? {
        TemplateKey(key).flatMap { places[$0] }.map { values[$0] }
    }

    subscript(key: String) -> TemplateValue? { self[.string(key)] }
}

/// A key as Python hashes and compares it: 1 is 1.0 is True, and text is compared by its bytes, not
/// as Swift's strings by canonical equivalence.
enum TemplateKey: Hashable {
    case none
    case number(Double)
    case integer(Int)
    case text([UInt8])
    case tuple([TemplateKey])

    init?(_ value: TemplateValue) {
        switch value {
        case .none: self = .none
        case .bool(let value): self = .integer(value ? 1 : 0)
        case .integer(let value): self = .integer(value)
        case .double(let value): self = Int(exactly: value).map(Self.integer) ?? .number(value)
        case .string(let text): self = .text(Array(text.utf8))
        case .sequence(let sequence) where sequence.kind == .tuple:
            var keys: [TemplateKey] = []
            for item in sequence.items {
                guard let key = TemplateKey(item) else { return nil }
                keys.append(key)
            }
            self = .tuple(keys)
        default: return nil
        }
    }
}

/// `namespace()`: the one value that templates change.
final class TemplateNamespace {
    var members = TemplateDictionary()
}

/// The variable `loop`.
final class TemplateLoopState {
    let items: [TemplateValue]
    let extent: TemplateExtent
    var index = 0
    /// The value that `loop.changed` saw last.
    var lastSeen: TemplateValue?

    init(items: [TemplateValue]) throws(ADPOError) {
        self.items = items
        extent = try TemplateExtent(of: items)
    }
}

/// A value that can be called.
enum TemplateFunction {
    case global(String)
    /// A method of a string, dict, list or loop.
    case method(TemplateMethod)
    case macro(TemplateMacro, TemplateScope)
}

final class TemplateMethod {
    let receiver: TemplateValue
    let name: String

    init(_ name: String, of receiver: TemplateValue) {
        self.name = name
        self.receiver = receiver
    }
}

/// The variables of a template, a loop's pass, a macro's call or a block.
final class TemplateScope {
    let parent: TemplateScope?
    /// Names are ASCII as a rule, and compared by scalars in Python: hence bytes.
    var variables: [TemplateKey: TemplateValue] = [:]

    init(in parent: TemplateScope?) { self.parent = parent }

    subscript(name: String) -> TemplateValue? {
        let key = TemplateKey.text(Array(name.utf8))
        var scope: TemplateScope? = self
        while let current = scope {
            if let value = current.variables[key] { return value }
            scope = current.parent
        }
        return nil
    }

    func set(_ name: String, _ value: TemplateValue) {
        variables[.text(Array(name.utf8))] = value
    }
}
