import ADPOBase
import ADPOTensor

/// Lists a model's parameters while its blocks are described.
package struct ParameterBuilder {
    /// A name in both kinds of files.
    package struct Name {
        package let huggingFace: String
        package let gguf: String
        /// The module's name in transformers 5, where files keep the name that it had before.
        package let newer: String?

        package init(_ huggingFace: String, _ gguf: String, newer: String? = nil) {
            self.huggingFace = huggingFace
            self.gguf = gguf
            self.newer = newer
        }
    }

    /// Goes before names: "model.layers.3." and "blk.3.", and before the name of the module in
    /// transformers, where that is another than the file's.
    package struct Prefix {
        package var huggingFace = ""
        package var gguf = ""
        package var module = ""

        package init() {}

        package init(_ huggingFace: String, _ gguf: String, module: String? = nil) {
            self.huggingFace = huggingFace
            self.gguf = gguf
            self.module = module ?? huggingFace
        }
    }

    /// Whether a linear layer has a bias.
    package enum Bias {
        case none
        case always
        /// As a config.json says; GGUF metadata says nothing, so that the file's tensors tell.
        case configured(Bool)
    }

    package private(set) var list = ParameterList()
    package let kind: FileKind
    private let file: TensorFile
    private var prefix = Prefix()
    private var layer: Int?

    package init(_ file: TensorFile) {
        self.file = file
        switch file.kind {
        case .huggingFace: kind = .huggingFace
        case .gguf: kind = .gguf
        }
    }

    /// Lists what `body` adds under names that begin with a prefix, as parameters of a layer if one is
    /// given.
    package mutating func with<Result>(
        _ prefix: Prefix, layer: Int? = nil,
        _ body: (inout ParameterBuilder) throws(ADPOError) -> Result
    ) throws(ADPOError) -> Result {
        (self.layer, self.prefix) = (layer, prefix)
        defer { (self.layer, self.prefix) = (nil, Prefix()) }
        return try body(&self)
    }

    /// - Parameter stack: The part of a tensor in files of transformers.
    package mutating func matrix(
        _ name: Name, _ role: Parameter.Role, rows: Int, columns: Int, order: OrderInFiles = .plain,
        isTransposed: Bool = false, expert: Parameter.Expert? = nil, stack: Place.Stack? = nil
    ) -> MatrixID {
        var (huggingFace, gguf) = places(name, ".weight")
        (huggingFace.order, gguf.order) = (order.huggingFace, order.gguf)
        huggingFace.isTransposed = isTransposed
        huggingFace.stack = stack
        gguf.stack = expert.map { Place.Stack(index: $0.index, count: $0.count) }
        var parameter = Parameter(
            role: role, shape: [rows, columns], module: prefix.module + name.huggingFace,
            huggingFace: huggingFace, gguf: gguf, layer: layer)
        parameter.newerModule = name.newer.map { prefix.module + $0 }
        parameter.expert = expert
        return list.addMatrix(parameter)
    }

    package mutating func linear(
        _ name: Name, _ role: Parameter.Role = .linear, rows: Int, columns: Int, bias: Bias = .none,
        order: OrderInFiles = .plain, isTransposed: Bool = false,
        expert: Parameter.Expert? = nil, stack: Place.Stack? = nil
    ) -> LinearLayer {
        let weight = matrix(
            name, role, rows: rows, columns: columns, order: order, isTransposed: isTransposed,
            expert: expert, stack: stack)
        let hasBias =
            switch bias {
            case .none: false
            case .always: true
            case .configured(let isConfigured):
                kind == .gguf ? file.contains("\(prefix.gguf)\(name.gguf).bias") : isConfigured
            }
        return LinearLayer(
            weight: weight,
            bias: hasBias ? vector(name, .bias, ".bias", count: rows, order: order) : nil,
            rows: rows, columns: columns)
    }

    /// A bias apart from its linear layer.
    package mutating func bias(_ name: Name, count: Int) -> VectorID {
        vector(name, .bias, ".bias", count: count)
    }

    /// Norms of one shape, one for each head: parts of one tensor in GGUF files, and in transformers'
    /// where `huggingFace` does not name tensors of their own.
    package mutating func headNorms(
        _ name: Name, _ kind: Norm.Kind, heads: Int, width: Int, epsilon: Float,
        huggingFace: ((_ head: Int) -> String)? = nil
    ) -> [NormLayer] {
        (0..<heads).map { head in
            let own = Name(huggingFace?(head) ?? name.huggingFace, name.gguf)
            var (theirs, gguf) = places(own, ".weight")
            let stack = Place.Stack(index: head, count: heads)
            theirs.stack = huggingFace == nil ? stack : nil
            gguf.stack = stack
            let weight = list.addVector(
                Parameter(
                    role: .norm, shape: [width], module: prefix.module + own.huggingFace,
                    huggingFace: theirs, gguf: gguf, layer: layer))
            return NormLayer(
                kind: kind, weight: weight, bias: nil, width: width, epsilon: epsilon)
        }
    }

    /// - Parameter offset: What is added to the values in files of transformers.
    package mutating func norm(
        _ name: Name, _ kind: Norm.Kind, width: Int, epsilon: Float, hasBias: Bool = false,
        offset: Float = 0
    ) -> NormLayer {
        NormLayer(
            kind: kind, weight: vector(name, .norm, ".weight", count: width, offset: offset),
            bias: hasBias ? vector(name, .bias, ".bias", count: width) : nil, width: width,
            epsilon: epsilon)
    }

    private mutating func vector(
        _ name: Name, _ role: Parameter.Role, _ suffix: String, count: Int,
        order: OrderInFiles = .plain, offset: Float = 0
    ) -> VectorID {
        var (huggingFace, gguf) = places(name, suffix)
        (huggingFace.order, gguf.order) = (order.huggingFace, order.gguf)
        huggingFace.offset = offset
        return list.addVector(
            Parameter(
                role: role, shape: [count], module: prefix.module + name.huggingFace,
                huggingFace: huggingFace, gguf: gguf, layer: layer))
    }

    private func places(_ name: Name, _ suffix: String) -> (Place, Place) {
        (
            Place(prefix.huggingFace + name.huggingFace + suffix),
            Place(prefix.gguf + name.gguf + suffix)
        )
    }
}

/// The order of a parameter's rows in both kinds of files.
package struct OrderInFiles: Sendable {
    package let huggingFace: RowOrder
    package let gguf: RowOrder

    package static let plain = OrderInFiles(huggingFace: .plain, gguf: .plain)

    package init(huggingFace: RowOrder = .plain, gguf: RowOrder = .plain) {
        self.huggingFace = huggingFace
        self.gguf = gguf
    }
}
