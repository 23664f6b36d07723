import ADPOBase

extension Objective {
    /// - Throws: `.invalidArgument` for values, and for combinations of them, that make no sense.
    package func validate() throws(ADPOError) {
        try require(beta > 0 && beta.isFinite, "beta is \(beta); it must be a number above 0")
        try require(
            labelSmoothing >= 0 && labelSmoothing < 0.5,
            """
            the label smoothing is \(labelSmoothing); it must be 0 or above, and below 0.5, where \
            labels say nothing
            """)
        for (name, value) in [
            ("target margin", targetMargin), ("SFT weight", sftWeight),
            ("DPOP lambda", dpopLambda), ("desirable weight", desirableWeight),
            ("undesirable weight", undesirableWeight),
        ] {
            try require(
                value >= 0 && value.isFinite, "the \(name) is \(value); it must be 0 or above")
        }
        try require(
            ldAlpha >= 0 && ldAlpha <= 1, "the LD alpha is \(ldAlpha); it must be 0 to 1")
        try granularity.validate()
        try padding.validate(granularity)
        try validateCombination()
    }

    private func validateCombination() throws(ADPOError) {
        let rule = loss.rule
        if !rule.hasLabelSmoothing { try refuse("label smoothing", labelSmoothing != 0) }
        if loss == .exoPair {
            try require(
                labelSmoothing > 0,
                "the loss exo_pair needs a label smoothing above 0, such as 0.001")
        }
        if !rule.hasTargetMargin { try refuse("a target margin", targetMargin != 0) }
        if !rule.isOfMargin {
            try refuse("a DPOP lambda", dpopLambda != 0)
            if !rule.isReferenceFree {
                try require(
                    !isReferenceFree,
                    """
                    the loss \(loss.rawValue) needs the reference: reference-free are sigmoid, \
                    robust, hinge, ipo, sigmoid_norm, exo_pair, orpo and sft
                    """)
            }
        }
        try require(
            dpopLambda == 0 || !isReferenceFree,
            "the DPOP lambda compares with the reference, and reference-free has none")
        if rule.includesSFT { try refuse("an SFT weight besides its own", sftWeight != 0) }
        if loss != .kto {
            try refuse("a desirable weight", desirableWeight != 1)
            try refuse("an undesirable weight", undesirableWeight != 1)
        }
        if case .pairwise = rule.formula { return }
        // The losses that are left compare no two responses.
        try refuse("a granularity", granularity != .response)
        try refuse("an SFT weight", sftWeight != 0)
        try refuse("an LD alpha", ldAlpha != 1)
        try refuse("WPO weighting", usesWPO)
    }

    /// - Throws: `.invalidArgument` for a row that lacks a response that the loss needs.
    func checkResponses(chosenCount: Int, rejectedCount: Int) throws(ADPOError) {
        let isComplete =
            switch loss.rule.formula {
            case .pairwise: chosenCount > 0 && rejectedCount > 0
            case .unpaired: true
            case .none: chosenCount > 0
            }
        try require(
            isComplete,
            """
            the loss \(loss.rawValue) needs a \(chosenCount > 0 ? "rejected" : "chosen") response, \
            and this row has none; the loss for unpaired rows is kto
            """)
    }

    private func refuse(_ option: String, _ isSet: Bool) throws(ADPOError) {
        try require(!isSet, "the loss \(loss.rawValue) has no place for \(option)")
    }
}
