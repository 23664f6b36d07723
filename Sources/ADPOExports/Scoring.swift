import ADPO
import ADPOBase
import CADPO

func session(_ handle: OpaquePointer?) throws(ADPOError) -> Exclusive<Session> {
    try object(handle, "session")
}

@c @implementation
public func adpo_session_create(
    _ model: OpaquePointer?, _ dtype: adpo_dtype,
    _ session: UnsafeMutablePointer<OpaquePointer?>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try required(session, "session")
        let dtype = try DType(dtype)
        output.pointee = handle(
            Exclusive(try Session(model: ADPOExports.model(model), dtype: dtype)))
    }
}

@c @implementation
public func adpo_session_destroy(_ session: OpaquePointer?) {
    destroy(session, Exclusive<Session>.self)
}

@c @implementation
public func adpo_session_set_adapter(
    _ session: OpaquePointer?, _ adapter: OpaquePointer?
) -> adpo_status {
    status { () throws(ADPOError) in
        let adapter: Adapter? = adapter == nil ? nil : try object(adapter, "adapter")
        try ADPOExports.session(session).use { (session) throws(ADPOError) in
            try session.setAdapter(adapter)
        }
    }
}

@c @implementation
public func adpo_score(
    _ session: OpaquePointer?, _ tokens: UnsafePointer<Int32>?, _ count: Int,
    _ logprobs: UnsafeMutablePointer<Float>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let session = try ADPOExports.session(session)
        let tokens = try array(tokens, count, "tokens")
        if count == 0 { return }
        let output = try required(logprobs, "logprobs")
        let result = try session.use { (session) throws(ADPOError) in
            try session.score(tokens)
        }
        output.update(from: result, count: result.count)
    }
}

@c @implementation
public func adpo_score_completions(
    _ session: OpaquePointer?, _ prompt: UnsafePointer<Int32>?, _ promptCount: Int,
    _ completions: UnsafePointer<Int32>?, _ completionLengths: UnsafePointer<Int>?,
    _ completionCount: Int, _ logprobs: UnsafeMutablePointer<Float>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let session = try ADPOExports.session(session)
        let prompt = try array(prompt, promptCount, "prompt tokens")
        let lengths = try array(completionLengths, completionCount, "completion lengths")
        var tokenCount = 0
        for length in lengths {
            let (sum, overflow) = tokenCount.addingReportingOverflow(length)
            guard length >= 0, !overflow else {
                throw ADPOError(.invalidArgument, "the completion lengths are impossible")
            }
            tokenCount = sum
        }
        var rest = try array(completions, tokenCount, "completion tokens")[...]
        if tokenCount == 0 { return }
        let output = try required(logprobs, "logprobs")
        let split = lengths.map { length in
            defer { rest = rest.dropFirst(length) }
            return Array(rest.prefix(length))
        }
        let result = try session.use { (session) throws(ADPOError) in
            try session.score(prompt: prompt, completions: split)
        }
        output.update(from: result.flatMap(\.self), count: tokenCount)
    }
}

@c @implementation
public func adpo_score_text(
    _ session: OpaquePointer?, _ prompt: UnsafePointer<CChar>?, _ promptLength: Int,
    _ completion: UnsafePointer<CChar>?, _ completionLength: Int, _ flags: adpo_tokenize_flags,
    _ tokens: UnsafeMutablePointer<Int32>?, _ logprobs: UnsafeMutablePointer<Float>?,
    _ capacity: Int, _ needed: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let tokenOutput = try OutputBuffer(tokens, capacity, needed)
        let logprobOutput = try OutputBuffer(logprobs, capacity, needed)
        let options = try tokenizerOptions(flags)
        let prompt = try text(prompt, promptLength, "prompt")
        let completion = try text(completion, completionLength, "completion")
        let scores = try ADPOExports.session(session).use { (session) throws(ADPOError) in
            // The size is known, and asked for, before anything is computed.
            let (ids, promptCount) = session.model.tokenizer.encode(
                prompt: prompt.utf8, completion: completion.utf8,
                addSpecialTokens: options.addSpecialTokens,
                parseSpecialTokens: options.parseSpecialTokens)
            try tokenOutput.require(ids.count - promptCount)
            return try session.score(ids, promptCount: promptCount)
        }
        try tokenOutput.write(scores.tokens)
        try logprobOutput.write(scores.logProbs)
    }
}

@c @implementation
public func adpo_logits(
    _ session: OpaquePointer?, _ tokens: UnsafePointer<Int32>?, _ count: Int,
    _ logits: UnsafeMutablePointer<Float>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let session = try ADPOExports.session(session)
        let tokens = try array(tokens, count, "tokens")
        if count == 0 { return }
        let output = try required(logits, "logits")
        try session.use { (session) throws(ADPOError) in
            try session.logits(tokens, into: output)
        }
    }
}
