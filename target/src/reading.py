"""What launcher.py says of the tree: the hash of a develop directory, and which configuration it takes."""
import os
import re
import sys

from arguments import Arguments, buildout_words
from documents import read_json
from loading import load_buildout, set_path
from names import plain_name
from paths import fs
from starting import clean_environment, restart
from system import LAUNCH, Refused, WINDOWS, text


def site_packages():
    """Says where a virtualenv has what is installed, name by name."""
    if WINDOWS:
        return "Lib", "site-packages"
    return "lib", "python%d.%d" % sys.version_info[:2], "site-packages"


def signature(root, folders):
    """Gives the hashes that zc.buildout makes of develop directories. A virtualenv
    that was moved has no interpreter before bootstrap.py is through, so the one
    that runs this reads what it has installed."""
    launch = read_json(root, LAUNCH, u"unpack the archive again")
    virtual, launch = launch.get("virtualenv"), dict(launch, virtualenv="")
    restart(launch, root, ["--signature"] + folders)
    clean_environment("target", False)
    set_path(launch, root)
    if virtual:
        import site
        site.addsitedir(os.path.join(fs(root), *site_packages()))
    buildout = load_buildout()
    hashes = {}
    for folder in folders:
        if folder not in hashes:
            hashes[folder] = buildout.buildout._dir_hash(os.path.join(fs(root), folder))
        print(hashes[folder])
    return 0


def reads(root, config):
    """Reads a configuration with this tree's zc.buildout, and makes each part's
    recipe ready, as a run would before it installs anything. A section or an
    option that isn't there, a file that can't be read, is an error; what else a
    recipe objects to is for the run to say."""
    launch = read_json(root, LAUNCH, u"unpack the archive again")
    restart(launch, root, ["--reads", config])
    words = buildout_words(Arguments(["-c", os.path.join(fs(root), config)]), launch, root, "target")
    clean_environment("target", False)
    os.chdir(root)
    set_path(launch, root)
    zc_buildout = load_buildout()
    options = []
    for word in words[2:]:
        key, equals, value = word.partition("=")
        if equals:
            options.append(tuple(key.split(":")) + (value,))
    wrong = (zc_buildout.buildout.MissingSection, zc_buildout.buildout.MissingOption)
    try:
        found = zc_buildout.buildout.Buildout(words[1], options, False)
    except Exception as e:
        raise Refused(text(str(e)).strip() or text(type(e).__name__))
    for line in unmet_pins(found):
        print("pin " + line)
    # Whatever a recipe misses, it isn't fetched now.
    found.offline = True
    found["buildout"]["offline"] = "true"
    for part in found["buildout"]["parts"].split():
        try:
            found[part]
        except wrong as e:
            raise Refused(u"part %s: %s" % (text(part), text(str(e)).strip()))
        except (Exception, SystemExit):
            pass
    return 0


def unmet_pins(found):
    """Gives the pins of a configuration that ask for another version than the one
    that this tree has: "NAME WANTED HAVE ..."."""
    section = found["buildout"].get("versions")
    if not section or section not in found:
        return []
    have = {}
    top = found["buildout"]["eggs-directory"]
    folders = [top] + [os.path.join(top, name) for name in os.listdir(top)] if os.path.isdir(top) else []
    for folder in folders:
        if folder != top and (folder.endswith(".egg") or not os.path.isdir(folder)):
            continue
        for name in os.listdir(folder):
            fields = name.split("-")
            if name.endswith(".egg") and len(fields) > 2:
                have.setdefault(plain_name(fields[0]), set()).add(fields[1])
    lines = []
    for name in sorted(found[section]):
        pin = found[section][name].strip()
        there = have.get(plain_name(name), ())
        if there and re.match(r"[0-9][0-9A-Za-z.+!-]*\Z", pin) and not any(same_version(pin, v) for v in there):
            lines.append(" ".join([name, pin] + sorted(there)))
    return lines


def same_version(one, other):
    """Says whether two spellings are of one version: 1.0 and 1.0.0, 1.0-2 and 1.0_2."""
    def fields(version):
        found = re.sub("[-_]", ".", version.lower()).split(".")
        while len(found) > 1 and found[-1] == "0":
            found.pop()
        return [f.lstrip("0") or "0" for f in found]
    return fields(one) == fields(other)
