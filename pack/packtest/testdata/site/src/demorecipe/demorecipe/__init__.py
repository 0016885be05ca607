"""Recipes as people write them."""
import os
import subprocess


class Conf(object):
    """Writes a configuration with absolute paths, and again on each update."""

    def __init__(self, buildout, name, options):
        self.options = options
        options["location"] = os.path.join(buildout["buildout"]["parts-directory"], name)
        options["root"] = buildout["buildout"]["directory"]

    def install(self):
        location = self.options["location"]
        if not os.path.isdir(location):
            os.mkdir(location)
        with open(os.path.join(location, "app.conf"), "w") as f:
            f.write("root = %s\nport = %s\n" % (self.options["root"], self.options["port"]))
        return location

    update = install


class Compiled(Conf):
    """Runs a compiler, as a recipe for a C library does."""

    def install(self):
        location = self.options["location"]
        if not os.path.isdir(location):
            os.mkdir(location)
        source = os.path.join(location, "x.c")
        with open(source, "w") as f:
            f.write("int x(void) { return %s; }\n" % self.options["value"])
        subprocess.check_call(["cc", "-shared", "-fPIC", "-o", os.path.join(location, "libx.so"), source])
        return location

    def update(self):
        pass


class Fails(Conf):
    """Fails when it is told to, after it has rewritten its file."""

    def install(self):
        Conf.install(self)
        if self.options.get("fail") == "true":
            raise ValueError("told to fail")
        return self.options["location"]

    update = install
