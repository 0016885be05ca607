"""Whether what was unpacked is what files.json lists."""
import os
import stat

from digests import sum_of
from unpack import OWN, no_archive
from words import LOCAL, PY2, Stop, WINDOWS, fs, raw, read_json, text


def found_at(path):
    """Type, mode, size, digest and target of what was unpacked, as files.json has them."""
    st = os.lstat(path)
    mode = stat.S_IMODE(st.st_mode)
    if stat.S_ISLNK(st.st_mode):
        return "link", 0, 0, "", text(raw(os.readlink(path))).replace("\\" if WINDOWS else "/", "/")
    if stat.S_ISDIR(st.st_mode):
        return "dir", mode, 0, "", ""
    with open(path, "rb") as f:
        size, digest = sum_of(f)
    return "", mode, size, digest, ""


def hold(path, tree):
    """Refuses what was unpacked unless it is what files.json lists, whose digest manifest.json has."""
    own = os.path.join(tree, ".binary-buildout")
    try:
        with open(os.path.join(own, "files.json"), "rb") as f:
            digest = sum_of(f)[1]
        manifest = read_json(os.path.join(own, "manifest.json"))
        if manifest["format"] > 1:
            raise Stop(2, "unpacking %s: its format is %s, and this program knows up to 1" % (path, manifest["format"]), "take a newer install.sh or install.ps1")
        if manifest["files_sha256"] != digest:
            raise no_archive(path, "its files.json is not that of its manifest")
        listed = dict((e["path"], e) for e in read_json(os.path.join(own, "files.json"))["files"])
        here, base = {}, fs(tree) if WINDOWS else raw(tree)  # whatever the locale is
        for at, dirs, files in os.walk(base):
            for name in dirs + files:
                full = os.path.join(at, name)
                name = full[len(base) + 1:]
                name = name.replace(u"\\", u"/") if WINDOWS else text(name)
                here[name.encode(LOCAL) if WINDOWS and PY2 else name] = full
        above = set(n[:i] for n in list(listed) + [".binary-buildout/"] for i, c in enumerate(n) if c == "/")
        for name in sorted(set(here) - set([".binary-buildout/manifest.json", ".binary-buildout/files.json"])):
            found, e = found_at(here[name]), listed.get(name)
            if e is None and found[0] == "dir" and name in above:
                continue
            if e is None or name.startswith(".binary-buildout/") and name.split("/", 1)[1] not in OWN:
                raise no_archive(path, "%s has no place in an archive" % name)
            want = (e.get("type") or "", 0 if e.get("type") == "link" else e["mode"], e.get("size") or 0, e.get("sha256") or "", e.get("link") or "")
            if found[:1] + found[2:] != want[:1] + want[2:] or not WINDOWS and found[1] != want[1]:
                raise no_archive(path, "%s is not what its files.json says" % name)
        missing = sorted(set(listed) - set(here))
        if missing:
            raise no_archive(path, "%s is missing" % missing[0])
    except (EnvironmentError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise no_archive(path, "its documents cannot be read (%s)" % e)
