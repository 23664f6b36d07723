"""Loading the shared object, versions, threads, and errors as exceptions."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

import adpo
from adpo import _abi, errors
from conftest import ROOT


def test_version_is_that_of_the_package():
    text = (ROOT / "bindings/python/pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{adpo.version()}"' in text


def test_build_info_names_the_blas():
    assert "kernels" in adpo.build_info()


def test_every_status_has_an_exception():
    statuses = {value for name, value in _abi.ENUMS.items() if name.startswith("ADPO_ERROR")}
    statuses.add(_abi.ENUMS["ADPO_CANCELLED"])
    for status in statuses:
        error = errors.from_status(status, "because")
        assert type(error) is not adpo.AdpoError
        assert (error.status, str(error)) == (status, "because")


def test_a_status_of_a_later_version_is_an_adpo_error():
    assert errors.from_status(99, "").status == 99


@pytest.mark.parametrize("count", [-1, 1025])
def test_set_num_threads_refuses(count):
    with pytest.raises(adpo.InvalidArgumentError):
        adpo.set_num_threads(count)


def test_a_missing_library_is_an_import_error():
    result = subprocess.run(
        [sys.executable, "-c", "import adpo; adpo.version()"],
        env={**os.environ, "ADPO_LIBRARY": "/nowhere/libadpo.so"},
        capture_output=True,
        text=True,
    )
    assert "ImportError: cannot load libadpo" in result.stderr
    assert "/nowhere/libadpo.so" in result.stderr


def test_importing_needs_no_library():
    result = subprocess.run(
        [sys.executable, "-c", "import adpo"],
        env={**os.environ, "ADPO_LIBRARY": "/nowhere/libadpo.so"},
    )
    assert result.returncode == 0


@pytest.mark.parametrize("has_library", [True, False])
def test_a_wheel_takes_the_library_along(tmp_path, has_library):
    package = tmp_path / "repository" / "bindings" / "python"
    ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__", "tests")
    shutil.copytree(ROOT / "bindings" / "python", package, ignore=ignored)
    if has_library:
        (tmp_path / "repository" / "build").mkdir()
        (tmp_path / "repository" / "build" / "libadpo.so").write_bytes(b"the library")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", tmp_path)
    subprocess.run([*pip, "wheel", *options, package], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith(f"adpo-{adpo.version()}-py3-none-")
    assert wheel.name.endswith("-any.whl") != has_library
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert {"adpo/py.typed", "adpo/cli/training.py"} <= set(names)
        assert ("adpo/libadpo.so" in names) == has_library
