from mypyc.build import mypycify
from setuptools import setup

setup(
    name="by-mypyc",
    version="1.0",
    description="A package under development, compiled by mypyc.",
    packages=["by_mypyc"],
    ext_modules=mypycify(["by_mypyc/native.py"]),
    entry_points={"console_scripts": ["by-mypyc = by_mypyc:main"]},
    zip_safe=False,
)
