from setuptools import Extension, setup

setup(name="floor", version="1.0", py_modules=["floor"], ext_modules=[Extension("_floor", ["_floor.c"])],
      entry_points={"console_scripts": ["floor = floor:main"]})
