"""Fits a tree: the files in it, and the hashes of develop packages that .installed.cfg has."""
from documents import write_json
from relocation import Relocation
from system import LAUNCHER, Refused, STATE, native


def signatures_of(tree, python):
    """Gives the hash of each develop directory as it is now, by the tree's own zc.buildout."""
    signatures = tree.manifest["signatures"]
    if not signatures:
        return []
    out = tree.run_launcher(python, ["--signature"] + [native(s["path"]) for s in signatures]).split()
    if len(out) != len(signatures):
        raise Refused(u"running %s: no signatures" % LAUNCHER)
    return out


def fit(tree, new, python):
    """Fits the tree to the values, and gives the number of files that changed."""
    work = Relocation(tree, new)
    writes = work.writes
    try:
        writes.check_writable()
        work.decide()
        writes.check_writable()
        before = known_signatures(tree, python, work)
        same = work.old == new and not work.pending and tree.state.get("archive") == tree.archive
        same = same and not writes.steps and not writes.links
        if not same:
            work.mark(before)
    except BaseException:
        writes.unstage()
        raise
    if same:
        return finish_same(tree, work)
    count = writes.apply()
    names = [s["name"] for s in tree.manifest["signatures"]]
    after = signatures_of(tree, python)
    return count + work.finish([(name, before.get(name, []), hashed) for name, hashed in zip(names, after)])


def finish_same(tree, work):
    """Writes bin/buildout again where that differs: nothing else does when nothing moved."""
    work.decide_buildout()
    count = work.writes.apply()
    if count:
        write_json(tree.base, STATE, dict(tree.state, files=work.writes.files))
    return count


def known_signatures(tree, python, work):
    """Gives for each name the hashes that .installed.cfg may hold for it."""
    if work.pending:
        return work.pending.get("signatures") or {}
    found = {}
    for signature in tree.manifest["signatures"]:
        found.setdefault(signature["name"], []).append(signature["hash"])
    if tree.state is not None and work.moved():
        for signature, hashed in zip(tree.manifest["signatures"], signatures_of(tree, python)):
            if hashed not in found[signature["name"]]:
                found[signature["name"]].append(hashed)
        for name, hashed in (tree.state.get("signatures") or {}).items():
            if hashed not in found.setdefault(name, []):
                found[name].append(hashed)
    return found
