from setuptools import Extension, setup

setup(
    name="demo",
    version="1.0",
    package_dir={"": "src"},
    packages=["demo"],
    ext_modules=[Extension("demo._speed", ["src/demo/_speed.c"])],
    entry_points={"console_scripts": ["demo = demo:main"]},
)
