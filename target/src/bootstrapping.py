"""One run of bootstrap.py: it finishes what was begun, then fits, updates or rolls back."""
import os
import subprocess
import sys

from bundled import given_python, starting_command
from documents import read_json
from requirements import check_libraries, check_system
from fit import fit
from forked import Fitter
from incoming import incoming_of
from laidover import laid_over, remove_laid_over
from listed import write_listed
from location import check_place
from outlived import sweep_outlived
from python import Python
from rollback import rollback
from system import JOURNAL, LAUNCH, OWN, Refused, STATE, WINDOWS, clear, complain, lock, native, say, text
from transaction import INCOMING, LISTED, STAGED, Transaction
from tree import Tree, values_of
from update import apply_update


def resume(base):
    """Finishes or undoes what a killed run began. None if there was nothing,
    else whether a rollback is done by that."""
    change = Transaction(base)
    if not os.path.isdir(change.folder):
        return None
    held = lock(base)
    try:
        said, rolled_back = change.resume()
    finally:
        held.close()
    say(said)
    return rolled_back


def again(base, arguments, *pythons):
    """Goes on as the bootstrap.py that lies here now: under the tree's own interpreter,
    or the first of these that is there. The one that runs this may have gone; where it
    hasn't, it isn't used any more."""
    command = starting_command(base)
    if command is None:
        state = read_json(base, STATE) or {}
        for python in pythons + (sys.executable, native(given_python(base) or u""), native(state.get("interpreter") or u"")):
            if python and os.path.exists(python):
                command = [python, "-sE", os.path.join(base, native(u"bootstrap.py"))]
                break
        else:
            raise Refused(u"the interpreter that ran this is no longer there", u"python bootstrap.py", 3)
    if WINDOWS:
        return subprocess.call(command + arguments)
    os.execv(command[0], command + arguments)


def bootstrap(base, root):
    """Fits the tree that lies in base to root: the same place, or the one that
    it will be renamed to."""
    tree = Tree(base)
    manifest = tree.manifest
    python = Python(native(base), root, manifest.get("bundled_python"))
    if base == root and is_settled(tree, root) and is_waiting(tree):
        return update(tree, python, root)
    check_system(manifest, python)
    check_libraries(manifest, python)
    check_place(manifest, root, python)
    check_writable(tree)
    held = lock(tree.base)
    say(u"%s %s for %s, with %s" % (manifest["name"], manifest["version"], manifest["target"], python.path))
    try:
        tree = recovered(tree, python, base)
        gone = laid_over(tree)
        new = {u"root": root, u"python": python.path, u"prefix": python.prefix}
        pending = (tree.state or {}).get("pending")
        if pending and values_of(pending) != new and pending.get("archive") == tree.archive:
            fit(tree, values_of(pending), python)  # finish what was begun before this move
        count = fit(tree, new, python)
        if gone:
            remove_laid_over(tree, gone)
        listed = read_json(tree.base, LISTED)
        if listed is None or listed.get("archive") != tree.archive:
            write_listed(tree)
        sweep_outlived(tree.base)
    finally:
        held.close()
    say(u"%d files relocated" % count if count else u"nothing to do: it is set up for this place and this Python")
    if base == root and is_waiting(tree):
        return update(Tree(base), python, root)
    say_next(tree)
    return 0


def check_writable(tree):
    if not os.access(os.path.join(tree.base, native(OWN)), os.W_OK) or not os.access(tree.base, os.W_OK):
        raise Refused(u"%s is read-only" % text(tree.base), u"make it writable for this user", 3)


def is_settled(tree, root):
    """Says whether the tree is fitted, whole, and to this place."""
    state = tree.state or {}
    return state.get("root") == root and not state.get("pending") and state.get("archive") == tree.archive


def is_waiting(tree):
    """Says whether an update waits in incoming/."""
    return os.path.isdir(os.path.join(tree.base, native(INCOMING)))


def recovered(tree, python, base):
    """Undoes an interrupted bin/buildout."""
    if not os.path.lexists(tree.inside(JOURNAL)):
        return tree
    tree.run_launcher(python, ["--recover"])
    say(u"an interrupted bin/buildout was undone")
    return Tree(base)


def update(tree, python, root, look=False):
    """Applies what lies in incoming/, or only looks whether it can be."""
    check_writable(tree)
    held, fitter = lock(tree.base), None
    try:
        tree = recovered(tree, python, text(tree.base))
        Transaction(tree.base).sweep()
        # A child under the tree's own interpreter would keep it in use while it gives way.
        if hasattr(os, "fork") and not tree.manifest.get("bundled_python"):
            fitter = Fitter(__file__, held, lambda: fit_staged(root))
        try:
            incoming = incoming_of(tree)
        except Refused:
            clear(os.path.join(tree.base, native(INCOMING)))
            raise
        if incoming is None:
            clear(os.path.join(tree.base, native(INCOMING)))
            say(u"nothing to do: %s %s is here" % (tree.manifest["name"], tree.manifest["version"]))
            return 0
        say(u"from %s %s to %s, with %s" % (tree.manifest["name"], tree.manifest["version"], incoming.what(), python.path))
        count = apply_update(tree, incoming, python, root, look, fitter)
        if look:
            return 0
        say(u"%d files and directories changed" % count)
    finally:
        if fitter:
            fitter.close()
        held.close()
    if is_waiting(tree):
        return again(native(root), [])  # the next delta
    say_next(Tree(root))
    return 0


def fit_staged(root):
    """Fits the staged tree to the place of this one, and gives the exit code."""
    try:
        return bootstrap(root + u"/" + STAGED, root)
    except (Refused, EnvironmentError) as e:
        return complain(e)


def look(root):
    """Refuses what lies in incoming/ as an update would, while the application
    still runs."""
    tree = Tree(root)
    if is_settled(tree, root) and is_waiting(tree):
        return update(tree, Python(native(root), root, tree.manifest.get("bundled_python")), root, True)
    return 0


def go_back(base, root):
    """Rolls back, and lets the old version's bootstrap.py look whether the tree was moved since."""
    tree = Tree(base)
    python = Python(native(base), root, tree.manifest.get("bundled_python"))
    check_writable(tree)
    held = lock(tree.base)
    try:
        tree = recovered(tree, python, base)
        Transaction(tree.base).sweep()
        rollback(tree)
    finally:
        held.close()
    old = (read_json(native(root), STATE) or {}).get("interpreter") or u""
    return again(native(root), [], native(old))


def say_next(tree):
    config = (tree.state or {}).get("config") or u""
    launch = read_json(tree.base, LAUNCH) or {}
    more = u" -c " + config if config and config != launch.get("config") else u""
    say(u"next: " + (u"bin/buildout" if not WINDOWS else u"bin\\buildout") + more)
