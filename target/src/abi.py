"""ABI tags of interpreters: which loads what."""
import re


def plain_abi(abi):
    """Without the m of Python 3.7 and older, which tags carry and names may not."""
    return abi[:-1] if abi.startswith("cp3") and abi.endswith("m") else abi


def runs_abi(have, wanted):
    """Whether a Python loads what was compiled for an ABI. From 3.8 on a debug build also
    loads what a release build does, and never the other way round."""
    m = re.match(r"cp3(\d+)", have)
    return plain_abi(wanted) == plain_abi(have) or bool(m) and int(m.group(1)) >= 8 and have == wanted + "d"
