from setuptools import setup

setup(name="own", version="1.0", py_modules=["own"], package_dir={"": "src"},
      entry_points={"console_scripts": ["own = own:main"]})
