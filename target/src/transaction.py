"""A change of the tree, whole or not at all."""
import json
import os

from documents import (KIND, SHAPES, each, either, is_absolute, is_flag, is_number, is_path, is_text, is_time,
    members, named, read_json, row, write_json)
from bundled import STARTER
from manifest import check_path
from binpatch import DOCUMENT, ROWS
from moves import is_folder, lay_copy, linked, make_folders, move, remove_empty
from outlived import sweep_outlived
from system import JOURNAL, OWN, Refused, WINDOWS, clear, endless, native, sync_dir, text, write_new


# .binary-buildout/transaction/ is there while the files of one version give way
# to those of another:
#
#   plan.json   what is done, in its order
#   old/PATH    what lay at PATH before
#   kept/N      edits of the administrator that get another name
#   back        is there from when it is undone instead
#   done        is there when all is done; what is left is to put it away
#
# Then it becomes previous/, the way back. "binary-buildout update" has the one
# that was there held, as previous/before/, until the new version has started: so
# a rollback from one that doesn't start leaves what there was.
#
# It is made under another name and renamed, so it is there whole or not at all,
# and it goes the same way. Each operation can be done or undone again after it
# was: what has to come from somewhere is no longer there once it was put.

CHANGE = OWN + u"/transaction"
PREVIOUS = OWN + u"/previous"
INCOMING = OWN + u"/incoming"
STAGED = OWN + u"/staged"
LISTED = OWN + u"/listed.json"
STARTS = (u"bootstrap.py", STARTER)  # without these, nobody could finish or undo it
RECORD = OWN + u"/install.json"

SHAPES[u"state.json"].optional["pending"] = members({"root": is_absolute, "interpreter": is_absolute, "archive": is_text}, {
    "prefix": is_text, "signatures": named(each(is_text)),
    "files": named(row(either(is_text, lambda value: value is None), is_text, is_flag), is_path)})
PARTS = either(each(either(lambda value: isinstance(value, KIND), row(is_number, is_number))), DOCUMENT)
SHAPES.update({
    u"plan.json": members({"what": is_text, "from": is_text, "to": is_text, "keeps": is_flag}, {
        "from_version": is_text, "holds": is_flag, "report": each(row(is_text, is_text, is_text)), "kept": named(is_text)}),  # operations: check_plan
    u"delta.json": members({"name": is_text, "version": is_text, "base": is_text, "base_version": is_text, "archive": is_text,
                           "sha256": is_text, "epoch": is_time, "manifest.json": PARTS, "files.json": PARTS},
                          {"hold": is_flag, "source": is_text, "patches": ROWS}),
    u"listed.json": members({"archive": is_text, "files": named(is_text, is_path)}),
    u"install.json": members({}, {"archive": is_text, "sha256": is_text, "source": is_text, "attestation": members({})}),
})


