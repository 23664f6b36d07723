import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// Hugging Face directories whose weights are quantized (Golden/make_quantized.py), and damaged ones.
struct WeightQuantizationTests {
    /// Equal bits: what transformers and compressed-tensors decode.
    @Test(arguments: ["fp8-blocks", "fp8-rows", "fp8-tensors", "int8", "int4", "mlx"])
    func decodesAsOthersDo(_ name: String) throws {
        let file = try TensorFile.open(path: Fixture.path("Fixtures/quantized/\(name)"))
        let golden = try SafetensorsFile(
            path: Fixture.path("Golden/quantized/\(name).safetensors")
        ).tensors
        for name in golden.names {
            let expected = try #require(try golden.tensor(name))
            let actual = try #require(try file.tensor(name))
            #expect(actual.encoding == expected.encoding)
            #expect(actual.shape == expected.shape)
            #expect(Array(actual.bytes) == Array(expected.bytes))
        }
        // Nothing but weights is left.
        #expect(file.names.allSatisfy { $0.hasSuffix(".weight") })
    }

    @Test(arguments: [
        (#"{"quant_method": "gptq", "bits": 4, "group_size": 128}"#, "by gptq"),
        (#"{"quant_method": "awq", "bits": 4}"#, "by awq"),
        (#"{"quant_method": "bitsandbytes", "load_in_4bit": true}"#, "by bitsandbytes"),
        (#"{"load_in_8bit": true}"#, "by bitsandbytes"),
        (#"{"bits": 4, "group_size": 32, "mode": "mxfp4"}"#, "by MLX (mxfp4)"),
        (
            #"{"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"}"#,
            "by compressed-tensors (nvfp4-pack-quantized)"
        ),
        (
            """
            {"quant_method": "compressed-tensors", "format": "int-quantized",
             "config_groups": {"g": {"weights": {"num_bits": 8, "symmetric": false}}}}
            """, "with zero points"
        ),
        (
            """
            {"quant_method": "compressed-tensors", "format": "pack-quantized",
             "config_groups": {"g": {"weights": {"num_bits": 3}}}}
            """, "other than 4 or 8 bits"
        ),
        (
            """
            {"quant_method": "compressed-tensors", "format": "float-quantized",
             "sparsity_config": {"format": "sparse-24-bitmask"}}
            """, "with sparsity"
        ),
        (#"{"something": "else"}"#, "by an unknown method"),
    ])
    func refusesOtherMethodsByName(_ description: String, _ message: String) throws {
        try withTemporaryDirectory { directory in
            for configuration in [
                #"{"quantization_config": \#(description)}"#,
                #"{"text_config": {"quantization_config": \#(description)}}"#,
            ] {
                try AtomicFile.write(Array(configuration.utf8), to: directory + "/config.json")
                let error = #expect(throws: ADPOError.self) {
                    try TensorFile.open(path: directory)
                }
                #expect(error?.code == .unsupported)
                #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
                #expect(error?.message.contains("or a GGUF file of it") == true)
            }
        }
    }

    /// Tensors of bytes (name, type, shape, number of bytes) beside a configuration.
    private func open(
        _ description: String, _ tensors: [(String, String, [Int], [UInt8])]
    ) throws -> TensorFile {
        try withTemporaryDirectory { directory in
            var (heads, bytes): ([String], [UInt8]) = ([], [])
            for (name, type, shape, content) in tensors {
                let offsets = [bytes.count, bytes.count + content.count]
                heads.append(
                    #""\#(name)": {"dtype": "\#(type)", "shape": \#(shape), "data_offsets": \#(offsets)}"#
                )
                bytes += content
            }
            let header = Array("{\(heads.joined(separator: ", "))}".utf8)
            let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
            try AtomicFile.write(length + header + bytes, to: directory + "/model.safetensors")
            try AtomicFile.write(
                Array(#"{"quantization_config": \#(description)}"#.utf8),
                to: directory + "/config.json")
            return try TensorFile.open(path: directory)
        }
    }

    private static let fp8 = #"{"quant_method": "fp8", "weight_block_size": [2, 2]}"#
    private static let int4 = """
        {"quant_method": "compressed-tensors", "format": "pack-quantized",
         "config_groups": {"g": {"weights": {"num_bits": 4, "group_size": 4}}}}
        """
    private static let mlx = #"{"bits": 4, "group_size": 8}"#
    /// 1 in BF16.
    private static let one: [UInt8] = [0x80, 0x3F]

    /// Every number of eight bits against the definition: S.EEEE.MMM, bias 7, NaN where all are set.
    @Test func decodesAllOfFloat8() throws {
        let file = try open(
            #"{"quant_method": "fp8"}"#,
            [
                ("x.weight", "F8_E4M3", [1, 256], Array(0...255)),
                ("x.weight_scale_inv", "BF16", [], Self.one),
            ])
        let floats = try #require(try file.tensor("x.weight")).floats
        #expect(floats[0x38] == 1 && floats[0xB8] == -1 && floats[0x01] == 0x1p-9)
        #expect(floats[0x7E] == 448 && floats[0x08] == 0x1p-6 && floats[0x07] == 0x1.Cp-7)
        #expect(floats[0x7F].isNaN && floats[0xFF].isNaN && floats[0x80].bitPattern == 1 << 31)
        #expect(zip(floats[..<0x7E], floats[1...]).allSatisfy { $0 < $1 })
    }

    @Test func refusesWhatDoesNotFit() throws {
        let codes = ("x.weight", "F8_E4M3", [3, 3], [UInt8](repeating: 0x38, count: 9))
        let scales = (
            "x.weight_scale_inv", "BF16", [2, 2], Self.one + Self.one + Self.one + Self.one
        )
        let size = withUnsafeBytes(of: (1, 8)) { Array($0) }
        let packed: [(String, String, [Int], [UInt8])] = [
            ("x.weight_packed", "I32", [1, 1], [1, 2, 3, 4]),
            ("x.weight_scale", "BF16", [1, 2], Self.one + Self.one),
            ("x.weight_shape", "I64", [2], size),
        ]
        let affine: [(String, String, [Int], [UInt8])] = [
            ("x.weight", "U32", [1, 1], [1, 2, 3, 4]), ("x.scales", "BF16", [1, 1], Self.one),
            ("x.biases", "BF16", [1, 1], Self.one),
        ]
        #expect(try open(Self.fp8, [codes, scales]).tensor("x.weight")?.floats.count == 9)
        #expect(try open(Self.int4, packed).tensor("x.weight")?.floats.first == -7)
        #expect(try open(Self.mlx, affine).tensor("x.weight")?.floats.first == 2)

        func expectRefusal(
            _ description: String, _ tensors: [(String, String, [Int], [UInt8])],
            _ name: String = "x."
        ) {
            let error = #expect(throws: ADPOError.self) { try open(description, tensors) }
            #expect(error?.code == .format)
            #expect(error?.message.contains(name) == true, "\(error?.message ?? "")")
        }
        expectRefusal(Self.fp8, [codes])
        for shape in [[1, 4], [4], [2, 2, 1], [4, 1]] {
            expectRefusal(Self.fp8, [codes, (scales.0, scales.1, shape, scales.3)])
        }
        for shape in [[3, 4], [2, 3], [.max, .max], [0, 3], [-3, -3], [9, .max]] {
            expectRefusal(Self.fp8, [(codes.0, codes.1, shape, codes.3), scales])
        }
        expectRefusal(Self.fp8, [(codes.0, codes.1, [3, 3], []), scales])
        for columns in [0, -1, 9, Int.max, Int.min] {
            let size = withUnsafeBytes(of: (1, columns)) { Array($0) }
            expectRefusal(Self.int4, packed.dropLast() + [("x.weight_shape", "I64", [2], size)])
        }
        expectRefusal(Self.int4, Array(packed.dropLast()))
        expectRefusal(Self.int4, packed + [("x.weight_g_idx", "I32", [1], [0, 0, 0, 0])])
        expectRefusal(Self.int4, packed + [("x.weight_zero_point", "I32", [1], [0, 0, 0, 0])])
        expectRefusal(Self.mlx, Array(affine.dropLast()))
        for shape in [[1, 2], [.max, .max], [4, 1], [1, 0]] {
            expectRefusal(
                Self.mlx, [("x.weight", "U32", shape, [1, 2, 3, 4])] + affine.dropFirst())
        }
    }

    /// A module may have bits of its own; those that no decoder knows are named.
    @Test func refusesOddBits() throws {
        let error = #expect(throws: ADPOError.self) {
            try open(
                #"{"bits": 4, "group_size": 8, "x": {"bits": 3, "group_size": 8}}"#,
                [
                    ("x.weight", "U32", [1, 1], [1, 2, 3, 4]),
                    ("x.scales", "BF16", [1, 1], Self.one),
                    ("x.biases", "BF16", [1, 1], Self.one),
                ])
        }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("MLX with 3 bits (x.weight)") == true)
    }
}
