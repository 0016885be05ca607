from pybind11.setup_helpers import Pybind11Extension
from setuptools import setup

setup(
    name="by-pybind11",
    version="1.0",
    description="A package under development, with an extension by pybind11.",
    packages=["by_pybind11"],
    ext_modules=[Pybind11Extension("by_pybind11._native", ["by_pybind11/_native.cpp"])],
    entry_points={"console_scripts": ["by-pybind11 = by_pybind11:main"]},
    zip_safe=False,
)
