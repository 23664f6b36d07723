import ADPOTensor

/// A linear layer that an adapter adapts.
package struct TargetModule: Sendable, Hashable {
    package let layer: Int
    package let linear: LinearLayer

    package init(layer: Int, linear: LinearLayer) {
        self.layer = layer
        self.linear = linear
    }

    /// As Hugging Face names it: "model.layers.0.self_attn.q_proj".
    var name: String { TensorNames.huggingFace.linear(linear, layer: layer) }

    /// Its name, and what that ends with after each dot: what PEFT's lists may call it.
    var endings: [String] {
        let parts = name.split(separator: ".")
        return parts.indices.map { parts[$0...].joined(separator: ".") }
    }

    /// All linear layers of a model's decoder layers, in their order.
    package static func all(_ architecture: Architecture) -> [TargetModule] {
        (0..<architecture.layers).flatMap { layer in
            LinearLayer.allCases.map { TargetModule(layer: layer, linear: $0) }
        }
    }

    /// The modules that entries name, each as `matches` says.
    ///
    /// - Throws: `.invalidArgument` when there is no entry, or one that matches nothing.
    package static func matching(
        _ entries: [String], _ architecture: Architecture
    ) throws(ADPOError) -> Set<TargetModule> {
        let all = all(architecture)
        var found: Set<TargetModule> = []
        for entry in entries {
            let modules = all.filter { $0.matches(entry) }
            guard !modules.isEmpty else {
                throw ADPOError(
                    .invalidArgument,
                    "\"\(entry)\" matches no target module: \(names(architecture))")
            }
            found.formUnion(modules)
        }
        guard !found.isEmpty else {
            throw ADPOError(
                .invalidArgument, "there are no target modules: name some of \(names(architecture))"
            )
        }
        return found
    }

    private static func names(_ architecture: Architecture) -> String {
        let names = LinearLayer.allCases.map(\.projectionName).joined(separator: ", ")
        return "\(names) (all-linear is all of them), or full names or patterns from "
            + "model.layers.0.\(LinearLayer.query.moduleName) to "
            + "model.layers.\(architecture.layers - 1).\(LinearLayer.down.moduleName)"
    }

    /// Whether an entry names the module: "all-linear"; its full name, or what that ends with after
    /// a dot, as PEFT matches; or a pattern for the full name, in which `*` stands for any text and
    /// `?` for a character.
    func matches(_ entry: String) -> Bool {
        if entry.utf8.elementsEqual("all-linear".utf8) { return true }
        if entry.utf8.contains(UInt8(ascii: "*")) || entry.utf8.contains(UInt8(ascii: "?")) {
            return glob(Array(entry.utf8), matches: Array(name.utf8))
        }
        return endings.contains { $0.utf8.elementsEqual(entry.utf8) }
    }

    /// What PEFT calls these modules: "q_proj" where it is adapted in every layer, full names
    /// otherwise.
    static func peftNames(_ modules: [TargetModule], _ architecture: Architecture) -> [String] {
        LinearLayer.allCases.flatMap { linear in
            let modules = modules.filter { $0.linear == linear }
            return modules.count == architecture.layers
                ? [linear.projectionName] : modules.map(\.name)
        }
    }
}

/// Follows the last `*` only: an earlier one never needs to take more than it first did.
private func glob(_ pattern: [UInt8], matches text: [UInt8]) -> Bool {
    var (p, t) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while t < text.count {
        if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
            star = (p, t)
            p += 1
        } else if p < pattern.count, pattern[p] == text[t] || pattern[p] == UInt8(ascii: "?") {
            p += 1
            t += 1
        } else if let last = star {
            star = (last.pattern, last.text + 1)
            p = last.pattern + 1
            t = last.text + 1
        } else {
            return false
        }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
}
