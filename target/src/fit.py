"""Fits a tree, and what .installed.cfg says of develop packages then."""

from documents import write_json
from relocation import Relocation
from system import LAUNCHER, Refused, STATE, native


def signatures_of(tree, python):
    """The hash of each develop directory as it is now, by the tree's own zc.buildout."""
    signatures = tree.manifest["signatures"]
    if not signatures:
        return []
    out = tree.run_launcher(python, ["--signature"] + [native(s["path"]) for s in signatures]).split()
    if len(out) != len(signatures):
        raise Refused(u"running %s: no signatures" % LAUNCHER)
    return out


def fit(tree, new, python):
    """Fits the tree to the values, and gives the number of files that changed."""
    work = Relocation(tree, new, python)
    try:
        work.check_writable()
        work.decide()
        work.check_writable()
        before = known_signatures(tree, python, work)
        if work.steps or work.links or work.old != new or work.pending or tree.state.get("archive") != tree.archive:
            work.mark(before)
    except BaseException:
        work.unstage()
        raise
    count = len(work.steps) + len(work.links)
    if not count and work.old == new and not work.pending and tree.state.get("archive") == tree.archive:
        return finish_same(tree, work)
    work.apply()
    names = [s["name"] for s in tree.manifest["signatures"]]
    after = signatures_of(tree, python)
    work.finish([(name, before.get(name, []), hashed) for name, hashed in zip(names, after)])
    return count + len(work.steps)


def finish_same(tree, work):
    """Nothing moved: only bin/buildout may have to be written again."""
    work.steps, work.staged = [], []
    work.decide_buildout()
    if not work.steps:
        return 0
    work.apply_late()
    state = dict(tree.state, files=work.files)
    write_json(tree.base, STATE, state)
    return len(work.steps)


def known_signatures(tree, python, work):
    """For each name the hashes that .installed.cfg may hold for it."""
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