class Transaction(object):
    """A list of operations on the tree, and the way back."""

    def __init__(self, base):
        self.base = endless(base)
        self.folder = self.full(CHANGE)

    def full(self, path):
        return os.path.join(self.base, native(path))

    def saved(self, path):
        return self.full(CHANGE + u"/old/" + path)

    def new(self):
        """Gives an empty directory to prepare the next one in."""
        folder = self.full(CHANGE + u".new")
        clear(folder)
        os.mkdir(folder, 0o700)
        return folder

    def begin(self, plan):
        """Writes the plan: from here on the change is finished, or undone."""
        write_json(self.base, CHANGE + u".new/plan.json", plan)
        os.rename(self.full(CHANGE + u".new"), self.folder)
        sync_dir(self.full(OWN))

    def run(self, plan):
        done = self.full(CHANGE + u"/done")
        if not os.path.lexists(done):
            try:
                for operation in plan["operations"]:
                    self.do(*operation)
                self.sync(plan)
                write_new(done, b"", 0o600)
            except (EnvironmentError, Refused):
                self.undo(plan)
                raise
        self.close(plan)

    def do(self, kind, path, *rest):
        full = self.full(path)
        if kind == u"mkdir":
            if not is_folder(full):
                os.mkdir(full, 0o700)
            os.chmod(full, rest[0])
        elif kind == u"rmdir":
            remove_empty(full)
        elif kind == u"outlivedir":
            pass
        elif kind == u"chmod":
            os.chmod(full, rest[1])
        elif kind == u"touch":
            os.utime(full, (rest[1], rest[1]))
        elif kind == u"put":
            source = self.full(rest[0])
            if os.path.lexists(source):
                if rest[1]:
                    self.save(path, path in STARTS)
                move(source, full)
        elif kind == u"outlive":
            self.save(path, True)
        elif kind == u"drop":
            if os.path.lexists(full) and not is_folder(full):
                saved = self.saved(path)
                make_folders(os.path.dirname(saved))
                move(full, saved)
        else:
            raise Refused(u"%s holds the unknown operation %s" % (CHANGE, kind))

    def save(self, path, stays=False):
        """Gives what lies at a path a second name, so that the path is never empty. On Windows
        that is only for what stays: no name of a file that is open can be renamed there."""
        full, saved = self.full(path), self.saved(path)
        if os.path.lexists(saved) or not os.path.lexists(full):
            return
        make_folders(os.path.dirname(saved))
        if WINDOWS and not stays:  # what is open or loaded can be renamed, not replaced
            os.rename(full, saved)
            return
        if WINDOWS and linked(full, saved):
            return
        temporary = self.full(CHANGE + u"/saving")
        clear(temporary)
        lay_copy(full, temporary)
        os.rename(temporary, saved)

    def undo(self, plan):
        """Restores what was there."""
        write_new(self.full(CHANGE + u"/back"), b"", 0o600)
        sync_dir(self.folder)
        for operation in reversed(plan["operations"]):
            self.undo_one(*operation)
        self.sync(plan)
        self.discard()
        self.sweep()

    def undo_one(self, kind, path, *rest):
        full, saved = self.full(path), self.saved(path)
        if kind == u"mkdir":
            remove_empty(full)
        elif kind == u"rmdir":
            if not os.path.lexists(full):
                os.mkdir(full, 0o700)
                os.chmod(full, rest[0])
        elif kind == u"chmod":
            os.chmod(full, rest[0])
        elif kind == u"touch":
            os.utime(full, (rest[0], rest[0]))
        elif kind == u"drop":
            if os.path.lexists(saved):
                move(saved, full)
        elif kind == u"put":
            self.take_back(full, self.full(rest[0]), saved, rest[1])

    def take_back(self, full, source, saved, had):
        """Undoes a put; what was put goes back to where it came from."""
        if os.path.lexists(source):  # it was never put
            if had and os.path.lexists(saved) and not os.path.lexists(full):
                move(saved, full)
            return
        aside = source + native(u".binary-buildout-back")
        if not had:
            if os.path.lexists(full):
                move(full, source)
            return
        if not os.path.lexists(aside):
            temporary = self.full(CHANGE + u"/saving")
            clear(temporary)
            lay_copy(full, temporary)
            os.rename(temporary, aside)
        if os.path.lexists(saved):
            move(saved, full)
        os.rename(aside, source)

    def sync(self, plan):
        """Makes the renames last."""
        folders = set(self.full(o[1]).rpartition(native(u"/"))[0] for o in plan["operations"])
        for folder in sorted(f for f in folders if is_folder(f)):
            sync_dir(folder)

    def close(self, plan):
        """Ends the change: what was done counts. The way back is kept, where there is one."""
        sweep_outlived(self.base, changed=True)
        previous, before, held = self.full(PREVIOUS), self.full(PREVIOUS + u"/before"), self.full(CHANGE + u"/before")
        if plan["keeps"]:
            clear(before)
            if os.path.lexists(previous):
                os.rename(previous, held) if plan.get("holds") else self.drop_previous()
            os.rename(self.folder, previous)
            sync_dir(self.full(OWN))
        else:
            # Killed after the last of these renames, the next run finds the one that was held.
            if (read_json(self.base, PREVIOUS + u"/plan.json") or {}).get("to") == plan["from"]:
                if os.path.lexists(before):
                    os.rename(before, held)
                self.drop_previous()
            if os.path.lexists(held):
                os.rename(held, previous)
            # As long as it takes, a rollback that is run again knows that it was done.
            clear(self.full(PREVIOUS + u".old"))
            clear(self.full(CHANGE + u"/old"))
            self.discard()
        self.sweep()

    def drop_previous(self):
        gone = self.full(PREVIOUS + u".old")
        clear(gone)
        os.rename(self.full(PREVIOUS), gone)

    def discard(self):
        gone = self.folder + native(u".old")
        clear(gone)
        os.rename(self.folder, gone)
        sync_dir(self.full(OWN))
        clear(gone)

    def sweep(self):
        """Takes away what is left of one that was not begun, or is done; of a
        bin/buildout too, whose lock this has."""
        for name in (CHANGE + u".new", CHANGE + u".old", PREVIOUS + u".old", STAGED, JOURNAL + u".new", JOURNAL + u".old"):
            try:
                clear(self.full(name))
            except EnvironmentError:
                if not WINDOWS:
                    raise
                # The new version's interpreter runs this, and its files were taken back: the next run removes them.

    def resume(self):
        """Finishes what a killed run began, or undoes it where that can't be. What
        to say of it, and whether a rollback is done by that."""
        plan = read_json(self.base, CHANGE + u"/plan.json", u"unpack the archive into another directory")
        check_plan(plan, CHANGE)
        if os.path.lexists(self.full(CHANGE + u"/back")):
            self.undo(plan)
            return u"an interrupted change to %s was undone" % plan["what"], False
        try:
            self.run(plan)
        except (EnvironmentError, Refused) as e:
            if os.path.isdir(self.folder):
                raise  # it was neither finished nor undone
            reason = e.message if isinstance(e, Refused) else text(e.strerror or str(e))
            return u"an interrupted change to %s could not be finished (%s), and was undone" % (plan["what"], reason), False
        return u"an interrupted change to %s was finished" % plan["what"], not plan["keeps"]


