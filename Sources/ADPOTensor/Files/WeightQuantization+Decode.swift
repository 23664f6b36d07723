import ADPOBase

extension WeightQuantization {
    /// What is not the weights': scales, which the decoded matrices contain, and those of activations.
    private static let suffixes = [
        ".weight_scale", ".weight_scale_inv", ".weight_shape", ".input_scale", ".output_scale",
        ".k_scale", ".v_scale", ".activation_scale", ".activation_scale_inv",
    ]

    /// The tensors with the quantized ones decoded, in memory.
    ///
    /// - Throws: `.format` for sizes that do not fit, `.unsupported`, `.outOfMemory`.
    func decoded(_ table: TensorTable) throws(ADPOError) -> TensorTable {
        var result = TensorTable()
        for name in table.names {
            if let matrix = try matrix(name, table) {
                let view = try matrix.decoded()
                try result.add(view.name, .view(view), path: path)
            } else if !isCompanion(name, table), let entry = table[name] {
                try result.add(name, entry, path: path)
            }
        }
        return result
    }

    private func isCompanion(_ name: String, _ table: TensorTable) -> Bool {
        if case .affine = layout {
            return [".scales", ".biases"].contains { suffix in
                name.hasSuffix(suffix)
                    && table[name.dropping(suffix) + ".weight"] != nil
            }
        }
        return Self.suffixes.contains(where: name.hasSuffix)
    }

    /// The matrix whose codes are the tensor of this name; nil for other tensors.
    private func matrix(_ name: String, _ table: TensorTable) throws(ADPOError) -> QuantizedMatrix?
    {
        guard case .other(let codes)? = table[name], codes.shape.count == 2 else { return nil }
        let end =
            if case .packed = layout { ".weight_packed" } else { ".weight" }
        guard name.hasSuffix(end) else { return nil }
        let module = name.dropping(end)
        // More numbers than bytes there cannot be, whatever the shape says.
        guard codes.shape.allSatisfy({ (1...max(1, codes.bytes.count)).contains($0) }),
            table["\(module).weight_zero_point"] == nil, table["\(module).weight_g_idx"] == nil
        else { throw misfit(name) }
        switch layout {
        case .scaled: return try scaled(module, codes, table)
        case .packed(let bits): return try packed(module, codes, bits: bits, table)
        case .affine: return try affine(module, codes, table)
        }
    }

    private func scaled(
        _ module: String, _ codes: OtherTensor, _ table: TensorTable
    ) throws(ADPOError) -> QuantizedMatrix? {
        guard let values = Self.values(of: codes.type) else { return nil }
        let names = ["weight_scale_inv", "weight_scale"].map { "\(module).\($0)" }
        guard let name = names.first(where: table.contains), let scales = try table.tensor(name)
        else { throw misfit(codes.name) }
        let (rows, columns) = (codes.shape[0], codes.shape[1])
        return try QuantizedMatrix(
            name: codes.name, rows: rows, columns: columns, bits: 8, values: values, codes: codes,
            scales: ScaleGrid(scales, rows: rows, columns: columns, block: block))
    }

    private func packed(
        _ module: String, _ codes: OtherTensor, bits: Int, _ table: TensorTable
    ) throws(ADPOError) -> QuantizedMatrix? {
        guard codes.type == "I32", let scales = try table.tensor("\(module).weight_scale"),
            case .other(let shape)? = table["\(module).weight_shape"], shape.type == "I64",
            shape.bytes.count == 16
        else { throw misfit(codes.name) }
        let rows = codes.shape[0]
        let columns = Int(littleEndian: shape.bytes.loadUnaligned(fromByteOffset: 8, as: Int.self))
        guard (1...codes.shape[1] * 32 / bits).contains(columns) else { throw misfit(codes.name) }
        return try QuantizedMatrix(
            name: "\(module).weight", rows: rows, columns: columns, bits: bits,
            values: (0..<1 << bits).map { Float($0 - 1 << (bits - 1)) }, codes: codes,
            scales: ScaleGrid(scales, rows: rows, columns: columns, block: block))
    }

    private func affine(
        _ module: String, _ codes: OtherTensor, _ table: TensorTable
    ) throws(ADPOError) -> QuantizedMatrix? {
        guard codes.type == "U32" else { return nil }
        guard let scales = try table.tensor("\(module).scales"),
            let biases = try table.tensor("\(module).biases"), scales.shape == biases.shape
        else { throw misfit(codes.name) }
        // A module may have bits of its own.
        let bits = (description[module]?["bits"] ?? description["bits"])?.integer ?? 0
        guard [2, 4, 8].contains(bits) else {
            throw Self.unsupported("MLX with \(bits) bits (\(codes.name))", path: path)
        }
        let (rows, columns) = (codes.shape[0], codes.shape[1] * 32 / bits)
        return try QuantizedMatrix(
            name: codes.name, rows: rows, columns: columns, bits: bits,
            values: (0..<1 << bits).map(Float.init), codes: codes,
            scales: ScaleGrid(scales, rows: rows, columns: columns, block: nil),
            minima: ScaleGrid(biases, rows: rows, columns: columns, block: nil))
    }

    private func misfit(_ name: String) -> ADPOError {
        ADPOError(
            .format,
            """
            \(path): the quantized tensor "\(name)" has another shape or type than the configuration \
            says, or lacks its scales, or has zero points or an order of groups, which cannot be read
            """)
    }

    /// What the 256 bytes of a type stand for.
    private static func values(of type: String) -> [Float]? {
        switch type {
        case "I8": (0...UInt8.max).map { Float(Int8(bitPattern: $0)) }
        case "F8_E4M3": (0...UInt8.max).map(float8)
        default: nil
        }
    }

    /// A number with 4 bits of exponent and 3 of mantissa, no infinities: https://arxiv.org/abs/2209.05433
    private static func float8(_ bits: UInt8) -> Float {
        let exponent = Int(bits >> 3 & 0x0F), mantissa = Float(bits & 7) / 8
        let sign: Float = bits & 0x80 == 0 ? 1 : -1
        if bits & 0x7F == 0x7F { return .nan }
        return exponent == 0
            ? sign * Float(sign: .plus, exponent: -6, significand: mantissa)
            : sign * Float(sign: .plus, exponent: exponent - 7, significand: 1 + mantissa)
    }
}

extension String {
    fileprivate func dropping(_ end: String) -> String { String(dropLast(end.count)) }
}
