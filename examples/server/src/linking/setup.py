from setuptools import setup

setup(
    name="linking",
    version="1.0",
    description="A recipe: environment variables for the parts after it.",
    packages=["linking"],
    install_requires=["zc.buildout"],
    entry_points={"zc.buildout": ["default = linking:Linking"]},
)
