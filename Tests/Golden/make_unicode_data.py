"""Write Sources/ADPO/Tokenizer/Text/UnicodeData*.swift: classes of characters and decompositions.

    python make_unicode_data.py

`tokenizers` is asked for each character, so that the versions of Unicode are its own.
"""

import itertools
import sys
import textwrap
from pathlib import Path

import tokenizers

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "Sources/ADPO/Tokenizer/Text"

# In the order of UnicodeTable.categories.
CATEGORIES = (
    "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn"
).split()
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZghij"
SCRIPTS = (
    "Arabic Cyrillic Devanagari Greek Hangul Han Hebrew Hiragana Katakana Latin Thai"
).split()
SURROGATES = range(0xD800, 0xE000)


def members(expression: str) -> set[int]:
    """Give the characters that a regular expression matches."""
    split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(expression), "removed", invert=True)
    found: set[int] = set()
    scalars = [n for n in range(0x110000) if n not in SURROGATES]
    for start in range(0, len(scalars), 4096):
        text = "".join(map(chr, scalars[start : start + 4096]))
        found.update(ord(c) for piece, _ in split.pre_tokenize_str(text) for c in piece)
    return found


def runs(kinds: list[int]) -> str:
    """Write runs as UnicodeTable reads them."""
    parts = []
    for kind, group in itertools.groupby(kinds):
        length = len(list(group))
        parts.append(LETTERS[kind] + (f"{length:x}" if length > 1 else ""))
    return "".join(parts)


def flags(expression: str) -> str:
    """Write the runs in and outside of a set."""
    found = members(expression)
    return runs([int(n in found) for n in range(0x110000)])


def literal(text: str, indent: int) -> str:
    """Write a string of several lines."""
    pad = " " * indent
    lines = textwrap.wrap(text, 96 - indent, break_on_hyphens=False)
    body = "\\\n".join(pad + line for line in lines)
    return f'"""\n{body}\n{pad}"""'


def decompositions(name: str, normalizer: tokenizers.normalizers.Normalizer, known: dict) -> dict:
    """Write what characters become, but for Hangul's and what is known already."""
    found = {}
    for n in range(0x110000):
        if n in SURROGATES or 0xAC00 <= n <= 0xD7A3:
            continue
        text = normalizer.normalize_str(chr(n))
        if text != known.get(n, chr(n)):
            found[n] = text
    entries, last = [], 0
    for n, text in found.items():
        distance = "" if n - last == 1 else f"{n - last:x}"
        entries.append(f"{distance}=" + ",".join(f"{ord(c):x}" for c in text))
        last = n
    (FOLDER / f"UnicodeData+{name}.swift").write_text(
        f"""extension UnicodeData {{
    /// What characters become in {type(normalizer).__name__}, all in hexadecimal digits: the
    /// distance from the character before, if it is not 1, and the characters behind "=".
    static let {name[0].lower()}{name[1:]} = {literal(";".join(entries), 8)}
}}
"""
    )
    return found


def main() -> None:
    """Write the files."""
    canonical = decompositions("Canonical", tokenizers.normalizers.NFD(), {})
    decompositions("Compatible", tokenizers.normalizers.NFKD(), canonical)
    kinds = [CATEGORIES.index("Cn")] * 0x110000
    for index, name in enumerate(CATEGORIES):
        for n in SURROGATES if name == "Cs" else members(rf"\p{{{name}}}"):
            kinds[n] = index
    scripts = ""
    for name in SCRIPTS:
        table = literal(flags(rf"\p{{{name}}}"), 12)
        scripts += f'        (\n            "{name}",\n            {table}\n        ),\n'
    word = flags(r"\w")
    (FOLDER / "UnicodeData.swift").write_text(
        f"""/// The tables of `UnicodeTable`, written by Tests/Golden/make_unicode_data.py as those
/// of `tokenizers` {tokenizers.__version__}.
enum UnicodeData {{
    static let categories = {literal(runs(kinds), 8)}

    static let word = {literal(word, 8)}

    static let scripts: [(script: String, runs: String)] = [
{scripts}    ]
}}
"""
    )


if __name__ == "__main__":
    sys.exit(main())
