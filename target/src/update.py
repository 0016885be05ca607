"""An update: it plans, checks and applies what lies in incoming/."""
import json
import os

from changes import changed_lines
from configuration import check_config
from documents import read_json, write_json
from incoming import drop_incoming
from listed import left_in, own_files
from outlived import OUTLIVED, giving_way, interpreter_of, note_outlived, outlived
from plan import Plan, is_owned, item_at
from staging import Staging
from system import FORMAT, OWN, Refused, STATE, WINDOWS, clear, native, say, write_new
from transaction import CHANGE, INCOMING, RECORD, STAGED, Transaction


SHOWN_EGGS = 20  # of what changed, in the last lines of an update


def plan_update(tree, staging, prepared):
    """Gives the plan by which the tree becomes the staged one."""
    left, own, new = left_in(tree, staging.entries), interpreter_of(tree.manifest), interpreter_of(staging.incoming.manifest)
    # One that was here before, and that a process still uses.
    left.update(outlived(tree.base).get(new, {}).get("files") or {})
    plan = Plan(tree.base, left, prepared)
    plan.outlives = giving_way(own, new)
    wanted = staging.items()
    left_out = set(e["path"] for e in staging.incoming.files.get("files") or () if e["path"] not in wanted)
    for path in sorted(wanted):
        item = wanted[path]
        if item is None or path == STATE or path == OWN:
            continue
        have = plan.have(path)
        if path.split(u"/")[0] == u"var" and (have is not None or path in left or os.path.islink(plan.full(u"var"))):
            continue
        if item.kind == u"dir":
            plan.lay_folder(path, item.mode, have)
        else:
            plan.lay(path, item, have)
    gone = [p for p in left if p not in wanted and p not in left_out]
    eggs = [p for p in gone if left[p] == u"dir" and p.endswith(u".egg") and is_owned(p)]
    plan.eggs = tuple(p + u"/" for p in eggs)
    for path in eggs:
        plan.remove_whole(path, left)
    for path in sorted(gone + [p for p in own_files(tree.base) if p not in wanted and p not in (STATE, RECORD, OUTLIVED)]):
        plan.remove(path, plan.have(path))
    for path in [p for p in gone if not p.startswith(plan.outlives)]:  # directories that a part made here
        folder = path.rpartition(u"/")[0]
        while u"/" in folder and folder not in wanted and folder not in left and is_owned(folder):
            plan.folders.append([u"rmdir", folder, 0o755])
            folder = folder.rpartition(u"/")[0]
    plan.remove_bytecode(wanted)
    plan.times += [t for t in staging.times if wanted.get(t[1], 1) is None]
    return plan


def write_record(tree, staging):
    """Writes install.json, by which "binary-buildout install" knows what is here."""
    old = read_json(tree.base, RECORD) or {}
    delta = staging.incoming.delta
    source = delta.get("source") or old.get("source")
    if source is None:
        return
    # What is asked of each version's attestation stays.
    lines = [u'  "format": 1'] + [u'  "%s": %s' % (k, json.dumps(v, ensure_ascii=False, sort_keys=True)) for k, v in (
        (u"archive", delta["archive"]), (u"sha256", delta["sha256"]), (u"source", source), (u"attestation", old.get("attestation"))) if v is not None]
    data = u"{\n" + u",\n".join(lines) + u"\n}\n"
    # A password, or a signature of object stores.
    address = source.partition(u"://")[2]
    secret = u"@" in address.partition(u"/")[0] or u"?" in address
    write_new(staging.full(RECORD), data.encode("utf-8"), 0o600 if secret else 0o644)


def apply_update(tree, incoming, python, root, look=False, fitter=None):
    """Makes the tree the incoming version, or leaves it as it is; with look,
    it is left in any case."""
    change = Transaction(tree.base)
    lines = begin(tree, change, incoming, python, root, look, fitter)
    if look:
        return 0
    incoming.files = {}  # of a large tree the plan and the lists of files take most memory
    plan = read_json(tree.base, CHANGE + u"/plan.json")
    change.run(plan)
    drop_incoming(tree.base, tree.archive, incoming.digest)
    for line in lines:
        say(line)
    return len([o for o in plan["operations"] if o[1].split(u"/")[0] != OWN])


def begin(tree, change, incoming, python, root, look, fitter):
    """Prepares the whole change, and writes its plan: from here on it is finished, or
    undone. Gives what is to say of it."""
    staging = Staging(tree, incoming)
    try:
        incoming.check(python, root)
        staging.lay()
        staging.fit(python, root, fitter)
        write_record(tree, staging)
        prepared = os.path.join(change.new(), native(u"kept"))
        os.mkdir(prepared, 0o700)
        plan = plan_update(tree, staging, prepared)
        operations = plan.operations()
        plan.check_access(operations)
        write_state(tree, staging, plan)
        operations.append([u"put", STATE, STAGED + u"/" + STATE, True])
        check_config(tree, staging, python, plan)
        if look:
            change.sweep()
            return []
        changed = account(tree, incoming, staging.entries)
        sync_sources(tree.base, operations)
        if plan.outlives:
            note_outlived(tree.base, plan.outlives[0][:-1], plan.left, incoming.digest)
        change.begin({"format": FORMAT, "what": incoming.what(), "from": tree.archive, "to": incoming.digest, "keeps": True, "holds": incoming.delta.get("hold") is True,
                      "from_version": tree.manifest["version"], "to_version": incoming.manifest["version"],
                      "operations": operations, "report": plan.report, "kept": kept_files(plan)})
    except BaseException as e:
        change.sweep()
        if isinstance(e, Refused) and e.code != 3:
            clear(tree.inside(INCOMING + u"/x").rpartition(native(u"/"))[0])
        raise
    return [line for _, _, line in plan.report] + changed


def account(tree, incoming, old):
    """Gives what changes from an old list of files, in lines."""
    return changed_lines(tree.manifest, old, incoming.manifest, incoming.files.get("files") or (), SHOWN_EGGS)


def kept_files(plan):
    return dict((o[1], item_at(os.path.join(plan.prepared, native(o[2].rpartition(u"/")[2]))).value)
                for o in plan.adds if o[0] == u"put" and o[2].startswith(CHANGE + u"/kept/"))


def write_state(tree, staging, plan):
    """Writes the staged state.json, with what is remembered from one version to the next."""
    state = read_json(staging.base, STATE)
    state["config"] = (tree.state or {}).get("config") or state.get("config") or u""
    state["files"].update(plan.extra)
    write_json(staging.base, STATE, state)


def sync_sources(base, operations):
    """Makes what is put in place later last already."""
    if hasattr(os, "sync") and len(operations) > 2000:
        os.sync()
        return
    for operation in operations:
        if operation[0] == u"put":
            full = os.path.join(base, native(operation[2]))
            if os.path.isfile(full) and not os.path.islink(full):
                sync_file(full)


def sync_file(path):
    if WINDOWS:
        return
    try:
        fd = os.open(path, os.O_RDONLY)
    except EnvironmentError:
        return
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
