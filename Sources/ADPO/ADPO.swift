import ADPOBase

/// Why an operation failed: a code, and a message that says what happened, where, and what to do.
public typealias ADPOError = ADPOBase.ADPOError
