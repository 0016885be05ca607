from setuptools import setup

setup(name='pychart', version='1.39', packages=['pychart'])
