"""A recipe of our own: environment variables for the parts after it.

Each option in capitals is one; its lines become one line.
"""

import os


class Linking:
    def __init__(self, buildout, name, options):
        self.variables = {key: " ".join(options[key].split()) for key in options if key.isupper()}

    def install(self):
        os.environ.update(self.variables)
        return ()

    update = install
