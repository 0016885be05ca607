"""What an interpreter tells of itself, by a program that any Python runs."""


# What an interpreter tells of itself.
PROBE = """
import json, os, platform, re, struct, subprocess, sys
try:
    import sysconfig
    config = sysconfig.get_config_var
except ImportError:
    config = lambda name: None
impl = platform.python_implementation().lower()
abi = ("cp" if impl == "cpython" else impl) + "%d%d" % sys.version_info[:2]
debug = "d" if hasattr(sys, "gettotalrefcount") else ""
if sys.version_info[0] == 2:
    abi += debug + ("m" if config("WITH_PYMALLOC") in (None, 1) else "") + ("u" if sys.maxunicode > 65535 else "")
else:
    abi += ("t" if config("Py_GIL_DISABLED") else "") + debug
bits = struct.calcsize("P") * 8
machine = platform.machine().lower()
if bits == 32:
    machine = {"x86_64": "i686", "amd64": "x86", "aarch64": "armv7l"}.get(machine, machine)
system = {"linux": "linux", "linux2": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
libc = version = macos = ""
if system == "linux":
    # A musl system may have the loader of glibc beside its own, and the other
    # way round: what counts is the one that this program names. (What it is
    # mapped from may be called libc.so.)
    try:
        with open("/proc/self/exe", "rb") as f:
            musl = re.search(b"/[ -~]*/ld-musl-[ -~]+", f.read(1 << 16))
    except Exception:
        musl = None
    try:
        if musl:
            p = subprocess.Popen([musl.group()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            for line in p.communicate()[0].decode("ascii", "replace").splitlines():
                if line.startswith("Version"):
                    libc, version = "musl", line.split()[1]
        else:
            libc, version = os.confstr(2).split()  # _CS_GNU_LIBC_VERSION; Python 2.7 has no name for it
    except Exception:
        pass
elif system == "macos":
    macos = platform.mac_ver()[0]
prefix = getattr(sys, "real_prefix", getattr(sys, "base_prefix", sys.prefix))
sys.stdout.write(json.dumps({
    "executable": sys.executable, "version": platform.python_version(), "implementation": impl, "abi": abi,
    "system": system, "machine": machine, "libc": libc, "libc_version": version, "macos": macos,
    "virtualenv": prefix != sys.prefix}))
"""
