import ADPO
import ADPOBase
import CADPO

@c @implementation
public func adpo_dataset_inspect(
    _ dataset: OpaquePointer?, _ model: OpaquePointer?,
    _ config: UnsafePointer<adpo_trainer_config>?, _ examples: Int, _ measureTime: Int32,
    _ json: UnsafeMutablePointer<CChar>?, _ capacity: Int, _ needed: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try OutputBuffer(json, capacity, needed)
        let model = try ADPOExports.model(model)
        let configuration = try TrainerConfiguration(config)
        let inspection = try ADPOExports.dataset(dataset).use { (dataset) throws(ADPOError) in
            try dataset.inspect(
                model: model, configuration: configuration,
                // A count beyond Int.max arrives as a negative one; it asks for all.
                examples: examples < 0 ? .max : examples, measuresTime: measureTime != 0)
        }
        try output.write(inspection.json.text)
    }
}
