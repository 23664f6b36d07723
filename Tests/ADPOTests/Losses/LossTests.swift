import ADPO
import Testing

struct LossTests {
    /// Of PyTorch 2.15 in float64: -logsigmoid(z) and its autograd.
    @Test(
        arguments: [
            (0, 0.6931471805599453, -0.5),
            (1, 0.31326168751822286, -0.2689414213699951),
            (-1, 1.3132616875182228, -0.7310585786300049),
            (0.001, 0.6926473055599401, -0.49975000002083336),
            (-20.5, 20.500000001250154, -0.9999999987498471),
            (36.0, 2.3195228302435686e-16, -2.3195228302435686e-16),
            (-800.0, 800.0, -1.0),
            (700.0, 9.85967654375977e-305, -9.85967654375977e-305),
        ] as [(Double, Double, Double)])
    func sigmoidEqualsPyTorch(_ margin: Double, _ loss: Double, _ derivative: Double) {
        guard case .pairwise(let formula) = Loss.sigmoid.rule.formula else {
            Issue.record("sigmoid is pairwise")
            return
        }
        var objective = Objective()
        objective.beta = 1
        let scores = SegmentScores(chosen: margin, rejected: 0, chosenCount: 1, rejectedCount: 1)
        let actual = formula(scores, objective)
        let (actualLoss, actualDerivative) = (actual.loss, actual.chosen)
        #expect(abs(actualLoss - loss) <= 1e-15 * loss)
        #expect(abs(actualDerivative - derivative) <= 1e-15 * abs(derivative))
    }
}
