"""An installed application that is updated: its documents, its lock, its programs."""
import errno
import hashlib
import os
import subprocess

from placing import bootstrap_words
from trust import safe_place
from words import Stop, WINDOWS, command, fs, read_json, run, text
from work import delete, locked, rename


OURS = ".binary-buildout"


class Installed(object):
    """The application in a directory, locked until the process ends."""

    def __init__(self, path):
        self.path = path
        try:
            read_json(self.own("manifest.json"))
            self.old_files = read_json(self.own("files.json"))["files"]
        except (EnvironmentError, ValueError, KeyError, TypeError):
            raise Stop(2, "updating %s: it is no installation of binary-buildout" % path, "leave --update out to install one")
        safe_place(path)
        self.take_lock()
        if os.path.isdir(self.own("transaction")):  # of a run that was killed
            self.run_bootstrap(["--recover"])
        self.read()
        if not self.state.get("root"):
            raise Stop(2, "updating %s: bootstrap.py has not run there" % path, "run: " + command("python", os.path.join(path, "bootstrap.py")))

    def own(self, *names):
        return os.path.join(self.path, OURS, *names)

    def take_lock(self):
        name = self.own(".lock")
        if not WINDOWS and os.stat(self.own()).st_uid != os.geteuid():
            raise Stop(2, "updating %s: it belongs to another user" % self.path, "run it as the user that it belongs to")
        try:
            self.lock = os.open(name, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except EnvironmentError as e:
            raise Stop(3, "updating %s: %s" % (self.path, e), "run it as the user that it belongs to")
        if not locked(self.lock, name):
            raise Stop(3, "locking " + self.path, "another update or rollback is running there; wait for it to end")

    def read(self):
        """What is here now."""
        try:
            with open(self.own("manifest.json"), "rb") as f:
                self.digest = hashlib.sha256(f.read()).hexdigest()
            self.manifest = read_json(self.own("manifest.json"))
            self.state = read_json(self.own("state.json"))
        except (EnvironmentError, ValueError) as e:
            raise Stop(3, "looking at %s: %s" % (self.path, e))
        try:
            self.record = read_json(self.own("install.json"))
        except EnvironmentError as e:
            if e.errno != errno.ENOENT:
                raise
            self.record = {}
        except ValueError as e:
            raise Stop(3, "reading which attestation is required: %s" % e, "install binary-buildout, and update with that")

    def what(self):
        return "%s %s" % (self.manifest["name"], self.manifest["version"])

    def bootstrap_command(self, python=""):
        """The tree's own interpreter comes first, as bootstrap starts it."""
        own = read_json(self.own("manifest.json")).get("bundled_python")
        return bootstrap_words(self.path, own, python if python or own else read_json(self.own("state.json"))["interpreter"])

    def run_bootstrap(self, arguments, python=""):
        """What it said, without what is next. Its error is this one's."""
        return self.said("bootstrap.py", self.bootstrap_command(python) + arguments)

    def run_buildout(self):
        """As it was run last."""
        program = os.path.join(self.path, "bin", "buildout.exe" if WINDOWS else "buildout")
        if not os.path.lexists(program):
            return
        config = read_json(self.own("state.json")).get("config")
        self.said("bin/buildout", [program] + (["-c", config] if config else []))

    def said(self, what, words):
        code, out, _ = run(words, cwd=self.path, stderr=subprocess.STDOUT)
        lines = [line.rstrip() for line in text(out).strip().split("\n")]
        if code == 0:
            return [line for line in lines if not line.startswith("next: ")]
        errors = [line.strip()[7:] for line in lines if line.strip().lower().startswith("error: ")]
        hints = [line[6:] for line in lines if line.startswith("hint: ")]
        raise Stop(code if code in (1, 2, 3) else 1, "running %s: %s" % (what, (errors or lines)[-1]), (hints or [""])[-1])

    def forget(self):
        """Removes what was laid for bootstrap.py, which would apply it unasked."""
        delete(self.own("incoming"))

    def release(self, steps):
        """Removes the way back from before the last steps, which was held for the case
        that the new version does not start."""
        held, gone = self.own("previous", *["before"] * steps), self.own("previous.old")
        if os.path.isdir(fs(held)):
            delete(gone)
            rename(held, gone)
            delete(gone)
