import ADPOBase
import ADPOTensor
import Jinja

/// The chat templates of a model: most have one, some another for conversations with tools.
package struct ChatTemplates: Sendable {
    /// A template that cannot be parsed is an error where it is used, not where the model is loaded.
    private struct Entry {
        let name: String
        let text: String
        let template: Result<ChatTemplate, ADPOError>
    }

    private var entries: [Entry] = []
    private let source: String

    /// The folder of a Hugging Face directory in which templates have files with their names.
    package static let folder = "additional_chat_templates"

    /// Those of a Hugging Face directory: chat_template.jinja and the files of `folder`, or else
    /// `chat_template` of tokenizer_config.json, which is a text or a list of texts with names.
    ///
    /// - Throws: `.io`, `.format`.
    package init(directory path: String) throws(ADPOError) {
        source = path
        try addFile("default", "\(path)/chat_template.jinja")
        let (folder, ending) = ("\(path)/\(Self.folder)", ".jinja")
        for name in StagingFolder.names(in: folder) where name.hasSuffix(ending) {
            try addFile(String(name.dropLast(ending.count)), "\(folder)/\(name)")
        }
        guard entries.isEmpty else { return }
        do throws(ADPOError) {
            let templates = try JSON(path: path + "/tokenizer_config.json")["chat_template"]
            if let text = templates?.string { add("default", text) }
            for entry in templates?.array ?? [] {
                guard let name = entry["name"]?.string, let text = entry["template"]?.string else {
                    continue
                }
                add(name, text)
            }
        } catch {
            if error.code != .notFound { throw error }
        }
    }

    /// Those of a GGUF file: `tokenizer.chat_template`, and `tokenizer.chat_template.NAME`.
    package init(_ metadata: GGUFMetadata, source: String) {
        self.source = source
        if let text = metadata["tokenizer.chat_template"]?.string { add("default", text) }
        let prefix = "tokenizer.chat_template."
        for pair in metadata.pairs where pair.key.hasPrefix(prefix) {
            guard let text = metadata[pair.key]?.string else { continue }
            add(String(pair.key.dropFirst(prefix.count)), text)
        }
    }

    /// Their sources, by name.
    package var texts: [(name: String, text: String)] { entries.map { ($0.name, $0.text) } }

    /// Adds the template of a file, if it is there.
    private mutating func addFile(_ name: String, _ path: String) throws(ADPOError) {
        do throws(ADPOError) {
            let file = try MappedFile(path: path)
            defer { withExtendedLifetime(file) {} }
            add(name, String(decoding: file.bytes, as: UTF8.self))
        } catch {
            if error.code != .notFound { throw error }
        }
    }

    private mutating func add(_ name: String, _ text: String) {
        let template = Result { () throws(ADPOError) in try ChatTemplate(text) }
        entries.append(Entry(name: name, text: text, template: template))
    }

    /// The template for a conversation, as transformers chooses it: "tool_use" where there are tools
    /// and a template of that name, else "default".
    ///
    /// - Throws: `.unsupported` when there is none; what is wrong with it when it cannot be parsed.
    func template(forTools hasTools: Bool) throws(ADPOError) -> ChatTemplate {
        func named(_ name: String) -> Result<ChatTemplate, ADPOError>? {
            entries.first { $0.name == name }?.template
        }
        if let template = (hasTools ? named("tool_use") : nil) ?? named("default") {
            return try template.get()
        }
        let names = entries.map { "'\($0.name)'" }.joined(separator: ", ")
        throw ADPOError(
            .unsupported,
            entries.isEmpty
                ? "\(source) has no chat template: write the prompt as text, with the model's markers"
                : "\(source) has no chat template named 'default', but \(names)")
    }
}
