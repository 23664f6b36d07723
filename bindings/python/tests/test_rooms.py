"""That rooms use each other one way: what scripts/check-rooms finds, and the Python package."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter

import pytest

from conftest import ROOT

CHECK = ROOT / "scripts" / "check-rooms"
TABLE = """| room | may use |
|---|---|
| `Base` | |
| `Base/System` | `Base`, `Glibc` |
| `App/Low` | `Base` |
| `App/High` | `App/Low`, `Base` |
"""
SOURCES = {
    "Base/Failure.swift": "package struct Failure {}\n",
    "Base/System/Clock.swift": "import Glibc\n\npackage enum Clock {}\n",
    "App/Low/Tree.swift": "import Base\n\nstruct Tree {\n    var failure: Failure?\n}\n",
    "App/High/House.swift": "struct House {\n    let tree: Tree\n}\n\nfunc build() {}\n",
    "App/High/Tree+Rooms.swift": "extension Tree {\n    var rooms: Int { 1 }\n}\n",
}


def problems(root, changes=(), table=TABLE):
    """What the check says of the tree with these changes; nothing when it passes."""
    for name, text in {**SOURCES, **dict(changes)}.items():
        path = root / "Sources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "docs").mkdir()
    (root / "docs/ARCHITECTURE.md").write_text(table)
    result = subprocess.run(
        [sys.executable, CHECK, root], capture_output=True, text=True, check=False
    )
    assert result.returncode == (1 if result.stdout.strip() else 0), result.stderr
    return [line.rpartition(": ")[2] for line in result.stdout.splitlines()]


def test_one_way_passes(tmp_path):
    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (
            "App/Low/Circle.swift",
            "func circle(_ house: House?) {}\n",
            "App/Low may not use House of App/High",
        ),
        (
            "App/Low/Circle.swift",
            "let a: Void = build()\n",
            "App/Low may not use build of App/High",
        ),
        (
            "App/Low/Circle.swift",
            "func count(_ tree: Tree) -> Int { tree.rooms }\n",
            "App/Low may not use rooms of App/High",
        ),
        ("App/Low/Circle.swift", "import Glibc\n", "App/Low may not import Glibc"),
        ("Base/Circle.swift", "import App\n", "Base may not import App"),
        ("Base/Circle.swift", "let now: Clock? = nil\n", "Base may not use Clock of Base/System"),
        ("App/New/New.swift", "struct New {}\n", "the room App/New is not in the table"),
    ],
)
def test_a_new_circle_fails(tmp_path, name, text, problem):
    assert problems(tmp_path, {name: text}) == [problem]


def test_comments_and_strings_are_no_uses(tmp_path):
    text = '// As a House.\nlet a = "House, build()"\nlet b = """\n    House\n    """\n'
    assert problems(tmp_path, {"App/Low/Words.swift": text}) == []


def test_what_a_string_interpolates_is_a_use(tmp_path):
    text = 'let a = "\\(House.self)"\n'
    expected = ["App/Low may not use House of App/High"]
    assert problems(tmp_path, {"App/Low/Words.swift": text}) == expected


def test_a_row_names_rooms_above_it(tmp_path):
    table = TABLE.replace("| `App/Low` | `Base` |", "| `App/Low` | `App/High`, `Base` |")
    assert problems(tmp_path, table=table) == ["App/Low may use App/High, which is not above it"]


def test_python_modules_import_one_way():
    package = ROOT / "bindings" / "python" / "adpo"
    imports = {}
    for path in package.rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        imports[".".join(path.relative_to(package.parent).with_suffix("").parts)] = {
            module
            for node in nodes
            if isinstance(node, ast.ImportFrom)
            for module in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
        }
    # Raises CycleError.
    assert list(TopologicalSorter(imports).static_order())
