from setuptools import find_packages, setup

setup(name='odoo', version='8.0', packages=find_packages(), install_requires=['MarkupSafe'])
