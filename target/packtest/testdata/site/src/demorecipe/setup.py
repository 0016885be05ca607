from setuptools import setup

setup(
    name="demorecipe",
    version="1.0",
    packages=["demorecipe"],
    entry_points={
        "zc.buildout": [
            "default = demorecipe:Conf",
            "compiled = demorecipe:Compiled",
            "fails = demorecipe:Fails",
            "wsgi = demorecipe:Wsgi",
        ]
    },
)
