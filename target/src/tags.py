"""Platform tags and architectures, as the manifest names them."""
import re


def canonical_arch(machine, bits):
    machine = machine.lower()
    machine = {u"amd64": u"x86_64", u"arm64": u"aarch64", u"i386": u"i686", u"i586": u"i686",
               u"win32": u"i686", u"universal2": u"universal2"}.get(machine, machine)
    if bits == 32:
        machine = {u"x86_64": u"i686", u"aarch64": u"armv7l", u"armv8l": u"armv7l"}.get(machine, machine)
    return machine


ARCHES = (u"x86_64", u"aarch64", u"arm64", u"amd64", u"i686", u"i386", u"win32", u"armv7l", u"armv6l",
          u"ppc64le", u"ppc64", u"s390x", u"riscv64", u"loongarch64", u"universal2")


def split_platform(platform):
    """"manylinux_2_28_x86_64": the system, what stands before the architecture, the architecture."""
    platform = platform.replace(u"-", u"_").replace(u".", u"_")
    system = (u"windows" if platform.startswith(u"win") else
              u"macos" if platform.startswith(u"macosx") else u"linux")
    for arch in ARCHES:
        if platform.endswith(arch):
            return system, platform[:-len(arch)], arch
    return system, platform, u""


def numbers(version):
    return tuple(int(n) for n in re.findall(u"[0-9]+", version))
