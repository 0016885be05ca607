from setuptools import setup
setup(name='portal', version='1.0', packages=['portal'], install_requires=['PasteDeploy', 'waitress'],
      entry_points={'paste.app_factory': ['main = portal:main'], 'console_scripts': ['portal = portal:run']})
