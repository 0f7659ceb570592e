"""What pyproject.toml cannot say: the catalogues, which stand beside the package `bot`, are installed within it."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["bot*"]), "bot.locales"], package_dir={"bot.locales": "locales"})