# What stands in an operation after its kind and its path.
BITS = lambda value: is_number(value) and value <= 0o7777  # a directory here may be sticky
OPERATIONS = {u"mkdir": (BITS,), u"rmdir": (BITS,), u"chmod": (BITS, BITS), u"touch": (is_time, is_time),
              u"put": (is_text, is_flag), u"drop": (),
              # An interpreter that gives way stays where it is, and has its second names in old/: see outlived.py.
              u"outlive": (), u"outlivedir": (BITS,)}


def check_plan(plan, folder):
    """Refuses a journal that isn't of our making, before any of it is done: each
    path lies in the tree, and what is put somewhere comes from this program's directory."""
    def bad(what):
        raise Refused(u"%s/plan.json is damaged: %s" % (folder, what), u"unpack the archive into another directory")

    operations = plan.get("operations")
    if not isinstance(operations, list) or not all(isinstance(o, list) and len(o) > 1 for o in operations):
        bad(u"operations")
    for operation in operations:
        kind, path, rest = operation[0], operation[1], operation[2:]
        shape = OPERATIONS.get(kind) if isinstance(kind, type(u"")) else None
        if shape is None:
            bad(u"the unknown operation %s" % json.dumps(kind))
        if not is_text(path) or not row(*shape)(rest):
            bad(u"an operation %s" % kind)
        check_path(path, bad)
        if kind == u"put":
            check_path(rest[0], bad)
            if not rest[0].startswith(OWN + u"/"):
                bad(u"%s wasn't prepared for this change" % rest[0])
