/// Why an operation failed: the one error of the library.
///
/// The codes correspond one to one to the `adpo_status` values of `adpo.h`.
public struct ADPOError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: Int32, CaseIterable, Sendable {
        case invalidArgument = 1
        case notFound = 2
        case io = 3
        case format = 4
        case unsupported = 5
        case outOfMemory = 6
        case bufferTooSmall = 7
        case busy = 8
        case numeric = 9
        case `internal` = 10
        case cancelled = 11
    }

    public let code: Code
    /// The text says what happened, where, and what to do about it.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}

/// - Throws: `.invalidArgument` unless the condition holds.
package func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(ADPOError) {
    guard condition else { throw ADPOError(.invalidArgument, message()) }
}
