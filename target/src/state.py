"""Whether the tree is set up for this place and this Python."""
import os
import sys

from bundled import how_to_start
from documents import SHAPES, each, is_text, members, named, read_json
from paths import fs
from system import MANIFEST, Refused, STATE, WINDOWS, digest, native, plain, read_file, text


def check_state(root, launch):
    """Refuses a tree that wasn't fitted to this place and this interpreter."""
    state = read_json(root, STATE)
    hint = how_to_start(root)
    if state is None:
        raise Refused(u"this directory was not set up yet", hint, 2)
    if state.get("archive") and state["archive"] != digest(read_file(os.path.join(root, native(MANIFEST)))):
        raise Refused(u"another version was unpacked over this directory", hint, 2)
    if state.get("pending"):
        raise Refused(u"bootstrap.py was interrupted", hint, 2)
    if state.get("root") != text(root):
        raise Refused(u"this directory was moved: it was set up for %s" % state.get("root"), hint, 2)
    expected = state.get("interpreter") or u""
    if launch.get("virtualenv"):
        expected = u"/".join((text(root), u"bin", u"python")) if not WINDOWS else text(root) + u"\\Scripts\\python.exe"
    here = text(plain(os.path.abspath(sys.executable)))
    if here != expected:
        if not os.path.exists(native(expected)) or (
                os.path.realpath(native(here)) != os.path.realpath(native(expected))):
            raise Refused(u"this directory was set up for %s, and this is %s" % (expected, here), hint, 2)
    sys.executable = fs(expected)
    manifest = read_json(root, MANIFEST)
    want = (manifest or {}).get("python", {}).get("version")
    if want and tuple(want.split(u".")[:2]) != tuple(u"%d" % n for n in sys.version_info[:2]):
        raise Refused(u"%s is Python %d.%d now, and this directory is for %s"
                      % ((expected,) + sys.version_info[:2] + (want,)), hint + u" with that Python", 2)
    return state, manifest or {}

# .binary-buildout/journal/ is there while parts are being installed:
#
#   head.json   what was there before: names in eggs and parts
#   copy/N/     bin, develop-eggs, .installed.cfg
#   log         a line before each thing that is moved away or copied
#   moved/N     what zc.buildout would have deleted
#   part/N      what a part's update may rewrite
#
# It is made under another name and renamed, so it is there whole or not at all,
# and it goes the same way. Undoing can itself be killed, and done again.

SHAPES[u"head.json"] = members({"copies": each(is_text), "lists": named(each(is_text))})
