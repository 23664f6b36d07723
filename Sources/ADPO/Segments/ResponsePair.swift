/// Something of the chosen response, and the same of the rejected one.
public struct ResponsePair<Value> {
    public var chosen: Value
    public var rejected: Value

    public init(chosen: Value, rejected: Value) {
        self.chosen = chosen
        self.rejected = rejected
    }
}

extension ResponsePair: Sendable where Value: Sendable {}
extension ResponsePair: Equatable where Value: Equatable {}
