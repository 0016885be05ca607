"""Platform tags, architectures and versions, as PEP 425, 513, 571, 599, 600
and 656 have them. cases/platforms.json has the rows that matrix is tested with too.
"""
import re


ARCH = {"arm64": "aarch64", "amd64": "x86_64", "i386": "i686", "i586": "i686", "x86": "i686", "win32": "i686"}
LEGACY = {"1": "2.5", "2010": "2.12", "2014": "2.17"}  # PEP 513, 571, 599: the glibc of the old names of manylinux
LINUX = "(x86_64|aarch64|i686|armv6l|armv7l|ppc64|ppc64le|s390x|riscv64|loongarch64)"


def platform_needs(tag):
    """System, architecture, libc and floor that a platform tag asks for; the system is "" of a tag that is not known."""
    n = {"system": "", "arch": "", "libc": "", "floor": ""}
    modern = re.match(r"(manylinux|musllinux)_(\d+)_(\d+)_%s\Z" % LINUX, tag)
    legacy = re.match(r"manylinux(1|2010|2014)_%s\Z" % LINUX, tag)
    plain = re.match(r"linux_%s\Z" % LINUX, tag)
    mac = re.match(r"macosx_(\d+)_(\d+)_(arm64|x86_64|universal2|intel)\Z", tag)
    if modern:
        n.update(system="linux", arch=modern.group(4), floor=modern.group(2) + "." + modern.group(3),
                 libc={"manylinux": "glibc", "musllinux": "musl"}[modern.group(1)])
    elif legacy:
        n.update(system="linux", arch=legacy.group(2), floor=LEGACY[legacy.group(1)], libc="glibc")
    elif plain:
        n.update(system="linux", arch=plain.group(1))
    elif mac:
        n.update(system="macos", arch=mac.group(3), floor=mac.group(1) + "." + mac.group(2))
    elif tag in ("win32", "win_amd64", "win_arm64"):
        n.update(system="windows", arch={"win32": "x86"}.get(tag, tag[4:]))
    return n


def same_arch(wanted, have):
    """Whether a machine runs what was compiled for an architecture: macOS has
    files that hold two."""
    if wanted == "universal2":
        return have in ("arm64", "x86_64")
    if wanted == "intel":
        return have in ("x86_64", "i386")
    return ARCH.get(wanted, wanted) == ARCH.get(have, have)


def number(version):
    """A version as a list of numbers, which compare; zeros at the end say nothing."""
    parts = [int(re.match(r"\d*", p).group() or 0) for p in version.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return parts
