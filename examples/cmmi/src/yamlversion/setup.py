from setuptools import Extension, setup

setup(
    name="yamlversion",
    version="1.0",
    description="Says which libyaml it is linked to.",
    py_modules=["yamlversion"],
    ext_modules=[Extension("_yamlversion", ["_yamlversion.c"], libraries=["yaml"])],
    install_requires=["PyYAML"],
    entry_points={"console_scripts": ["yamlversion = yamlversion:main"]},
    zip_safe=False,
)
