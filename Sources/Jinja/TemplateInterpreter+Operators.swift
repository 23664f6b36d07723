import ADPOBase

extension TemplateInterpreter {
    // MARK: Arithmetic

    func unary(
        _ operation: TemplateExpression.Unary, _ value: TemplateValue
    ) throws(ADPOError) -> TemplateValue {
        if operation == .not { return .bool(!value.isTrue) }
        if let number = value.integer {
            guard operation == .minus else { return .integer(number) }
            let (result, overflows) = (0).subtractingReportingOverflow(number)
            if overflows { throw tooLarge() }
            return .integer(result)
        }
        guard let number = value.double else {
            if case .undefined(let hint) = value { throw failure(hint) }
            throw failure("bad operand type for a sign: '\(value.typeName)'")
        }
        return .double(operation == .minus ? -number : number)
    }

    private func tooLarge() -> ADPOError { failure("an integer is too large") }

    func arithmetic(
        _ operation: TemplateExpression.Arithmetic, _ left: TemplateValue, _ right: TemplateValue
    ) throws(ADPOError) -> TemplateValue {
        for case .undefined(let hint) in [left, right] { throw failure(hint) }
        if let left = left.integer, let right = right.integer {
            return try arithmetic(operation, left, right)
        }
        if let left = left.double, let right = right.double {
            return try arithmetic(operation, left, right)
        }
        switch (operation, left, right) {
        case (.add, .string(let left), .string(let right)):
            try charge(size: left.utf8.count + right.utf8.count)
            return .string(left + right)
        case (.add, .sequence(let left), .sequence(let right))
        where left.kind == right.kind && (left.kind == .list || left.kind == .tuple):
            try charge(size: 24 * (left.items.count + right.items.count))
            return .sequence(try TemplateSequence(left.items + right.items, left.kind))
        case (.multiply, _, _):
            if let count = right.integer, let product = try repeated(left, count) { return product }
            if let count = left.integer, let product = try repeated(right, count) { return product }
        case (.remainder, .string(let format), _):
            return .string(try formatted(format, right))
        default: break
        }
        throw failure(
            "unsupported operand types for '\(operation.rawValue)': "
                + "'\(left.typeName)' and '\(right.typeName)'")
    }

    private func repeated(
        _ value: TemplateValue, _ count: Int
    ) throws(ADPOError) -> TemplateValue? {
        let count = max(count, 0)
        switch value {
        case .string(let text):
            try charge(size: product(text.utf8.count, count))
            return .string(String(repeating: text, count: count))
        case .sequence(let sequence) where sequence.kind == .list || sequence.kind == .tuple:
            try charge(size: product(24 * sequence.items.count, count))
            return .sequence(
                try TemplateSequence(
                    Array([[TemplateValue]](repeating: sequence.items, count: count).joined()),
                    sequence.kind))
        default: return nil
        }
    }

    /// The cost of `count` times something; large beyond measure when that overflows.
    func product(_ size: Int, _ count: Int) -> Int {
        let (product, overflows) = size.multipliedReportingOverflow(by: count)
        return overflows ? .max / 2 : max(product, count)
    }

