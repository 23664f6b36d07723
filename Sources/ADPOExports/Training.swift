import ADPO
import ADPOBase
import CADPO

func trainer(_ handle: OpaquePointer?) throws(ADPOError) -> Exclusive<Trainer> {
    try object(handle, "trainer")
}

@c @implementation
public func adpo_trainer_config_init(
    _ config: UnsafeMutablePointer<adpo_trainer_config>?, _ structSize: Int
) -> adpo_status {
    status { () throws(ADPOError) in
        try adpo_trainer_config(TrainerConfiguration()).initialize(config, size: structSize)
    }
}

@c @implementation
public func adpo_paper_recipe_init(
    _ objective: UnsafeMutablePointer<adpo_objective>?, _ objectiveSize: Int,
    _ config: UnsafeMutablePointer<adpo_trainer_config>?, _ configSize: Int
) -> adpo_status {
    status { () throws(ADPOError) in
        let recipe = TrainerConfiguration.paper
        let host = try required(objective, "objective")
        // Both are looked at before one is filled in.
        try adpo_objective.checked(objectiveSize, "objective")
        var value = adpo_trainer_config(recipe)
        value.objective = UnsafePointer(host)
        try value.initialize(config, size: configSize)
        try adpo_objective(recipe.objective).initialize(host, size: objectiveSize, "objective")
    }
}

@c @implementation
public func adpo_trainer_create(
    _ model: OpaquePointer?, _ config: UnsafePointer<adpo_trainer_config>?,
    _ pairs: OpaquePointer?, _ start: OpaquePointer?,
    _ trainer: UnsafeMutablePointer<OpaquePointer?>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try required(trainer, "trainer")
        let model = try ADPOExports.model(model)
        let configuration = try TrainerConfiguration(config)
        let start: Adapter? = start == nil ? nil : try object(start, "start")
        let pairs = try dataset(pairs).use { $0 }
        output.pointee = handle(
            Exclusive(
                try Trainer(model: model, configuration: configuration, pairs: pairs, start: start))
        )
    }
}

@c @implementation
public func adpo_trainer_destroy(_ trainer: OpaquePointer?) {
    destroy(trainer, Exclusive<Trainer>.self)
}

@c @implementation
public func adpo_trainer_get_info(
    _ trainer: OpaquePointer?, _ info: UnsafeMutablePointer<adpo_trainer_info>?
) -> adpo_status {
    status { () throws(ADPOError) in
        try ADPOExports.trainer(trainer).use { (trainer) throws(ADPOError) in
            var value = adpo_trainer_info()
            value.parameters = UInt64(trainer.parameterCount)
            value.pairs = UInt64(trainer.pairs.count)
            value.pairs_dropped = UInt64(trainer.droppedPairs)
            value.pairs_truncated = UInt64(trainer.truncatedPairs)
            value.steps = UInt64(trainer.steps)
            value.steps_done = UInt64(trainer.stepsDone)
            value.best_step = UInt64(trainer.bestEvaluation?.step ?? 0)
            value.best_loss = trainer.bestEvaluation?.loss ?? 0
            try value.write(required(info, "info"), "info")
        }
    }
}

@c @implementation
public func adpo_trainer_step(
    _ trainer: OpaquePointer?, _ metrics: UnsafeMutablePointer<adpo_metrics>?
) -> adpo_status {
    update(trainer, metrics) { (trainer) throws(ADPOError) in
        guard let metrics = try trainer.step() else {
            throw ADPOError(
                .invalidArgument, "the run is over: all \(trainer.steps) steps are done")
        }
        return metrics
    }
}

@c @implementation
public func adpo_trainer_accumulate(
    _ trainer: OpaquePointer?, _ metrics: UnsafeMutablePointer<adpo_metrics>?
) -> adpo_status {
    update(trainer, metrics) { (trainer) throws(ADPOError) in try trainer.accumulate() }
}

@c @implementation
public func adpo_trainer_apply(
    _ trainer: OpaquePointer?, _ metrics: UnsafeMutablePointer<adpo_metrics>?
) -> adpo_status {
    update(trainer, metrics) { (trainer) throws(ADPOError) in try trainer.apply() }
}

/// Calls `body`, and tells what it saw to a host that wants to know.
private func update(
    _ trainer: OpaquePointer?, _ metrics: UnsafeMutablePointer<adpo_metrics>?,
    _ body: (Trainer) throws(ADPOError) -> Metrics
) -> adpo_status {
    status { () throws(ADPOError) in
        try ADPOExports.trainer(trainer).use { (trainer) throws(ADPOError) in
            if let metrics { try adpo_metrics.check(metrics, "metrics") }
            let result = try body(trainer)
            if let metrics { try adpo_metrics(result).write(metrics, "metrics") }
        }
    }
}

@c @implementation
public func adpo_trainer_gradients(
    _ trainer: OpaquePointer?,
    _ gradients: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>?,
    _ count: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let gradientsOutput = try required(gradients, "gradients")
        let countOutput = try required(count, "count")
        let gradients = try ADPOExports.trainer(trainer).use { $0.gradients }
        gradientsOutput.pointee = gradients.baseAddress
        countOutput.pointee = gradients.count
    }
}

@c @implementation
public func adpo_trainer_set_learning_rate(
    _ trainer: OpaquePointer?, _ learningRate: Double
) -> adpo_status {
    status { () throws(ADPOError) in
        try ADPOExports.trainer(trainer).use { (trainer) throws(ADPOError) in
            try trainer.setLearningRate(learningRate)
        }
    }
}

@c @implementation
public func adpo_trainer_evaluate(
    _ trainer: OpaquePointer?, _ pairs: OpaquePointer?,
    _ metrics: UnsafeMutablePointer<adpo_metrics>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try required(metrics, "metrics")
        try adpo_metrics.check(output, "metrics")
        let pairs = try dataset(pairs).use { $0 }
        try ADPOExports.trainer(trainer).use { (trainer) throws(ADPOError) in
            try adpo_metrics(trainer.evaluate(pairs)).write(output, "metrics")
        }
    }
}

@c @implementation
public func adpo_trainer_adapter(
    _ trainer: OpaquePointer?, _ adapter: UnsafeMutablePointer<OpaquePointer?>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try required(adapter, "adapter")
        output.pointee = handle(
            try ADPOExports.trainer(trainer).use { (trainer) throws(ADPOError) in
                try trainer.adapter()
            })
    }
}

@c @implementation
public func adpo_trainer_model(
    _ trainer: OpaquePointer?, _ model: UnsafeMutablePointer<OpaquePointer?>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try required(model, "model")
        output.pointee = handle(
            try ADPOExports.trainer(trainer).use { (trainer) throws(ADPOError) in
                try trainer.tunedModel()
            })
    }
}
