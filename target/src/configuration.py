"""Whether the configuration that bin/buildout was last run with goes with the new version."""
import os
import re
import subprocess

from boundaries import replacer
from documents import read_json
from system import LAUNCH, LAUNCHER, Refused, WINDOWS, clear, native, plain, text, write_new
from moves import is_folder, lay_copy, make_folders


def check_config(tree, staging, python, plan):
    """Refuses a version that the configuration used here doesn't go with: the
    one that bin/buildout was last run with, or one that was edited."""
    launch = read_json(staging.base, LAUNCH) or {}
    usual = launch.get("config") or u"buildout.cfg"
    config = (tree.state or {}).get("config") or usual
    edited = [p for kind, p, _ in plan.report if kind == u"new" and p.endswith(u".cfg")]
    outside = config.startswith(u"/") and not WINDOWS
    if not launch.get("path") or config == usual and not edited or re.match(u"[a-zA-Z]+:", config):
        return
    if not os.path.isfile(os.path.join(tree.base, native(config))):
        return
    folder, _, name = config.rpartition(u"/")
    added = added_configurations(tree, staging, set([u"", u"" if outside else folder]))
    if outside:
        added.append(outside_configurations(tree, staging, folder))
    aside = native(u".binary-buildout-aside")
    for path in edited:
        os.rename(staging.full(path), staging.full(path) + aside)
        lay_copy(os.path.join(tree.base, native(path)), staging.full(path))
    try:
        code, out, err = read_config(staging, python, ELSEWHERE + u"/" + name if outside else config)
    finally:
        for full in added + [staging.full(p) for p in edited]:
            clear(full)
        for path in edited:
            os.rename(staging.full(path) + aside, staging.full(path))
    hint = u"correct it, or run bin/buildout with another -c, then update again"
    if code == 1:
        wrong = ([line for line in err.splitlines() if line.startswith(u"error: ")] or [err])[0][len(u"error: "):]
        if outside and not re.search(u"^part |referenced section|[Mm]issing option", wrong):
            return  # it may be what isn't beside it here
    else:
        wrong = unmet_pins(tree, staging, python, plan, pins_in(out), usual)
        if wrong and edited:
            hint = u"undo the edit of %s, and put what this server needs into a file that extends %s, for bin/buildout -c" % (u", ".join(edited), usual)
    if wrong:
        raise Refused(u"%s, which bin/buildout was last run with, doesn't work with %s: %s" % (
            config, staging.incoming.what(), wrong.replace(text(staging.full(ELSEWHERE)), folder).replace(text(staging.base), text(tree.base))), hint)


ELSEWHERE = u".binary-buildout-outside"


def outside_configurations(tree, staging, folder):
    """Puts the configurations of a directory outside of the tree into the staged
    tree, for which they are then, as they are for this one now."""
    there = staging.full(ELSEWHERE)
    os.mkdir(there, 0o700)
    old, new = ({u"root": text(base), u"python": u""} for base in (tree.base, staging.base))
    for name in os.listdir(native(folder) or b"/"):
        full = os.path.join(native(folder), name)
        if name.endswith(b".cfg") and os.path.isfile(full) and os.access(full, os.R_OK):
            with open(full, "rb") as f:
                write_new(os.path.join(there, name), replacer(old, new)(f.read()), 0o600)
    return there


def read_config(staging, python, config):
    """Has the staged tree's zc.buildout read a configuration."""
    run = subprocess.Popen([staging.program(python), "-sSE", plain(staging.full(LAUNCHER)), "--reads", native(config)],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=plain(staging.base))
    out, err = run.communicate()
    return run.returncode, text(out), text(err)


def pins_in(out):
    """Gives what "launcher.py --reads" says of pins: [name, wanted, versions that are there ...]."""
    return [line.split()[1:] for line in out.splitlines() if line.startswith(u"pin ")]


def unmet_pins(tree, staging, python, plan, pins, usual):
    """Says which versions a configuration asks for that will not be there. An
    egg that was added here stays, and counts; and a pin that the new version's
    own configuration has isn't a fault of this one."""
    added = set()
    for folder in (u"eggs", u"eggs/v5"):
        full = os.path.join(tree.base, native(folder))
        for name in os.listdir(full) if is_folder(full) else []:
            path = folder + u"/" + text(name)
            if path.endswith(u".egg") and path not in plan.left:
                added.add(tuple(text(name).lower().replace(u"_", u"-").replace(u".", u"-").split(u"-py")[0].split(u"-")))
    pins = [p for p in pins if tuple(u"-".join(p[:2]).lower().replace(u"_", u"-").replace(u".", u"-").split(u"-")) not in added]
    if not pins:
        return u""
    own = pins_in(read_config(staging, python, usual)[1])
    return u"; ".join(u"it wants %s %s, and %s is there" % (p[0], p[1], u", ".join(p[2:])) for p in pins if p not in own)


def added_configurations(tree, staging, folders):
    """Puts the configurations that the administrator added into the staged tree."""
    added = []
    for folder in sorted(folders):
        here = os.path.join(tree.base, native(folder)) if folder else tree.base
        there = staging.full(folder) if folder else staging.base
        for name in os.listdir(here):
            target = os.path.join(there, name)
            if name.endswith(native(u".cfg")) and os.path.isfile(os.path.join(here, name)) and not os.path.lexists(target):
                make_folders(there)
                lay_copy(os.path.join(here, name), target)
                added.append(target)
    return added
