from Cython.Build import cythonize
from setuptools import setup

setup(
    name="by-cython",
    version="1.0",
    description="A package under development, with an extension by Cython.",
    packages=["by_cython"],
    ext_modules=cythonize(["by_cython/_native.pyx"], language_level=3),
    entry_points={"console_scripts": ["by-cython = by_cython:main"]},
    zip_safe=False,
)
