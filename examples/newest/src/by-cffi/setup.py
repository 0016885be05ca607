from setuptools import setup

setup(
    name="by-cffi",
    version="1.0",
    description="A package under development, with cffi's three kinds of modules.",
    packages=["by_cffi"],
    cffi_modules=["build_cffi.py:limited", "build_cffi.py:full", "build_cffi.py:abi"],
    install_requires=["cffi"],
    entry_points={"console_scripts": ["by-cffi = by_cffi:main"]},
    zip_safe=False,
)