    private func arithmetic(
        _ operation: TemplateExpression.Arithmetic, _ left: Int, _ right: Int
    ) throws(ADPOError) -> TemplateValue {
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        case .divide:
            guard right != 0 else { throw failure("division by zero") }
            return .double(Double(left) / Double(right))
        case .floorDivide, .remainder:
            guard right != 0 else { throw failure("division by zero") }
            // The only quotient that does not fit is that of the least integer.
            guard right != -1 else {
                if operation == .remainder { return .integer(0) }
                return try unary(.minus, .integer(left))
            }
            let (quotient, remainder) = left.quotientAndRemainder(dividingBy: right)
            let isBelow = remainder != 0 && (remainder < 0) != (right < 0)
            return .integer(
                operation == .remainder
                    ? (isBelow ? remainder + right : remainder)
                    : (isBelow ? quotient - 1 : quotient))
        case .power: return try power(left, right)
        }
        if result.overflow { throw tooLarge() }
        return .integer(result.partialValue)
    }

    private func power(_ base: Int, _ exponent: Int) throws(ADPOError) -> TemplateValue {
        guard exponent >= 0 else { return try arithmetic(.power, Double(base), Double(exponent)) }
        if base == 0 || base == 1 { return .integer(exponent == 0 ? 1 : base) }
        if base == -1 { return .integer(exponent % 2 == 0 ? 1 : -1) }
        guard exponent < 64 else { throw tooLarge() }
        var power = 1
        for _ in 0..<exponent {
            let (next, overflows) = power.multipliedReportingOverflow(by: base)
            if overflows { throw tooLarge() }
            power = next
        }
        return .integer(power)
    }

    private func arithmetic(
        _ operation: TemplateExpression.Arithmetic, _ left: Double, _ right: Double
    ) throws(ADPOError) -> TemplateValue {
        switch operation {
        case .add: return .double(left + right)
        case .subtract: return .double(left - right)
        case .multiply: return .double(left * right)
        case .divide:
            guard right != 0 else { throw failure("division by zero") }
            return .double(left / right)
        case .floorDivide, .remainder:
            guard right != 0 else { throw failure("division by zero") }
            var remainder = left.truncatingRemainder(dividingBy: right)
            var quotient = (left - remainder) / right
            if remainder == 0 {
                remainder = copysign(0, right)
            } else if (remainder < 0) != (right < 0) {
                remainder += right
                quotient -= 1
            }
            if operation == .remainder { return .double(remainder) }
            guard quotient != 0 else { return .double(copysign(0, left / right)) }
            let floor = quotient.rounded(.down)
            return .double(quotient - floor > 0.5 ? floor + 1 : floor)
        case .power:
            if left == 0, right < 0 { throw failure("zero cannot be raised to a negative power") }
            let power = pow(left, right)
            guard power.isFinite || !left.isFinite || !right.isFinite else {
                throw failure("the power is not a number that fits")
            }
            return .double(power)
        }
    }

    // MARK: Comparing

    func compare(
        _ operation: TemplateExpression.Comparison, _ left: TemplateValue, _ right: TemplateValue
    ) throws(ADPOError) -> Bool {
        switch operation {
        case .equal: try isEqual(left, right)
        case .notEqual: try !isEqual(left, right)
        case .less: try isLess(left, right)
        case .lessOrEqual: try isLess(left, right) ? true : isEqual(left, right)
        case .greater: try isLess(right, left)
        case .greaterOrEqual: try isLess(right, left) ? true : isEqual(left, right)
        case .contained: try contains(right, left)
        case .notContained: try !contains(right, left)
        }
    }

    func isEqual(_ left: TemplateValue, _ right: TemplateValue) throws(ADPOError) -> Bool {
        try charge(size: min(left.extent.size, right.extent.size))
        return equal(left, right)
    }

    /// Whether two values are equal. It goes no deeper than values do, whose depth is bounded.
    private func equal(_ left: TemplateValue, _ right: TemplateValue) -> Bool {
        switch (left, right) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.string(let left), .string(let right)): return left.utf8.elementsEqual(right.utf8)
        case (.sequence(let left), .sequence(let right)):
            guard left.isIndexed, left.kind == right.kind else { return left === right }
            return left.items.count == right.items.count
                && zip(left.items, right.items).allSatisfy { equal($0, $1) }
        case (.dictionary(let left), .dictionary(let right)):
            guard left.count == right.count else { return false }
            for (key, value) in zip(left.keys, left.values) {
                guard let other = right[key], equal(value, other) else { return false }
            }
            return true
        case (.namespace(let left), .namespace(let right)): return left === right
        case (.loop(let left), .loop(let right)): return left === right
        default:
            guard left.double != nil, right.double != nil else { return false }
            return TemplateKey(left) == TemplateKey(right)
        }
    }

    func isLess(_ left: TemplateValue, _ right: TemplateValue) throws(ADPOError) -> Bool {
        try charge(size: min(left.extent.size, right.extent.size))
        switch (left, right) {
        case (.undefined(let hint), _), (_, .undefined(let hint)): throw failure(hint)
        case (.string(let left), .string(let right)):
            // UTF-8 has the order of the scalars.
            return left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.sequence(let left), .sequence(let right))
        where left.kind == right.kind && (left.kind == .list || left.kind == .tuple):
            for (left, right) in zip(left.items, right.items) where !equal(left, right) {
                return try isLess(left, right)
            }
            return left.items.count < right.items.count
        default:
            if let left = left.integer, let right = right.integer { return left < right }
            if let left = left.double, let right = right.double { return left < right }
            throw failure(
                "'<' is not supported between '\(left.typeName)' and '\(right.typeName)'")
        }
    }

    private func contains(
        _ container: TemplateValue, _ value: TemplateValue
    ) throws(ADPOError) -> Bool {
        switch container {
        case .string(let text):
            guard case .string(let part) = value else {
                if case .undefined(let hint) = value { throw failure(hint) }
                throw failure("'in <string>' requires a string, not '\(value.typeName)'")
            }
            try charge(size: text.utf8.count + part.utf8.count)
            return UTF8Text(text).firstIndex(of: UTF8Text(part)) != nil
        case .dictionary(let dictionary):
            try charge(value)
            switch value {
            case .sequence, .dictionary:
                guard TemplateKey(value) != nil else {
                    throw failure("unhashable type: '\(value.typeName)'")
                }
            default: break
            }
            return dictionary[value] != nil
        default:
            for item in try items(of: container) {
                if try isEqual(item, value) { return true }
            }
            return false
        }
    }
}
