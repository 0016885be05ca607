"""Recipes as people write them."""
import os
import subprocess
import sys


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


class Wsgi(object):
    """Writes a script by its own template, in the way of djangorecipe."""

    template = """

%(relative_paths_setup)s
import sys
sys.path[0:0] = [
  %(path)s,
  ]
%(initialization)s
import %(module_name)s

application = %(module_name)s.%(attrs)s(%(arguments)s)
"""

    def __init__(self, buildout, name, options):
        self.bin = buildout["buildout"]["bin-directory"]

    def install(self):
        from zc.buildout import easy_install
        before = easy_install.script_template
        easy_install.script_template = easy_install.script_header + self.template
        eggs = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
        made = easy_install.scripts([("wsgi", "demorecipe", "serve")], [], sys.executable, self.bin, extra_paths=eggs, arguments="'demo'")
        easy_install.script_template = before
        return made

    update = install


def serve(name):
    print("serving " + name)
