import ADPOBase

extension ADPOError {
    static func unsupportedPart(_ what: String, known: String? = nil) -> ADPOError {
        ADPOError(
            .unsupported,
            "\(what) is not supported yet" + (known.map { "; known are \($0)" } ?? ""))
    }
}
