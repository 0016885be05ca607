"""One fitting of a tree to a place and a Python: it decides, stages, marks and renames."""
import os
import stat
import sys

from binaries import MACHO, put_strings, sign
from boundaries import replacer
from buildoutscript import buildout_scripts, own_scripts
from bytecode import bytecode, source_of
from documents import read_json, write_json
from manifest import link_target
from placeholders import substitute
from starter import for_starter, from_starter
from system import (FORMAT, INSTALLED, LAUNCH, OWN, Refused, STATE, digest, exact, native, read_file, replace,
    text, write_new)


class Step(object):
    """One file that gets new content."""

    def __init__(self, path, temporary, before, after, keep, fitted):
        self.path = path            # in the tree
        self.temporary = temporary  # written and synced, beside it
        self.before = before        # digest; None if there is no such file yet
        self.after = after
        self.keep = keep            # the file is the archive's, and goes to origin/
        self.fitted = fitted        # the new one is made of the archive's

    def record(self):
        return [self.before, self.after, self.fitted]


class Relocation(object):
    """One fitting of a tree to new values. Decides, stages, then renames."""

    def __init__(self, tree, new, python):
        self.tree, self.new, self.python = tree, new, python
        self.old = tree.values()
        state = tree.state or {}
        self.first = not state.get("root")  # never fitted whole
        self.pending = state.get("pending") or {}
        self.known = dict(state.get("files") or {})
        self.fitted = {}  # those that are made from the archive's version
        self.steps = []
        self.links = []
        self.sources = {}
        self.files = dict(self.known)
        self.staged = []

    # -- deciding and staging

    def temporary(self, path):
        """A name beside a file, always the same: a run that was killed leaves
        one there, and the next takes it away."""
        folder = path.rpartition(u"/")[0]
        name = u".binary-buildout-" + digest(path.encode("utf-8"))[:12]
        found = self.tree.inside((folder + u"/" if folder else u"") + name)
        if os.path.lexists(found):
            os.unlink(found)
        return found

    def original(self, path, item=None):
        """What is on disk, the archive's version of it if that is known, and
        whether the file on disk is that version."""
        data, found = self.tree.content(path)
        if data is None:
            return None, None, False, None
        have = digest(data)
        if item and have == item["sha256"] and len(data) == item["size"]:
            return data, data, True, found
        if item and have in self.made_from_origin(path):
            origin, kept = self.tree.content(OWN + u"/origin/" + path)
            if origin is not None and digest(origin) == item["sha256"]:
                return data, origin, False, kept
        if self.first:
            raise Refused(u"%s is not as it was packed" % path,
                          u"unpack the archive again, and compare its SHA-256")
        return data, None, False, found

    def made_from_origin(self, path):
        """The digests that this file has if we made it of the archive's version."""
        found = [((self.tree.state or {}).get("fitted") or {}).get(path)]
        pending = self.pending.get("files", {}).get(path)
        if pending and pending[2]:
            found.append(pending[1])
        return found

    def stage(self, path, data, new, mode, times, keep, fitted=False):
        """Lays a file's new content beside it. keep: what is there is the
        archive's version; fitted: the new content is made of that."""
        temporary = self.temporary(path)
        if fitted:
            self.fitted[path] = digest(new)
        if new == data:
            self.files[path] = digest(new)
            return
        folder = os.path.dirname(temporary)
        if path.endswith(u".pyc") and not os.path.isdir(folder):
            os.mkdir(folder, 0o755)  # __pycache__, if unpacking left it out
        self.staged.append(temporary)
        write_new(temporary, new, mode, times)
        if new[:4] in MACHO and sys.platform == "darwin":
            sign(temporary)
            with open(temporary, "rb") as f:
                new = f.read()
            if fitted:
                self.fitted[path] = digest(new)
        self.steps.append(Step(path, temporary, digest(data) if data is not None else None, digest(new), keep, fitted))
        self.files[path] = digest(new)

    def moved(self):
        return self.old != self.new or bool(self.pending)

    def decide(self):
        """Stages everything but .installed.cfg and bin/buildout."""
        manifest = self.tree.manifest
        late, ours = [], own_scripts(read_json(self.tree.base, LAUNCH) or {}) + (INSTALLED,)
        for item in manifest["relocations"]:
            if item["path"] in ours:
                continue
            if item["class"] == u"link":
                self.decide_link(item)
            elif item["class"] == u"bytecode":
                late.append(item)
            else:
                self.decide_file(item)
        for item in late:
            self.decide_bytecode(item)
        listed = set(item["path"] for item in manifest["relocations"]) | set(ours)
        for path in sorted(self.known):
            if path not in listed:
                self.decide_other(path)

    def decide_file(self, item):
        path = item["path"]
        data, origin, fresh, found = self.original(path, item)
        if data is None:
            if self.first:
                raise Refused(u"%s is missing" % path, u"unpack the archive again")
            self.files.pop(path, None)  # buildout removed it
            return
        if origin is None:
            if self.moved() and item["class"] == u"text":
                new = self.replaced(path, data)
                self.stage(path, data, new, stat.S_IMODE(found.st_mode), None, False)
                if path.endswith(u".py"):
                    self.sources[path] = new, int(found.st_mtime)
            else:
                self.files[path] = digest(data)
            return
        if item["class"] == u"cstring":
            new = put_strings(origin, item, self.new[u"root"])
        else:
            new = substitute(origin, self.new, path)
            if path.endswith(u".py"):
                self.sources[path] = new, int(found.st_mtime)
        self.stage(path, data, new, item["mode"] or stat.S_IMODE(found.st_mode),
                   (found.st_mtime, found.st_mtime), fresh, True)

    def replaced(self, path, data):
        """A file that buildout or a person changed: old values to new ones.
        One that a killed run has already done stays."""
        before_after = self.pending.get("files", {}).get(path)
        if before_after and digest(data) == before_after[1]:
            return data
        return for_starter(path, replacer(self.old, self.new)(from_starter(data)))

    def decide_other(self, path):
        """A file that buildout wrote here."""
        full = self.tree.inside(path)
        if not os.path.lexists(full):
            del self.files[path]
            return
        if os.path.islink(full):
            target = exact(os.readlink(full), path)
            inside = target == self.old[u"root"] or target.startswith(self.old[u"root"] + u"/")
            if inside and self.moved():
                target = self.new[u"root"] + target[len(self.old[u"root"]):]
                self.links.append((path, target))
            self.files[path] = u"link:" + target
            return
        data, found = self.tree.content(path)
        if data is None:
            del self.files[path]
        elif self.moved():
            self.stage(path, data, self.replaced(path, data), stat.S_IMODE(found.st_mode), None, False)

    def decide_link(self, item):
        target = link_target(item, self.new)
        path = item["path"]
        full = self.tree.inside(path)
        folder = self.tree.inside(path.rpartition(u"/")[0]) if u"/" in path else self.tree.base
        if not os.path.isdir(folder):
            if self.first:
                raise Refused(u"%s is missing" % path.rpartition(u"/")[0], u"unpack the archive again")
            return
        self.temporary(path)
        if os.path.lexists(full):
            if not os.path.islink(full):
                if self.first:
                    raise Refused(u"%s exists already, and isn't a link" % path, u"unpack the archive again")
                return
            if os.readlink(full) == native(target):
                return
        self.links.append((path, target))

    def decide_bytecode(self, item):
        path = item["path"]
        source = source_of(path)
        if source not in self.sources:
            return
        data, found = self.tree.content(path)
        if data is not None and not self.moved() and digest(data) == self.known.get(path):
            return
        body, mtime = self.sources[source]
        new = bytecode(path, body, self.new[u"root"] + u"/" + source, mtime)
        if new is not None:
            self.stage(path, data, new, item["mode"] or 0o644, None, False)

    # -- changing

    def check_writable(self):
        folders = set([u"", OWN]) | set(s.path.rpartition(u"/")[0] for s in self.steps)
        for folder in sorted(folders):
            full = self.tree.inside(folder) if folder else self.tree.base
            if os.path.isdir(full) and not os.access(full, os.W_OK):
                raise Refused(u"%s is read-only" % text(full), u"make it writable for this user", 3)

    def unstage(self):
        for path in self.staged:
            try:
                os.unlink(path)
            except OSError:
                pass

    def mark(self, signatures):
        """From here on, what was begun is finished."""
        state = dict(self.tree.state or {})
        state.setdefault("format", FORMAT)
        for key in ("root", "interpreter", "archive", "config"):
            state.setdefault(key, u"")
        state.setdefault("files", {})
        state["pending"] = {"root": self.new[u"root"], "interpreter": self.new[u"python"],
                            "prefix": self.new[u"prefix"], "archive": self.tree.archive,
                            "signatures": signatures,
                            "files": dict((s.path, s.record()) for s in self.steps)}
        pending = self.pending.get("files", {})
        for path in pending:  # of an interrupted run; done already, or staged again
            if path not in state["pending"]["files"]:
                state["pending"]["files"][path] = pending[path]
        write_json(self.tree.base, STATE, state)

    def keep_origin(self, path):
        """Keeps the archive's version of a file, as a second name of it."""
        origin = OWN + u"/origin/" + path
        parts = origin.split(u"/")
        for i in range(2, len(parts)):
            folder = self.tree.inside(u"/".join(parts[:i]) + u"/x").rpartition(native(u"/"))[0]
            if not os.path.isdir(folder):
                os.mkdir(folder, 0o755)
        full, temporary = self.tree.inside(origin), self.tree.inside(OWN + u"/origin/.new")
        source = self.tree.inside(path)
        if os.path.lexists(temporary):
            os.unlink(temporary)
        if os.path.lexists(full) and os.path.samestat(os.lstat(full), os.lstat(source)):
            return  # renaming a name onto another of the same file does nothing
        try:
            os.link(source, temporary)
        except (OSError, AttributeError):
            found = os.lstat(source)
            write_new(temporary, read_file(source), stat.S_IMODE(found.st_mode), (found.st_mtime, found.st_mtime))
        replace(temporary, full)

    def apply(self):
        for step in self.steps:
            if step.keep:
                self.keep_origin(step.path)
            replace(step.temporary, self.tree.inside(step.path))
        for path, target in self.links:
            temporary = self.temporary(path)
            os.symlink(native(target), temporary)
            replace(temporary, self.tree.inside(path))

    def finish(self, signatures):
        """.installed.cfg, bin/buildout, and the state: the last writes."""
        items = dict((item["path"], item) for item in self.tree.manifest["relocations"])
        self.steps, self.staged = [], []
        self.decide_installed(items.get(INSTALLED), signatures)
        self.decide_buildout()
        state = read_json(self.tree.base, STATE)
        state["pending"]["files"].update((s.path, s.record()) for s in self.steps)
        write_json(self.tree.base, STATE, state)
        self.apply_late()
        del state["pending"]
        state.update(format=FORMAT, mode=u"target", archive=self.tree.archive, files=self.files, fitted=self.fitted,
                     root=self.new[u"root"], interpreter=self.new[u"python"], prefix=self.new[u"prefix"],
                     signatures=dict((name, new) for name, _, new in signatures))
        state.setdefault("config", u"")
        write_json(self.tree.base, STATE, state)
        self.tree.state = state

    def apply_late(self):
        links, self.links = self.links, []
        self.apply()
        self.links = links

    def decide_installed(self, item, signatures):
        data, origin, fresh, found = self.original(INSTALLED, item)
        if data is None:
            return
        mode = stat.S_IMODE(found.st_mode)
        if origin is not None:
            new = substitute(origin, self.new, INSTALLED)
            mode = item["mode"] or mode
        elif not self.moved():
            new = data
        else:
            before_after = self.pending.get("files", {}).get(INSTALLED)
            done = before_after and digest(data) != before_after[0]
            new = data if done else replacer(self.old, self.new, False)(data)
        for name, olds, hashed in signatures:
            for old in olds:
                new = new.replace((name + u"-" + old).encode("utf-8"), (name + u"-" + hashed).encode("utf-8"))
        self.stage(INSTALLED, data, new, mode, (found.st_mtime, found.st_mtime), fresh, origin is not None)

    def decide_buildout(self):
        launch = read_json(self.tree.base, LAUNCH)
        if launch is None:
            return
        for path, new in buildout_scripts(self.tree, launch, self.new):
            data, _ = self.tree.content(path)
            folder = self.tree.inside(path).rpartition(native(u"/"))[0]
            if not os.path.isdir(folder):
                os.mkdir(folder, 0o755)
            self.stage(path, data, new, 0o755, None, False)
