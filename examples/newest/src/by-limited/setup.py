import sys
import sysconfig

from setuptools import Extension, setup

# The link to libpython that some builds ask for, though an extension needs none.
libpython = "python%d.%d" % sys.version_info[:2]
setup(
    name="by-limited",
    version="1.0",
    description="A package under development, with an extension of the stable ABI and one that exports its slots.",
    packages=["by_limited"],
    ext_modules=[
        Extension("by_limited._limited", ["by_limited/_limited.c"], py_limited_api=True),
        Extension("by_limited._export", ["by_limited/_export.c"], libraries=[libpython], library_dirs=[sysconfig.get_config_var("LIBDIR")],
                  extra_link_args=["-Wl,--no-as-needed"]),
    ],
    entry_points={"console_scripts": ["by-limited = by_limited:main"]},
    zip_safe=False,
)
