import ADPOBase

/// Filters of rows of values.
extension TemplateInterpreter {
    /// The members that a path such as "function.name" or "0.id" leads to.
    func attributes(
        _ path: TemplateValue, of items: [TemplateValue], standard: TemplateValue? = nil
    ) throws(ADPOError) -> [TemplateValue] {
        try charge(path)
        var keys = [path]
        if case .string(let text) = path {
            keys = text.split(separator: ".", omittingEmptySubsequences: false).map {
                Int($0).map(TemplateValue.integer) ?? .string(String($0))
            }
        }
        var values: [TemplateValue] = []
        for item in items {
            var value = item
            for key in keys {
                try charge(1)
                value = try self.item(key, of: value)
                if case .undefined = value, let standard { value = standard }
            }
            values.append(value)
        }
        return values
    }

    func map(
        _ value: TemplateValue, _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateValue {
        let items = value.isTrue ? try items(of: value) : []
        if arguments.positional.isEmpty {
            let values = try arguments.values(of: ["attribute", "default"], for: "map")
            guard let path = values[0] else { throw failure("map needs a filter or an attribute") }
            return try .iterator(attributes(path, of: items, standard: values[1]))
        }
        var rest = arguments
        let name = try requiredString(rest.positional.removeFirst())
        var results: [TemplateValue] = []
        for item in items {
            try charge(1)
            try enter()
            defer { leave() }
            results.append(try filter(name, item, rest))
        }
        return try .iterator(results)
    }

    /// `select`, `reject`, and of attributes `selectattr` and `rejectattr`.
    func select(
        _ value: TemplateValue, _ arguments: TemplateArguments, _ name: String
    ) throws(ADPOError) -> TemplateValue {
        let items = value.isTrue ? try items(of: value) : []
        var rest = arguments
        var subjects = items
        if name.hasSuffix("attr") {
            guard !rest.positional.isEmpty else { throw failure("\(name) needs an attribute") }
            subjects = try attributes(rest.positional.removeFirst(), of: items)
        }
        let test = rest.positional.isEmpty ? nil : try requiredString(rest.positional.removeFirst())
        var results: [TemplateValue] = []
        for (item, subject) in zip(items, subjects) {
            try charge(1)
            let passes =
                try test.map { (test) throws(ADPOError) in
                    try self.test(test, subject, rest)
                } ?? subject.isTrue
            if passes != name.hasPrefix("reject") { results.append(item) }
        }
        return try .iterator(results)
    }

    // MARK: Order

    func order(
        _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
    ) throws(ADPOError) -> TemplateValue {
        func values(_ names: String..., required: Int = 0) throws(ADPOError) -> [TemplateValue?] {
            try arguments.values(of: names, for: name, required: required)
        }
        func isTrue(_ value: TemplateValue?) -> Bool { value?.isTrue ?? false }
        switch name {
        case "sort":
            let values = try values("reverse", "case_sensitive", "attribute")
            let items = try items(of: value)
            return try .list(
                sorted(
                    items, by: sortKeys(items, values[2], values[1]),
                    descending: isTrue(values[0])))
        case "dictsort":
            let values = try values("case_sensitive", "by", "reverse")
            guard case .dictionary(let dictionary) = value else {
                throw failure("dictsort needs a dictionary, not '\(value.typeName)'")
            }
            let by =
                try values[1].map { (by) throws(ADPOError) in try self.requiredString(by) } ?? "key"
            guard by == "key" || by == "value" else {
                throw failure("dictsort: 'by' is 'key' or 'value'")
            }
            let subjects = by == "key" ? dictionary.keys : dictionary.values
            return try .list(
                sorted(
                    pairs(dictionary), by: keys(subjects, nil, values[0]),
                    descending: isTrue(values[2])))
        case "min", "max":
            let values = try values("case_sensitive", "attribute")
            return try extreme(
                items(of: value), isLeast: name == "min", values[1], isCaseSensitive: values[0])
        case "unique":
            let values = try values("case_sensitive", "attribute")
            return try unique(items(of: value), values[1], isCaseSensitive: values[0])
        case "sum":
            let values = try values("attribute", "start")
            let items = try items(of: value)
            return try sum(
                values[0].map { (path) throws(ADPOError) in
                    try attributes(path, of: items)
                } ?? items, start: values[1])
        case "reverse":
            if case .string(let text) = value {
                try charge(size: text.utf8.count)
                return .string(String(text.unicodeScalars.reversed()))
            }
            let items = try items(of: value)
            try charge(size: 24 * items.count)
            return try .iterator(items.reversed())
        case "batch":
            let values = try values("linecount", "fill_with", required: 1)
            return try batches(items(of: value), integers([values[0]])[0] ?? 0, values[1])
        default: return try groups(value, values("attribute", "default", required: 1))
        }
    }

    private func extreme(
        _ items: [TemplateValue], isLeast: Bool, _ path: TemplateValue?,
        isCaseSensitive: TemplateValue?
    ) throws(ADPOError) -> TemplateValue {
        guard !items.isEmpty else { return .undefined("there is no item: the sequence is empty") }
        let keys = try keys(items, path, isCaseSensitive)
        var best = 0
        for index in keys.indices.dropFirst() {
            let isBetter =
                isLeast ? try isLess(keys[index], keys[best]) : try isLess(keys[best], keys[index])
            if isBetter { best = index }
        }
        return items[best]
    }

    private func unique(
        _ items: [TemplateValue], _ path: TemplateValue?, isCaseSensitive: TemplateValue?
    ) throws(ADPOError) -> TemplateValue {
        let seen = TemplateDictionary()
        var results: [TemplateValue] = []
        for (item, key) in zip(items, try keys(items, path, isCaseSensitive)) {
            try charge(key)
            if seen[key] == nil { results.append(item) }
            try seen.set(key, .none)
        }
        return try .iterator(results)
    }

    private func sum(
        _ items: [TemplateValue], start: TemplateValue?
    ) throws(ADPOError) -> TemplateValue {
        var sum = start ?? .integer(0)
        for item in items {
            try charge(1)
            sum = try arithmetic(.add, sum, item)
        }
        return sum
    }

    /// The values by which items are compared: text without its case, unless that matters.
    private func keys(
        _ items: [TemplateValue], _ path: TemplateValue?, _ isCaseSensitive: TemplateValue?
    ) throws(ADPOError) -> [TemplateValue] {
        let keys =
            try path.map { (path) throws(ADPOError) in
                try self.attributes(path, of: items)
            } ?? items
        if isCaseSensitive?.isTrue ?? false { return keys }
        var lowered: [TemplateValue] = []
        for key in keys {
            if case .string(let text) = key {
                try charge(size: text.utf8.count)
                lowered.append(.string(text.pythonLower))
            } else {
                lowered.append(key)
            }
        }
        return lowered
    }

    /// The values by which `sort` compares items. It takes several paths with commas between: a
    /// tuple for each item, so that only what differs is asked which is less.
    private func sortKeys(
        _ items: [TemplateValue], _ path: TemplateValue?, _ isCaseSensitive: TemplateValue?
    ) throws(ADPOError) -> [TemplateValue] {
        var paths = [path]
        if case .string(let text)? = path {
            try charge(size: 24 * text.utf8.count)
            paths = text.split(separator: ",", omittingEmptySubsequences: false)
                .map { .string(String($0)) }
        }
        var rows = [[TemplateValue]](repeating: [], count: items.count)
        for path in paths {
            let keys = try keys(items, path, isCaseSensitive)
            for index in rows.indices { rows[index].append(keys[index]) }
        }
        var tuples: [TemplateValue] = []
        for row in rows { tuples.append(try .tuple(row)) }
        return tuples
    }

    /// Equal items keep their order.
    private func sorted(
        _ items: [TemplateValue], by keys: [TemplateValue], descending: Bool
    ) throws(ADPOError) -> [TemplateValue] {
        var problem: ADPOError?
        let order = items.indices.sorted { left, right in
            guard problem == nil else { return false }
            do throws(ADPOError) {
                return try descending
                    ? isLess(keys[right], keys[left]) : isLess(keys[left], keys[right])
            } catch {
                problem = error
                return false
            }
        }
        if let problem { throw problem }
        return order.map { items[$0] }
    }

    private func batches(
        _ items: [TemplateValue], _ size: Int, _ filler: TemplateValue?
    ) throws(ADPOError) -> TemplateValue {
        guard size > 0 else { throw failure("batch: the size must be positive") }
        var batches: [TemplateValue] = []
        for start in stride(from: 0, to: items.count, by: size) {
            var batch = Array(items[start..<min(start + min(size, items.count), items.count)])
            if let filler, batch.count < size {
                try charge(size: product(24, size - batch.count))
                batch += Array(repeating: filler, count: size - batch.count)
            }
            batches.append(try .list(batch))
        }
        return try .iterator(batches)
    }

    private func groups(
        _ value: TemplateValue, _ values: [TemplateValue?]
    ) throws(ADPOError) -> TemplateValue {
        let items = try items(of: value)
        let keys = try attributes(values[0] ?? .none, of: items, standard: values[1])
        let order = try sorted(
            items.indices.map(TemplateValue.integer), by: keys, descending: false)
        var groups: [TemplateValue] = []
        var group: [TemplateValue] = []
        for (position, place) in order.enumerated() {
            guard let index = place.integer else { continue }
            group.append(items[index])
            let next = position + 1 < order.count ? order[position + 1].integer : nil
            if let next, try isEqual(keys[index], keys[next]) { continue }
            groups.append(try .tuple([keys[index], .list(group)]))
            group = []
        }
        return try .list(groups)
    }
}
