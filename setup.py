"""What pyproject.toml cannot say: the catalogues, which stand beside the package `bot`, are installed within it."""

import shutil

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py


class BuildAnew(build_py):
    """Builds without what an earlier build left in the folder `build`: setuptools would install deleted files too."""

    def run(self) -> None:
        """See `build_py`."""
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


setup(
    packages=[*find_packages(include=["bot*"]), "bot.locales"],
    package_dir={"bot.locales": "locales"},
    cmdclass={"build_py": BuildAnew},
)
