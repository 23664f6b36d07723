import ADPO
import ADPOBase

/// An enum of the library whose cases have values in adpo.h.
protocol HeaderEnum: CaseIterable {
    static var name: String { get }
    var cValue: Int32 { get }
}

extension HeaderEnum {
    /// - Throws: `.invalidArgument` for a value that the enum does not have.
    init(_ value: Int32) throws(ADPOError) {
        guard let match = Self.allCases.first(where: { $0.cValue == value }) else {
            throw ADPOError(.invalidArgument, "there is no \(Self.name) \(value)")
        }
        self = match
    }
}
