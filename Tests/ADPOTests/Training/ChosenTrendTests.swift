import ADPO
import TestSupport
import Testing

struct ChosenTrendTests {
    @Test func rings() {
        var trend = ChosenTrend()
        let falls = (0..<40).map { trend.add(Double($0) * -0.5 + ($0 % 2 == 0 ? 0.1 : -0.1)) }
        #expect(falls.prefix(19).allSatisfy { $0 == 0 })
        // The means of the windows are ten steps apart, and later thirty.
        #expect(abs(falls[19] - 5) < 1e-9)
        #expect(abs(falls[39] - 15) < 1e-9)
    }

    @Test(arguments: [0, 0.01, 0.5])
    func isSilentWhileItRises(_ slope: Double) {
        var trend = ChosenTrend()
        for step in 0..<60 { #expect(trend.add(Double(step) * slope) == 0) }
    }

    /// A difference that noise explains is no fall.
    @Test func isSilentOverNoise() {
        var trend = ChosenTrend()
        for step in 0..<60 {
            #expect(trend.add(-0.001 * Double(step) + (step % 2 == 0 ? 1 : -1)) == 0)
        }
    }

    /// DPO at a high rate lowers both sides here: the alarm reaches the metrics.
    @Test func aRunReportsIt() throws {
        let trainer = try TinyRun.trainer {
            $0.epochs = 30
            $0.learningRate = 1e-2
        }
        var falls: [Double] = []
        var chosen: [Double] = []
        try trainer.run {
            falls.append($0.chosenFall)
            chosen.append($0.rewardsChosen / 0.1)
            return true
        }
        var trend = ChosenTrend()
        #expect(falls == chosen.map { trend.add($0) })
    }
}
