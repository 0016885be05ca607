"""A child that fits the staged tree: a copy of this process, which needn't be started and compiled again."""
import os
import sys

from system import digest, exact, read_file


class Fitter(object):
    """The child. It is made before the documents of an update are in memory, and waits
    until the new tree is staged. When this process ends, it ends too."""

    def __init__(self, program, held, fit):
        """program is the file that runs, held the lock that is this process's alone, and
        fit what the child calls; it gives an exit code."""
        self.program = digest(read_file(program))
        waits, self.go = os.pipe()
        self.said, says = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            os.close(self.go)
            os.close(self.said)
            serve(waits, says, held, fit)
        os.close(waits)
        os.close(says)

    def fits(self, incoming, python):
        """Says whether the new version's own bootstrap.py, under the interpreter that it
        will have, is what the child is."""
        own = [e for e in incoming.files.get("files") or () if e["path"] == u"bootstrap.py"]
        return (not incoming.manifest.get("bundled_python") and [e.get("sha256") for e in own] == [self.program]
                and python.path == exact(os.path.abspath(sys.executable or ""), u"the interpreter's path"))

    def run(self):
        """Has the child fit the tree. Gives its exit code, and what it wrote to stderr."""
        go, self.go = self.go, None
        os.write(go, b"\n")
        os.close(go)
        with os.fdopen(self.said, "rb") as f:
            self.said = None
            err = f.read()
        _, status = os.waitpid(self.child, 0)
        self.child = None
        return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status), err

    def close(self):
        """Ends a child that was not needed."""
        for fd in (self.go, self.said):
            if fd is not None:
                os.close(fd)
        if self.child is not None:
            os.waitpid(self.child, 0)
        self.go = self.said = self.child = None


def serve(waits, says, held, fit):
    """Is the child: it never returns."""
    code = 3
    try:
        held.close()
        if os.read(waits, 1):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(says, 2)
            os.close(says)
            code = fit()
    except KeyboardInterrupt:
        pass  # this process's parent says so
    except BaseException:  # as an interpreter ends
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        os._exit(code)
