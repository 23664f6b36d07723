extension UnsafeBufferPointer<UInt8> {
    /// Where a text, which is not empty, occurs next.
    func firstMatch(of pattern: [UInt8], from start: Int) -> Int? {
        guard let first = pattern.first else { return nil }
        var index = start
        while index + pattern.count <= count {
            if self[index] == first, self[index..<index + pattern.count].elementsEqual(pattern) {
                return index
            }
            index += 1
        }
        return nil
    }

    /// Where a run of a text, which is not empty, ends.
    func endOfRun(of pattern: [UInt8], from start: Int) -> Int {
        var end = start
        while end + pattern.count <= count, self[end] == pattern[0],
            self[end..<end + pattern.count].elementsEqual(pattern)
        {
            end += pattern.count
        }
        return end
    }
}
