"""One fitting of a tree to a place and a Python: which content each file gets, and what state.json says meanwhile."""
import os
import stat

from binaries import put_strings
from boundaries import replacer
from buildoutscript import buildout_scripts, own_scripts
from bytecode import bytecode, source_of
from documents import read_json, write_json
from manifest import link_target
from placeholders import substitute
from starter import for_starter, from_starter
from system import FORMAT, INSTALLED, LAUNCH, OWN, Refused, STATE, digest, exact, native
from writes import Writes


class Relocation(object):
    """One fitting of a tree to new values. What it decides is staged in writes."""

    def __init__(self, tree, new):
        self.tree, self.new = tree, new
        self.old = tree.values()
        state = tree.state or {}
        self.first = not state.get("root")  # never fitted whole
        self.pending = state.get("pending") or {}
        self.known = dict(state.get("files") or {})
        self.writes = Writes(tree, dict(self.known))
        self.sources = {}  # of Python modules that are written: the new content, and the time

    def original(self, path, item=None):
        """Gives what is on disk, the archive's version of it if that is known, and
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
        """Gives the digests that this file has if we made it of the archive's version."""
        found = [((self.tree.state or {}).get("fitted") or {}).get(path)]
        pending = self.pending.get("files", {}).get(path)
        if pending and pending[2]:
            found.append(pending[1])
        return found

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
            self.writes.files.pop(path, None)  # buildout removed it
            return
        if origin is None:
            if self.moved() and item["class"] == u"text":
                new = self.replaced(path, data)
                self.writes.stage(path, data, new, stat.S_IMODE(found.st_mode), None, False)
                if path.endswith(u".py"):
                    self.sources[path] = new, int(found.st_mtime)
            else:
                self.writes.files[path] = digest(data)
            return
        if item["class"] == u"cstring":
            new = put_strings(origin, item, self.new[u"root"])
        else:
            new = substitute(origin, self.new, path)
            if path.endswith(u".py"):
                self.sources[path] = new, int(found.st_mtime)
        self.writes.stage(path, data, new, item["mode"] or stat.S_IMODE(found.st_mode),
                   (found.st_mtime, found.st_mtime), fresh, True)

    def replaced(self, path, data):
        """Replaces the old values in a file that buildout or a person changed.
        One that a killed run has already done stays."""
        before_after = self.pending.get("files", {}).get(path)
        if before_after and digest(data) == before_after[1]:
            return data
        return for_starter(path, replacer(self.old, self.new)(from_starter(data)))

    def decide_other(self, path):
        """Stages a file that buildout wrote here."""
        full = self.tree.inside(path)
        if not os.path.lexists(full):
            del self.writes.files[path]
            return
        if os.path.islink(full):
            target = exact(os.readlink(full), path)
            inside = target == self.old[u"root"] or target.startswith(self.old[u"root"] + u"/")
            if inside and self.moved():
                target = self.new[u"root"] + target[len(self.old[u"root"]):]
                self.writes.links.append((path, target))
            self.writes.files[path] = u"link:" + target
            return
        data, found = self.tree.content(path)
        if data is None:
            del self.writes.files[path]
        elif self.moved():
            self.writes.stage(path, data, self.replaced(path, data), stat.S_IMODE(found.st_mode), None, False)

    def decide_link(self, item):
        target = link_target(item, self.new)
        path = item["path"]
        full = self.tree.inside(path)
        folder = self.tree.inside(path.rpartition(u"/")[0]) if u"/" in path else self.tree.base
        if not os.path.isdir(folder):
            if self.first:
                raise Refused(u"%s is missing" % path.rpartition(u"/")[0], u"unpack the archive again")
            return
        self.writes.temporary(path)
        if os.path.lexists(full):
            if not os.path.islink(full):
                if self.first:
                    raise Refused(u"%s exists already, and isn't a link" % path, u"unpack the archive again")
                return
            if os.readlink(full) == native(target):
                return
        self.writes.links.append((path, target))

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
            self.writes.stage(path, data, new, item["mode"] or 0o644, None, False)

    def mark(self, signatures):
        """Notes in state.json what was begun: from here on, a run that was killed is finished by the next."""
        state = dict(self.tree.state or {})
        state.setdefault("format", FORMAT)
        for key in ("root", "interpreter", "archive", "config"):
            state.setdefault(key, u"")
        state.setdefault("files", {})
        state["pending"] = {"root": self.new[u"root"], "interpreter": self.new[u"python"],
                            "prefix": self.new[u"prefix"], "archive": self.tree.archive,
                            "signatures": signatures,
                            "files": self.writes.records()}
        pending = self.pending.get("files", {})
        for path in pending:  # of an interrupted run; done already, or staged again
            if path not in state["pending"]["files"]:
                state["pending"]["files"][path] = pending[path]
        write_json(self.tree.base, STATE, state)

    def finish(self, signatures):
        """Does the last writes: .installed.cfg, bin/buildout, and the state. Gives the number of files."""
        items = dict((item["path"], item) for item in self.tree.manifest["relocations"])
        self.decide_installed(items.get(INSTALLED), signatures)
        self.decide_buildout()
        state = read_json(self.tree.base, STATE)
        state["pending"]["files"].update(self.writes.records())
        write_json(self.tree.base, STATE, state)
        count = self.writes.apply()
        del state["pending"]
        state.update(format=FORMAT, mode=u"target", archive=self.tree.archive, files=self.writes.files,
                     fitted=self.writes.fitted, root=self.new[u"root"], interpreter=self.new[u"python"],
                     prefix=self.new[u"prefix"], signatures=dict((name, new) for name, _, new in signatures))
        state.setdefault("config", u"")
        write_json(self.tree.base, STATE, state)
        self.tree.state = state
        return count

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
        self.writes.stage(INSTALLED, data, new, mode, (found.st_mtime, found.st_mtime), fresh, origin is not None)

    def decide_buildout(self):
        launch = read_json(self.tree.base, LAUNCH)
        if launch is None:
            return
        for path, new in buildout_scripts(self.tree, launch, self.new):
            data, _ = self.tree.content(path)
            folder = self.tree.inside(path).rpartition(native(u"/"))[0]
            if not os.path.isdir(folder):
                os.mkdir(folder, 0o755)
            self.writes.stage(path, data, new, 0o755, None, False)
