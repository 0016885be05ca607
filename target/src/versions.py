"""The order of versions by PEP 440, as internal/pyversion has it."""
import re


VERSION = re.compile(
    r"v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)"
    r"(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)(?:[-_.]?([0-9]+))?)?"
    r"(?:-([0-9]+)|[-_.]?(post|rev|r)(?:[-_.]?([0-9]+))?)?"
    r"(?:[-_.]?(dev)(?:[-_.]?([0-9]+))?)?"
    r"(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\Z", re.I)

PHASES = {"a": 1, "alpha": 1, "b": 2, "beta": 2, "c": 3, "rc": 3, "pre": 3, "preview": 3}


def order(text):
    """What versions are compared by; None of one that PEP 440 has no order for."""
    m = VERSION.match(text.strip())
    if not m:
        return None
    epoch, release, pre, pre_n, post_n, post, post_m, dev, dev_n, local = m.groups()
    numbers = [int(n) for n in release.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    posted = bool(post_n or post)
    phase = PHASES[pre.lower()] if pre else 0 if dev and not posted else 4
    parts = [(1, int(p), "") if p.isdigit() else (0, 0, p) for p in re.split("[-_.]", local.lower())] if local else []
    return int(epoch or 0), numbers, phase, int(pre_n or 0), posted, int(post_n or post_m or 0), not dev, int(dev_n or 0), parts


def older(version, installed):
    """Whether a version is lower than the installed one; None where PEP 440 has no
    order for them."""
    a, b = order(version), order(installed)
    if a is None or b is None:
        return False if version == installed else None
    return a < b
