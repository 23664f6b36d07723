import ADPO
import ADPOBase
import TestSupport
import Testing

struct ScheduleTests {
    /// transformers' schedules to the bit; see make_optimizer.py.
    @Test func equalsTransformers() throws {
        let cases = try #require(try golden("optimizer.json")["schedules"]?.array)
        var seen: Set<Schedule> = []
        for expected in cases {
            let name = try #require(expected["schedule"]?.string)
            let schedule = try #require(Schedule(rawValue: name))
            let steps = try #require(expected["steps"]?.integer)
            let warmup = try #require(expected["warmup"]?.integer)
            let factors = (0..<steps).map { schedule.factor(step: $0, of: steps, warmup: warmup) }
            #expect(factors == expected["factors"]?.array?.compactMap(\.double))
            seen.insert(schedule)
        }
        #expect(seen == Set(Schedule.allCases))
    }

    /// A share of the six updates, rounded up; as transformers' `get_warmup_steps`.
    @Test(arguments: [(0, 0), (0.1, 1), (0.34, 3), (0.999, 6), (1, 1), (4, 4)] as [(Double, Int)])
    func warmupCanBeAShare(_ warmup: Double, _ steps: Int) throws {
        let share = try TinyRun.trainer { $0.warmupSteps = warmup }
        for step in 0..<6 {
            let rate = try share.step()?.learningRate
            #expect(rate == 1e-3 * Schedule.linear.factor(step: step, of: 6, warmup: steps))
        }
    }

    @Test(arguments: Schedule.allCases)
    func staysWithinBounds(_ schedule: Schedule) {
        for numbers in [(0, 0, 0), (5, 3, 0), (.max, 1, .max), (1, .max, .max), (.max, .min, 0)] {
            let (step, steps, warmup) = numbers
            #expect((0...1).contains(schedule.factor(step: step, of: steps, warmup: warmup)))
        }
    }
}
