from setuptools import Extension, setup

setup(
    name="hello",
    version="1.0",
    description="A package under development, with a C extension.",
    package_dir={"": "src"},
    packages=["hello"],
    ext_modules=[Extension("hello._greet", ["src/hello/_greet.c"])],
    install_requires=["MarkupSafe"],
    entry_points={"console_scripts": ["hello = hello:main"]},
    zip_safe=False,
)
