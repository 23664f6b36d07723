import ADPO

extension AdapterLayout {
    /// The places of a module by the end of its name, such as "1.mlp.up_proj"; nil when it is not adapted.
    package func module(_ name: String, of model: Model) -> Module? {
        TargetModule.all(model.architecture.parameters)
            .first { $0.endings.contains(name) }
            .flatMap { self[$0.weight] }
    }
}
