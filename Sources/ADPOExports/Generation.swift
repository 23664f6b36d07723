import ADPO
import ADPOBase
import CADPO

private var defaults: adpo_generation_config {
    let configuration = GenerationConfiguration()
    var config = adpo_generation_config()
    config.max_tokens = UInt32(configuration.maxTokens)
    config.temperature = configuration.temperature
    config.seed = configuration.seed
    return config
}

@c @implementation
public func adpo_generation_config_init(
    _ config: UnsafeMutablePointer<adpo_generation_config>?, _ structSize: Int
) -> adpo_status {
    status { () throws(ADPOError) in try defaults.initialize(config, size: structSize) }
}

@c @implementation
public func adpo_generate(
    _ session: OpaquePointer?, _ config: UnsafePointer<adpo_generation_config>?,
    _ prompt: UnsafePointer<Int32>?, _ promptCount: Int, _ onToken: adpo_token_callback?,
    _ userData: UnsafeMutableRawPointer?, _ tokens: UnsafeMutablePointer<Int32>?, _ capacity: Int,
    _ needed: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let prompt = try array(prompt, promptCount, "prompt tokens")
        var host = defaults
        if let config { host = try adpo_generation_config.read(config, over: host, "config") }
        var configuration = GenerationConfiguration()
        configuration.maxTokens = Int(host.max_tokens)
        configuration.temperature = host.temperature
        configuration.seed = host.seed

        // A host that listens may do without the array.
        let output: OutputBuffer<Int32>?
        if onToken != nil, tokens == nil, capacity == 0 {
            output = nil
        } else {
            output = try OutputBuffer(tokens, capacity, needed)
            try output?.require(configuration.maxTokens)
        }
        var isCancelled = false
        let generated = try ADPOExports.session(session).use { (session) throws(ADPOError) in
            try session.generate(prompt: prompt, configuration) { token in
                guard let onToken else { return true }
                isCancelled = token.text.withCString { text in
                    onToken(token.id, text, token.text.utf8.count, token.logProb, userData) != 0
                }
                return !isCancelled
            }
        }
        if let output {
            try output.write(generated.map(\.id))
        } else {
            needed?.pointee = generated.count
        }
        if isCancelled { throw ADPOError(.cancelled, "the callback ended the generation") }
    }
}
