"""Takes the repository's build/libadpo.so into the package, where `make library` has made it."""

from pathlib import Path
from sysconfig import get_platform

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

LIBRARY = Path(__file__).resolve().parents[2] / "build" / "libadpo.so"


class BuildWithLibrary(build_py):
    """An editable package finds the library where it is; others get a copy."""

    def run(self):
        """Copy the package, and the library beside it."""
        super().run()
        if LIBRARY.exists() and not self.editable_mode:
            self.copy_file(str(LIBRARY), str(Path(self.build_lib, "adpo", LIBRARY.name)))


class PlatformWheel(bdist_wheel):
    """With the library inside, a wheel is for one platform."""

    def initialize_options(self):
        """Name the platform."""
        super().initialize_options()
        if LIBRARY.exists():
            self.plat_name = get_platform()


setup(cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": PlatformWheel})
