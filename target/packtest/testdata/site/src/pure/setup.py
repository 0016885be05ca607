from setuptools import setup

setup(
    name="pure",
    version="2.0",
    package_dir={"": "src"},
    packages=["pure"],
    entry_points={"console_scripts": ["pure = pure:main"]},
)
