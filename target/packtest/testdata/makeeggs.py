"""Unpacks wheels as eggs with EGG-INFO: makeeggs.py WHEELS EGGS TOOLS.

TOOLS is a directory that holds setuptools' own wheel, which does it.
"""
import glob
import os
import shutil
import sys
import tempfile
import zipfile

wheels, eggs, tools = sys.argv[1:4]
folder = tempfile.mkdtemp()
try:
    own, = glob.glob(os.path.join(tools, "setuptools-*.whl"))
    with zipfile.ZipFile(own) as z:
        z.extractall(folder)
    sys.path.insert(0, folder)
    import setuptools
    from setuptools.wheel import Wheel
    if not os.path.isdir(eggs):
        os.makedirs(eggs)
    for path in sorted(glob.glob(os.path.join(wheels, "*.whl"))):
        wheel = Wheel(path)
        egg = os.path.join(eggs, wheel.egg_name())
        if not os.path.exists(egg):
            wheel.install_as_egg(egg)
finally:
    shutil.rmtree(folder)
