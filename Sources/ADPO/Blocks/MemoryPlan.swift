import ADPOTensor

/// A place for rows of floats in the memory of a pass, [rows, width].
struct Slot {
    let offset: Int
    let rows: Int
    let width: Int

    var count: Int { rows * width }

    /// Some of the rows; none of a slot that has none.
    func rows(_ range: Range<Int>) -> Slot {
        let range = range.clamped(to: 0..<rows)
        return Slot(offset: offset + range.lowerBound * width, rows: range.count, width: width)
    }
}

/// Deals out one block of floats. It is a value, which also tells how much memory a pass takes before
/// any is allocated.
struct MemoryPlan {
    /// Where the next slot begins.
    private(set) var end: Int

    init(from start: Int = 0) { end = start }

    mutating func take(_ rows: Int, _ width: Int) -> Slot {
        defer { end += (rows * width + 15) / 16 * 16 }  // Cache lines are 16 floats.
        return Slot(offset: end, rows: rows, width: width)
    }
}

/// Memory that several use at different times: as much as the one who wants most of it.
struct SharedMemory {
    private let start: Int
    private(set) var end: Int

    /// Begins where a plan ends.
    init(behind plan: MemoryPlan) { (start, end) = (plan.end, plan.end) }

    /// Lets `body` deal the memory out anew.
    mutating func plan<Result>(_ body: (inout MemoryPlan) -> Result) -> Result {
        var plan = MemoryPlan(from: start)
        defer { end = max(end, plan.end) }
        return body(&plan)
    }
}

/// The purpose and size of one pass of the decoder, from which its memory follows.
struct PassShape: Equatable {
    var tokens: Int
    /// The most keys that any query sees.
    var keys: Int
    /// Hidden states that go to the head.
    var targets: Int
    /// 0 without adapter.
    var rank: Int
    /// The adapter has magnitudes (DoRA).
    var hasMagnitudes = false
    var hasDropout = false
    /// A backward pass follows: so many bytes of activations are kept. The layers that are left are
    /// computed again, each from its input.
    var isTraining: Bool
    var activationMemory: Int
    var dtype: DType
    /// Parts of a product or of the attention that run side by side.
    var lanes = Parallel.threadCount

    /// The rows of what only training needs.
    var trainedTokens: Int { isTraining ? tokens : 0 }
}
