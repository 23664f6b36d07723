import ADPOBase

/// A place to compute with a model: scratch memory, and the adapter in use.
///
/// One thread at a time.
public final class Session {
    public let model: Model
    /// Computations use this adapter; nil for the model alone.
    public private(set) var adapter: Adapter?
    let decoder: Decoder

    /// - Throws: `.outOfMemory`.
    public init(model: Model, dtype: DType = .f32) throws(ADPOError) {
        self.model = model
        decoder = try Decoder(model: model, dtype: dtype)
    }

    /// The type that products with weights compute in here: `.f32` or `.bf16`.
    public var dtype: DType { decoder.dtype }

    /// Computes with this adapter from now on; nil for the model alone.
    ///
    /// - Throws: `.invalidArgument` for an adapter of another model.
    public func setAdapter(_ adapter: Adapter?) throws(ADPOError) {
        try adapter?.check(model)
        self.adapter = adapter
    }
}
