"""Which shared libraries this system brings."""
import os
import subprocess

from system import WINDOWS, native, text


def elf_head(path):
    """Class and machine of an ELF file, which a library must share with us."""
    try:
        with open(path, "rb") as f:
            head = f.read(20)
    except EnvironmentError:
        return None
    return (head[4:6], head[18:20]) if head[:4] == b"\x7fELF" and len(head) == 20 else None


# Where the dynamic loader looks, whatever LD_LIBRARY_PATH says.
LIBRARY_DIRS = ("/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64")


def has_library(name, python):
    """Says whether the system brings a shared library of our kind."""
    if WINDOWS or python.system == u"macos":
        return loads(name, python)
    ours = elf_head(native(python.program))
    dirs = list(LIBRARY_DIRS)
    for base in ("/lib", "/usr/lib"):
        try:
            dirs += [os.path.join(base, d) for d in os.listdir(base) if "-linux-" in d]
        except OSError:
            pass
    for path in [os.path.join(d, name) for d in dirs] + ldconfig(name):
        head = elf_head(path)
        if head and (ours is None or head == ours):
            return True
    return loads(name, python)


def ldconfig(name):
    """Gives what the loader's cache says."""
    for program in ("/sbin/ldconfig", "/usr/sbin/ldconfig"):
        if os.path.exists(program):
            try:
                run = subprocess.Popen([program, "-p"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                lines = text(run.communicate()[0]).splitlines()
            except OSError:
                continue
            return [line.rpartition(u"=> ")[2].strip() for line in lines if line.split()[:1] == [name]]
    return []


def loads(name, python):
    """Says whether a process can load a library: the last resort."""
    env = dict((k, v) for k, v in os.environ.items()
               if k not in ("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH"))
    try:
        run = subprocess.Popen([native(python.program), "-sSE", "-c",
                                "import ctypes, sys; ctypes.CDLL(sys.argv[1])", name],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        run.communicate()
        return run.returncode == 0
    except OSError:
        return False
