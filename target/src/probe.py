"""What an interpreter tells of itself, by a text that any Python runs: with -c
where it is another one, by asked() where it is this one. internal/install asks
by the same text.
"""


PROBE = """
import os, re, struct, subprocess, sys
try:
    import sysconfig
except ImportError:
    sysconfig = None
impl = (sys.implementation.name if hasattr(sys, "implementation") else sys.subversion[0]).lower()
abi = ("cp" if impl == "cpython" else impl) + "%d%d" % sys.version_info[:2]
debug = "d" if hasattr(sys, "gettotalrefcount") else ""
if sys.version_info[0] == 2:
    malloc = sysconfig and sysconfig.get_config_var("WITH_PYMALLOC")
    abi += debug + ("m" if malloc in (None, 1) else "") + ("u" if sys.maxunicode > 65535 else "")
elif hasattr(sys, "abiflags"):
    abi += sys.abiflags.replace("m", "")
else:
    abi += ("t" if sysconfig and sysconfig.get_config_var("Py_GIL_DISABLED") else "") + debug
bits = struct.calcsize("P") * 8
if hasattr(os, "uname"):
    machine = os.uname()[4].lower()
    if bits == 32:
        machine = {"x86_64": "i686", "amd64": "x86", "aarch64": "armv7l", "armv8l": "armv7l"}.get(machine, machine)
else:  # the program counts, which may be for another machine than this Windows
    machine = {"win32": "x86", "win-amd64": "amd64", "win-arm64": "arm64"}.get(sysconfig.get_platform(), "")
system = {"linux": "linux", "linux2": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
libc = version = macos = ""
if system == "linux":
    # A musl system may have the loader of glibc beside its own, and the other
    # way round: what counts is the one that this program names. (What it is
    # mapped from may be called libc.so.)
    musl = None
    for path in ("/proc/self/exe", sys.executable):
        try:
            with open(path, "rb") as f:
                musl = re.search(b"/[ -~]*/ld-musl-[ -~]+", f.read(1 << 16))
            break
        except Exception:
            pass
    try:
        if musl:
            libc = "musl"
            p = subprocess.Popen([musl.group()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            for line in p.communicate()[0].decode("ascii", "replace").splitlines():
                if line.startswith("Version"):
                    version = str(line.split()[1])
        else:
            libc, version = os.confstr(2).split()  # _CS_GNU_LIBC_VERSION; Python 2.7 has no name for it
    except Exception:
        pass
elif system == "macos":
    import platform
    macos = platform.mac_ver()[0]
    if macos.startswith("10.16"):  # what an interpreter built for an old SDK is told
        try:
            p = subprocess.Popen(["/usr/bin/sw_vers", "-productVersion"], stdout=subprocess.PIPE, env={"SYSTEM_VERSION_COMPAT": "0"})
            macos = str(p.communicate()[0].decode("ascii").strip()) or macos
        except Exception:
            pass
prefix = getattr(sys, "real_prefix", getattr(sys, "base_prefix", sys.prefix))
told = {
    "executable": sys.executable, "version": sys.version.split()[0], "implementation": impl, "abi": abi, "bits": bits,
    "system": system, "machine": machine, "libc": libc, "libc_version": version, "macos": macos,
    "virtualenv": prefix != sys.prefix}
"""


def asked():
    """What this interpreter tells."""
    found = {}
    exec(compile(PROBE, "<probe>", "exec"), found)
    return found["told"]
