/// The characters of each general category and of some other properties, in the version of Unicode of
/// the `tokenizers` package, whose ids ours must equal.
enum UnicodeTable {
    static let scalarCount: UInt32 = 0x110000

    private static let categories = [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe",
        "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
    ]

    /// All characters in a row, as runs of one category.
    private static let runs = parse(UnicodeData.categories)

    static let whiteSpace = ScalarSet([
        0x09..<0x0E, 0x20..<0x21, 0x85..<0x86, 0xA0..<0xA1, 0x1680..<0x1681, 0x2000..<0x200B,
        0x2028..<0x202A, 0x202F..<0x2030, 0x205F..<0x2060, 0x3000..<0x3001,
    ])

    /// What \w stands for in brackets.
    static let word = wordOutsideOfBrackets.intersection(
        ScalarSet(["²", "³", "¹", "¼", "½", "¾"]).inverted)
    static let wordOutsideOfBrackets = set(UnicodeData.word)

    /// The characters of a category ("Lu"), or of all that begin with a letter ("L").
    static func category(_ name: String) -> ScalarSet {
        ScalarSet(
            runs.filter { categories[$0.kind].hasPrefix(name) }.map(\.range))
    }

    /// The set that \p{name} stands for.
    static func property(_ name: String) -> ScalarSet? {
        if !name.isEmpty, categories.contains(where: { $0.hasPrefix(name) }) {
            return category(name)
        }
        return UnicodeData.scripts.first { $0.script == name }.map { set($0.runs) }
    }

    private static func set(_ text: String) -> ScalarSet {
        ScalarSet(parse(text).filter { $0.kind == 1 }.map(\.range))
    }

    /// Runs are written as a letter for what they are, A being 0, and their length in hexadecimal
    /// digits, without which it is 1.
    private static func parse(_ text: String) -> [(kind: Int, range: Range<UInt32>)] {
        var runs: [(kind: Int, range: Range<UInt32>)] = []
        var start: UInt32 = 0
        var kind: Int?
        var length: UInt32 = 0
        func close() {
            guard let kind else { return }
            let end = min(start &+ max(length, 1), scalarCount)
            runs.append((kind, start..<end))
            start = end
            length = 0
        }
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39: length = length &* 16 &+ UInt32(byte - 0x30)
            case 0x61...0x66: length = length &* 16 &+ UInt32(byte - 0x61 + 10)
            case 0x41...0x5A, 0x67...0x6A:
                close()
                kind = byte < 0x61 ? Int(byte - 0x41) : Int(byte - 0x67) + 26
            default: break
            }
        }
        close()
        return runs
    }
}
