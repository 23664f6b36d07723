"""The ctypes definitions against the header, by way of a C compiler."""

import ctypes
import re
import shutil
import subprocess

import pytest

from adpo import _abi
from conftest import ROOT

HEADER = ROOT / "include" / "adpo.h"


def header_code():
    """The header without its comments."""
    return re.sub(r"/\*.*?\*/", " ", HEADER.read_text(encoding="utf-8"), flags=re.DOTALL)


def header_functions():
    """name -> (result, number of arguments), as declared."""
    declared = re.findall(
        r"^(void|const char \*|adpo_status |uint32_t )\s*(adpo_\w+)\(([^;]*)\);",
        header_code(),
        flags=re.MULTILINE,
    )
    return {
        name: (result.strip(), 0 if arguments.strip() == "void" else arguments.count(",") + 1)
        for result, name, arguments in declared
    }


def header_enum_names():
    return re.findall(r"\b(ADPO_\w+) = \d+", header_code())


def compiled(tmp_path, lines):
    """What a C program that consists of these lines prints."""
    compiler = shutil.which("cc") or shutil.which("clang")
    assert compiler, "a C compiler is needed: see scripts/setup"
    body = "\n".join(lines)
    source = tmp_path / "abi.c"
    source.write_text(
        "#include <stdio.h>\n"
        f'#include "{HEADER}"\n'
        '#define SIZE(type) printf(#type " %zu\\n", sizeof(type))\n'
        '#define PLACE(type, field) printf(#type "." #field " %zu %zu\\n", \\\n'
        "    offsetof(type, field), sizeof(((type *)0)->field))\n"
        '#define VALUE(name) printf(#name " %ld\\n", (long)name)\n'
        f"int main(void) {{\n{body}\nreturn 0;\n}}\n"
    )
    program = tmp_path / "abi"
    subprocess.run([compiler, "-std=c99", source, "-o", program], check=True)
    output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return dict(line.split(" ", 1) for line in output.splitlines())


def test_structs_have_the_layout_of_the_header(tmp_path):
    lines, expected = [], {}
    for struct in _abi.STRUCTS:
        name = struct.__name__
        lines.append(f"SIZE({name});")
        expected[name] = str(ctypes.sizeof(struct))
        for field, *_ in struct._fields_:
            place = getattr(struct, field)
            lines.append(f"PLACE({name}, {field});")
            expected[f"{name}.{field}"] = f"{place.offset} {place.size}"
    assert compiled(tmp_path, lines) == expected


def test_structs_have_the_fields_of_the_header():
    declared = {
        name: re.findall(r"(\w+)(?:\[\d+\])?;", body)
        for body, name in re.findall(
            r"typedef struct \w+ \{(.*?)\} (\w+);", header_code(), flags=re.DOTALL
        )
    }
    assert declared == {
        struct.__name__: [name for name, *_ in struct._fields_] for struct in _abi.STRUCTS
    }


def test_enums_have_the_values_of_the_header(tmp_path):
    assert list(_abi.ENUMS) == header_enum_names()
    values = compiled(tmp_path, [f"VALUE({name});" for name in _abi.ENUMS])
    assert values == {name: str(value) for name, value in _abi.ENUMS.items()}


def test_the_version_is_that_of_the_header(tmp_path):
    values = compiled(tmp_path, ["VALUE(ADPO_ABI_VERSION);"])
    assert values == {"ADPO_ABI_VERSION": str(_abi.ABI_VERSION)}


def test_functions_are_those_of_the_header_in_its_order():
    assert list(_abi.FUNCTIONS) == list(header_functions())


@pytest.mark.parametrize("name", _abi.FUNCTIONS)
def test_signatures_have_the_shape_of_the_header(name):
    result, count = header_functions()[name]
    kinds = {"void": None, "const char *": ctypes.c_char_p, "uint32_t": ctypes.c_uint32}
    found, arguments = _abi.FUNCTIONS[name]
    assert found == kinds.get(result, ctypes.c_int32)
    assert len(arguments) == count
