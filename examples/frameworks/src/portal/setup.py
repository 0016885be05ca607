from setuptools import setup

setup(
    name="portal",
    version="1.0",
    packages=["portal"],
    entry_points={"paste.app_factory": ["main = portal.app:main"]},
)
