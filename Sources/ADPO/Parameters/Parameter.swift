import ADPOTensor

/// A tensor of a model: what it is, and where the two kinds of files have it.
///
/// The unit is the tensor of the family's own module in transformers, since that is what adapters adapt
/// and files hold: a fused projection is one matrix.
package struct Parameter: Sendable {
    package enum Role: Sendable {
        case embedding
        /// The embedding of positions, where they are learned.
        case positions
        case head
        case linear
        /// A linear layer of one expert of a mixture.
        case expert
        /// The linear layer that chooses experts.
        case router
        case norm
        case bias
    }

    /// Which expert of a layer a matrix is of, and what it is there.
    package struct Expert: Sendable {
        package enum Part: Sendable {
            case gate
            case up
            case down
        }

        package let part: Part
        package let index: Int
        package let count: Int

        package init(_ part: Part, index: Int, count: Int) {
            self.part = part
            self.index = index
            self.count = count
        }
    }

    package let role: Role
    /// [out, in] of a linear layer, [rows, width] of an embedding, [count] of a norm or bias.
    package let shape: [Int]
    /// The module that it is the weight or bias of, as transformers names it.
    package let module: String
    /// The name in transformers 5 of the module, or of the parameter that it is a part of, where files keep
    /// the name that it had before.
    package var newerModule: String?
    package var expert: Expert?
    package let huggingFace: Place
    package let gguf: Place
    /// The decoder layer that it belongs to.
    package let layer: Int?

    package init(
        role: Role, shape: [Int], module: String, huggingFace: Place, gguf: Place, layer: Int?
    ) {
        self.role = role
        self.shape = shape
        self.module = module
        self.huggingFace = huggingFace
        self.gguf = gguf
        self.layer = layer
    }

    package var elementCount: Int { shape.reduce(1, *) }

    package func place(in kind: FileKind) -> Place {
        switch kind {
        case .huggingFace: huggingFace
        case .gguf: gguf
        }
    }
}

/// The two kinds of files that models come in.
package enum FileKind: Sendable {
    case huggingFace
    case gguf

    /// The kind that a path asks for.
    package init(path: String) {
        self = path.utf8.suffix(5).elementsEqual(".gguf".utf8) ? .gguf : .huggingFace
    }
}

/// Where a kind of file has a parameter.
package struct Place: Sendable {
    /// The tensor's name.
    package var name: String
    /// The parameter is one of several of its shape in a tensor [count, ...], of which the rows of `joined`
    /// neighbours may count as one: [count / joined, joined * rows, columns].
    package struct Stack: Sendable {
        package let index: Int
        package let count: Int
        package var joined = 1

        package init(index: Int, count: Int, joined: Int = 1) {
            self.index = index
            self.count = count
            self.joined = joined
        }
    }

    package var stack: Stack?
    package var order = RowOrder.plain
    /// The tensor is [in, out].
    package var isTransposed = false
    /// Added to the tensor's values: Gemma's norms multiply by 1 + w.
    package var offset: Float = 0

    package init(_ name: String) { self.name = name }

    /// The tensor's shape, given the parameter's.
    package func shape(of parameter: [Int]) -> [Int] {
        let shape = isTransposed ? parameter.reversed() : parameter
        guard let stack else { return shape }
        let rows = (shape.first ?? 1) * stack.joined
        return [stack.count / stack.joined, rows] + shape.dropFirst()
    }
}

/// The order in which a file has the rows of a matrix, and the elements of its bias.
package enum RowOrder: Sendable, Hashable {
    /// As transformers' rotary halves want it, and with all queries before all keys and values.
    case plain
    /// The two halves of each head are interleaved, for rotary pairs (2i, 2i + 1): what llama.cpp's
    /// converter makes of the queries and keys of the llama family.
    case interleaved(headWidth: Int)
    /// [heads, 3, headWidth] rather than [3, heads, headWidth]: the query, key and value of a head
    /// stand together, as in GPT-NeoX.
    case perHead(heads: Int, headWidth: Int)

    /// Where row `row` of this order stands in the plain one.
    package func plain(_ row: Int) -> Int {
        switch self {
        case .plain: return row
        case .interleaved(let headWidth):
            let (head, element) = row.quotientAndRemainder(dividingBy: headWidth)
            return head * headWidth + element % 2 * (headWidth / 2) + element / 2
        case .perHead(let heads, let headWidth):
            let (head, rest) = row.quotientAndRemainder(dividingBy: 3 * headWidth)
            let (part, element) = rest.quotientAndRemainder(dividingBy: headWidth)
            return (part * heads + head) * headWidth + element
        }
    }

    /// The inverse: where row `row` of the plain order stands in this one.
    package func row(ofPlain row: Int) -> Int {
        switch self {
        case .plain: return row
        case .interleaved(let headWidth):
            let (head, element) = row.quotientAndRemainder(dividingBy: headWidth)
            let half = headWidth / 2
            return head * headWidth + element % half * 2 + element / half
        case .perHead(let heads, let headWidth):
            let (block, element) = row.quotientAndRemainder(dividingBy: headWidth)
            let (part, head) = block.quotientAndRemainder(dividingBy: heads)
            return (head * 3 + part) * headWidth + element
        }
    }

    /// The row of `other` that is row `row` of this order.
    package func row(_ row: Int, in other: RowOrder) -> Int {
        self == other ? row : other.row(ofPlain: plain(row))
    }
}

extension TensorFile.Kind {
    package var fileKind: FileKind {
        switch self {
        case .huggingFace: .huggingFace
        case .gguf: .gguf
        }
    }
}
