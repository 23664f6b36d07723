import ADPO
import ADPOBase
import CADPO

@c @implementation
public func adpo_run_config_init(
    _ config: UnsafeMutablePointer<adpo_run_config>?, _ structSize: Int
) -> adpo_status {
    status { () throws(ADPOError) in
        try adpo_run_config().initialize(config, size: structSize)  // all defaults are 0
    }
}

extension RunConfiguration {
    fileprivate init(_ config: adpo_run_config) throws(ADPOError) {
        self.init()
        if let pairs = config.evaluation { evaluation = try dataset(pairs).use { $0 } }
        evaluationSteps = Int(config.evaluation_steps)
        patience = Int(config.patience)
        keepsBest = config.keep_best != 0
        if let path = config.checkpoint { checkpoint = try ADPOExports.path(path, "checkpoint") }
        checkpointSteps = Int(config.checkpoint_steps)
    }
}

@c @implementation
public func adpo_trainer_run(
    _ trainer: OpaquePointer?, _ config: UnsafePointer<adpo_run_config>?,
    _ onMetrics: adpo_metrics_callback?, _ userData: UnsafeMutableRawPointer?
) -> adpo_status {
    status { () throws(ADPOError) in
        let trainer = try ADPOExports.trainer(trainer)
        var configuration = RunConfiguration()
        if let config {
            configuration = try RunConfiguration(
                adpo_run_config.read(config, over: adpo_run_config(), "config"))
        }
        try trainer.use { (trainer) throws(ADPOError) in
            var isCancelled = false
            try trainer.run(configuration) { metrics in
                guard let onMetrics else { return true }
                var value = adpo_metrics(metrics)
                isCancelled = onMetrics(&value, userData) != 0
                return !isCancelled
            }
            if isCancelled { throw ADPOError(.cancelled, "the callback ended the run") }
        }
    }
}

@c @implementation
public func adpo_trainer_save(
    _ trainer: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let path = try ADPOExports.path(path)
        try ADPOExports.trainer(trainer).use { (trainer) throws(ADPOError) in
            try trainer.save(to: path)
        }
    }
}

@c @implementation
public func adpo_trainer_restore(
    _ trainer: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let path = try ADPOExports.path(path)
        try ADPOExports.trainer(trainer).use { (trainer) throws(ADPOError) in
            try trainer.restore(from: path)
        }
    }
}
