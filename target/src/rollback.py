"""Back to the version before the last update."""
import json
import os

from documents import read_json
from listed import left_in
from outlived import giving_way, interpreter_of, note_outlived
from plan import Plan, item_at
from system import FORMAT, MANIFEST, Refused, STATE, WINDOWS, clear, native, say, write_new
from transaction import CHANGE, INCOMING, PREVIOUS, Transaction, check_plan


def rollback(tree):
    """Restores the version before the last update, which is kept whole."""
    plan = read_json(tree.base, PREVIOUS + u"/plan.json")
    if plan is None or plan.get("to") != tree.archive:
        raise Refused(u"there is no version to go back to", u"an update keeps the one before it; "
                      u"install the archive of another one beside this directory", 2)
    check_plan(plan, PREVIOUS)
    was = plan.get("from_version") or u"%.12s" % plan["from"]
    change = Transaction(tree.base)
    saved = lambda path: PREVIOUS + u"/old/" + path
    try:
        prepared = os.path.join(change.new(), native(u"kept"))
        os.mkdir(prepared, 0o700)
        left = left_in(tree)
        left.update(plan.get("kept") or {})
        back = Plan(tree.base, left, prepared)
        own = interpreter_of(tree.manifest)
        back.outlives = giving_way(own, interpreter_of(read_json(tree.base, saved(MANIFEST))))
        for operation in sorted(plan["operations"], key=lambda o: (o[0] != u"rmdir", o[1])):
            undo_later(back, operation, saved, tree)
        wanted = set(o[1] for o in plan["operations"] if o[0] in (u"drop", u"outlive"))
        back.remove_bytecode(wanted)
        operations = back.operations()
        if WINDOWS:  # which has copies of what is loaded; a rollback is no way back, and needs none
            operations = [o for o in operations if o[0] != u"outlive"]
        back.check_access(operations)
        write_old_state(tree, plan, prepared)
        operations.append([u"put", STATE, CHANGE + u"/kept/state.json", True])
        # What a killed update left there would be applied again at once.
        clear(os.path.join(tree.base, native(INCOMING)))
        if back.outlives:
            note_outlived(tree.base, own, left, plan["from"])
        change.begin({"format": FORMAT, "what": u"%s %s" % (tree.manifest["name"], was), "from": plan["to"],
                      "to": plan["from"], "from_version": tree.manifest["version"], "keeps": False, "operations": operations, "report": back.report, "kept": {}})
    except BaseException:
        change.sweep()
        raise
    change.run(read_json(tree.base, CHANGE + u"/plan.json"))
    for _, _, line in back.report:
        say(line)
    say(u"%s %s is there again" % (tree.manifest["name"], was))


def undo_later(back, operation, saved, tree):
    """Plans the contrary of an operation that was done some time ago."""
    kind, path = operation[0], operation[1]
    have = back.have(path)
    if path == STATE:
        return
    if kind == u"drop" or kind == u"put" and operation[3] or kind == u"outlive":
        item = item_at(os.path.join(tree.base, native(saved(path))))
        if item is None:
            return  # it was not there either
        item.source = saved(path)
        back.lay(path, item, None if back.below_blocked(path) and path not in back.blocked else have)
    elif kind in (u"put", u"mkdir"):
        back.remove(path, have)
    elif kind in (u"rmdir", u"outlivedir"):
        if have is None or have.kind != u"dir":
            back.lay_folder(path, operation[2], have)
    elif kind in (u"chmod", u"touch") and have is not None:
        back.times.append([kind, path, operation[3], operation[2]])


def write_old_state(tree, plan, prepared):
    """Writes the old state.json, with the latest digests of files that didn't change."""
    state = read_json(tree.base, PREVIOUS + u"/old/" + STATE, u"install the archive of that version into another directory")
    changed = set(o[1] for o in plan["operations"])
    for path, left in ((tree.state or {}).get("files") or {}).items():
        if path not in changed and path in state["files"]:
            state["files"][path] = left
    data = json.dumps(state, sort_keys=True, indent=1, separators=(",", ": ")).encode("ascii") + b"\n"
    write_new(os.path.join(prepared, native(u"state.json")), data, 0o644)
