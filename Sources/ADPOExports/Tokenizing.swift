import ADPO
import ADPOBase
import CADPO

/// The tokenizer's options, from flags.
///
/// - Throws: `.invalidArgument` for unknown flags.
func tokenizerOptions(
    _ flags: adpo_tokenize_flags
) throws(ADPOError) -> (addSpecialTokens: Bool, parseSpecialTokens: Bool) {
    let noSpecial = adpo_tokenize_flags(ADPO_TOKENIZE_NO_SPECIAL)
    let plainText = adpo_tokenize_flags(ADPO_TOKENIZE_PLAIN_TEXT)
    try checkFlags(flags, known: noSpecial | plainText)
    return (flags & noSpecial == 0, flags & plainText == 0)
}

private func checkFlags(_ flags: UInt32, known: UInt32) throws(ADPOError) {
    guard flags & ~known == 0 else {
        throw ADPOError(.invalidArgument, "unknown flags: \(flags & ~known)")
    }
}

@c @implementation
public func adpo_tokenize(
    _ model: OpaquePointer?, _ text: UnsafePointer<CChar>?, _ textLength: Int,
    _ flags: adpo_tokenize_flags, _ ids: UnsafeMutablePointer<Int32>?, _ capacity: Int,
    _ needed: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try OutputBuffer(ids, capacity, needed)
        let options = try tokenizerOptions(flags)
        try output.write(
            ADPOExports.model(model).tokenizer.encode(
                ADPOExports.text(text, textLength, "text"),
                addSpecialTokens: options.addSpecialTokens,
                parseSpecialTokens: options.parseSpecialTokens))
    }
}

@c @implementation
public func adpo_tokenize_completion(
    _ model: OpaquePointer?, _ prompt: UnsafePointer<CChar>?, _ promptLength: Int,
    _ completion: UnsafePointer<CChar>?, _ completionLength: Int, _ flags: adpo_tokenize_flags,
    _ ids: UnsafeMutablePointer<Int32>?, _ capacity: Int, _ needed: UnsafeMutablePointer<Int>?,
    _ promptCount: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try OutputBuffer(ids, capacity, needed)
        let promptCount = try required(promptCount, "prompt_count")
        let options = try tokenizerOptions(flags)
        let encoded = try ADPOExports.model(model).tokenizer.encode(
            prompt: text(prompt, promptLength, "prompt").utf8,
            completion: text(completion, completionLength, "completion").utf8,
            addSpecialTokens: options.addSpecialTokens,
            parseSpecialTokens: options.parseSpecialTokens)
        try output.write(encoded.ids)
        promptCount.pointee = encoded.promptCount
    }
}

@c @implementation
public func adpo_detokenize(
    _ model: OpaquePointer?, _ ids: UnsafePointer<Int32>?, _ count: Int,
    _ flags: adpo_detokenize_flags, _ text: UnsafeMutablePointer<CChar>?, _ capacity: Int,
    _ needed: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try OutputBuffer(text, capacity, needed)
        let skipSpecial = adpo_detokenize_flags(ADPO_DETOKENIZE_SKIP_SPECIAL)
        let continues = adpo_detokenize_flags(ADPO_DETOKENIZE_CONTINUES)
        try checkFlags(flags, known: skipSpecial | continues)
        let model = try ADPOExports.model(model)
        let ids = try array(ids, count, "ids")
        try model.check(ids)
        let bytes = model.tokenizer.decode(
            ids, skipSpecialTokens: flags & skipSpecial != 0, continuesText: flags & continues != 0)
        try output.write(bytes.map { CChar(bitPattern: $0) })
    }
}

@c @implementation
public func adpo_token_special(
    _ model: OpaquePointer?, _ which: adpo_special_token, _ id: UnsafeMutablePointer<Int32>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let tokenizer = try ADPOExports.model(model).tokenizer
        let output = try required(id, "id")
        let special: Int32?
        switch Int(which) {
        case ADPO_SPECIAL_TOKEN_BOS: special = tokenizer.bos
        case ADPO_SPECIAL_TOKEN_EOS: special = tokenizer.eos
        case ADPO_SPECIAL_TOKEN_PAD: special = tokenizer.pad
        case ADPO_SPECIAL_TOKEN_UNKNOWN: special = tokenizer.unknown
        default: throw ADPOError(.invalidArgument, "there is no special token \(which)")
        }
        output.pointee = special ?? -1
    }
}

@c @implementation
public func adpo_chat_render(
    _ model: OpaquePointer?, _ conversation: UnsafePointer<CChar>?, _ conversationLength: Int,
    _ flags: adpo_chat_flags, _ text: UnsafeMutablePointer<CChar>?, _ capacity: Int,
    _ needed: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try OutputBuffer(text, capacity, needed)
        let rendered = try ADPOExports.model(model).renderChat(
            json: ADPOExports.text(conversation, conversationLength, "conversation"),
            ending: chatEnding(flags))
        try output.write(rendered.utf8.map { CChar(bitPattern: $0) })
    }
}

@c @implementation
public func adpo_chat_tokenize(
    _ model: OpaquePointer?, _ conversation: UnsafePointer<CChar>?, _ conversationLength: Int,
    _ flags: adpo_chat_flags, _ ids: UnsafeMutablePointer<Int32>?,
    _ isAssistant: UnsafeMutablePointer<UInt8>?, _ capacity: Int,
    _ needed: UnsafeMutablePointer<Int>?
) -> adpo_status {
    status { () throws(ADPOError) in
        let output = try OutputBuffer(ids, capacity, needed)
        let tokens = try ADPOExports.model(model).tokenizeChat(
            json: ADPOExports.text(conversation, conversationLength, "conversation"),
            ending: chatEnding(flags))
        guard let isAssistant else { return try output.write(tokens.ids) }
        guard let marks = tokens.isAssistant else {
            throw ADPOError(
                .unsupported,
                "the model's chat template does not mark what the assistant says: it has no "
                    + "{% generation %} blocks")
        }
        try output.write(tokens.ids)
        for (index, mark) in marks.enumerated() { isAssistant[index] = mark ? 1 : 0 }
    }
}

/// How a conversation ends, by flags.
///
/// - Throws: `.invalidArgument` for unknown flags, or both.
private func chatEnding(_ flags: adpo_chat_flags) throws(ADPOError) -> ChatEnding {
    let prompt = adpo_chat_flags(ADPO_CHAT_ADD_GENERATION_PROMPT)
    let open = adpo_chat_flags(ADPO_CHAT_CONTINUE_FINAL_MESSAGE)
    try checkFlags(flags, known: prompt | open)
    switch (flags & prompt != 0, flags & open != 0) {
    case (false, false): return .complete
    case (true, false): return .generationPrompt
    case (false, true): return .openMessage
    case (true, true):
        throw ADPOError(
            .invalidArgument,
            "a conversation cannot both go on with its last message and begin another")
    }
}
