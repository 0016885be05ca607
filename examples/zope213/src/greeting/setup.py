from setuptools import Extension, setup

setup(
    name="greeting",
    version="1.0",
    description="A package under development, with a C extension.",
    py_modules=["greeting"],
    ext_modules=[Extension("_greeting", ["_greeting.c"])],
    install_requires=["zope.interface"],
    entry_points={"console_scripts": ["greeting = greeting:main"]},
    zip_safe=False,
)
