from setuptools import setup

setup(name="demo", version="1.0", packages=["demo"], package_dir={"": "src"},
      entry_points={"console_scripts": ["demo = demo:main"]})
