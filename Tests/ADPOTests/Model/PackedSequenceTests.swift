import ADPO
import Testing

struct PackedSequenceTests {
    /// The sequence of an unpaired row is that of its only response.
    @Test func leavesOutAnEmptyResponse() {
        var expected = PackedSequence()
        expected.append(prompt: [1, 2], responses: [[3, 4, 5]])
        #expect(expected.tokens == [1, 2, 3, 4] && expected.targets == [3, 4, 5])
        for responses in [[[3, 4, 5], []], [[], [3, 4, 5]]] as [[[Int32]]] {
            var sequence = PackedSequence()
            sequence.append(prompt: [1, 2], responses: responses)
            #expect(sequence.tokens == expected.tokens && sequence.targets == expected.targets)
            #expect(sequence.rows == expected.rows && sequence.positions == expected.positions)
            #expect(sequence.length == expected.length && sequence.spans.count == 2)
        }
    }
}
