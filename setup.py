"""The one part of the build that pyproject.toml cannot say: the optional C loop of the media plane."""

from setuptools import setup

setup(cffi_modules=["src/mirabelle/media/build_loop.py:builder"])
