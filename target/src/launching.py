"""One run of zc.buildout, in the build, in the gate and on the target."""
import hashlib
import os
import stat
import subprocess
import sys

from arguments import Arguments, buildout_words, is_url
from bundled import bundled_in, how_to_start, starting_command
from building import steady_names, steady_times
from copies import copy_quickly
from documents import read_json, write_json
from journal import Journal, PART_BYTES
from loading import load_buildout, set_path, steady_paths
from outlived import sweep_outlived
from paths import fs, slashed
from patches import Run, wrap
from recipes import steady_recipe
from remember import remember
from scripts import fit_scripts, patch_scripts
from starter import code_page
from starting import clean_environment, restart
from state import check_state
from system import (INSTALLED, LAUNCH, LOCK, OWN, PY2, Refused, STATE, WINDOWS, complain, digest, lock,
    native, read_file, replace, say, text, write_new)


def finish_change(root):
    """Has bootstrap.py finish or undo an update or a rollback that was killed. It may bring another launcher.py: that one goes on."""
    if not os.path.isdir(os.path.join(root, native(OWN + u"/transaction"))):
        return
    command = starting_command(root) or [sys.executable, "-sE", os.path.join(fs(root), "bootstrap.py")]
    code = subprocess.call(command + ["--recover"])
    if code:
        sys.exit(code)
    os.environ.pop("BINARY_BUILDOUT_STARTED", None)
    python = sys.executable  # unless it lay in the tree, and went with its version
    if bundled_in(root):
        python = os.path.join(root, native(bundled_in(root)))
    elif not os.path.exists(python):
        python = native((read_json(root, STATE) or {}).get("interpreter") or u"")
    command = [python, "-sSE", os.path.abspath(__file__), "--mode=target"] + sys.argv[2:]
    if WINDOWS:
        sys.exit(subprocess.call(command))
    os.execv(python, command)


def launch_buildout(root, mode, words):
    if mode == "target":
        finish_change(root)
    launch = read_json(root, LAUNCH, u"unpack the archive again")
    restart(launch, root, ["--mode=" + mode] + words)
    if mode == "target":
        state, manifest = check_state(root, launch)
        folder = os.path.join(root, native(OWN))
        if not os.access(folder, os.W_OK) or not os.access(root, os.W_OK):
            raise Refused(u"%s is read-only" % text(root), u"run it as the user that it belongs to", 3)
    defaults = os.environ.get("BINARY_BUILDOUT_USER_DEFAULTS") == "1"
    arguments = Arguments(words)
    nested = os.environ.get("BINARY_BUILDOUT_RUN") == text_of_run(root)
    held = None
    if mode == "target" and not nested:
        held = lock(root)
        if Journal(root).undo():
            say(u"an interrupted bin/buildout was undone")
            state, manifest = check_state(root, launch)
        sweep_outlived(root)
    if mode == "target" and arguments.command[:1] in (["bootstrap"], ["init"]):
        raise Refused(u"bin/buildout %s would make a new buildout, and this one is installed" % text(arguments.command[0]), how_to_start(root), 2)
    if mode == "target" and arguments.runs() and not arguments.config and (
            state.get("config") not in (None, u"", launch.get("config"))):
        say(u"note: the last run was bin/buildout -c %s" % state["config"])
    if WINDOWS and os.environ.get("BINARY_BUILDOUT_STAGE") == "1":
        installed_as_utf8(root)
    passed = buildout_words(arguments, launch, root, mode)
    clean_environment(mode, defaults)
    os.environ["BINARY_BUILDOUT_RUN"] = text_of_run(root)
    os.chdir(root)
    set_path(launch, root)
    sys.argv[:] = [os.path.join(fs(root), "bin", "buildout")] + words
    buildout = load_buildout(mode == "build")
    steady_paths(buildout)
    remember(buildout)
    copy_quickly(buildout.buildout)
    wrap(buildout.buildout, "_install_and_load", steady_recipe)
    if mode == "build":
        steady_names()
        steady_times(buildout.buildout)
    if mode == "build" or nested:
        if PY2:  # the same scripts as run_target
            patch_scripts(buildout.easy_install, root)
        if not nested:
            run_hook(buildout)
        return run_main(buildout, passed)
    if not arguments.online and not any(w.startswith("-t") for w in arguments.words):
        import socket
        socket.setdefaulttimeout(10)
    try:
        return run_target(Run(root, state, manifest, arguments), buildout, passed)
    finally:
        held.close()


def installed_as_utf8(root):
    """Writes .installed.cfg in UTF-8: it is in the code page where zc.buildout was run without this file."""
    path = os.path.join(root, native(INSTALLED))
    data = read_file(path) if os.path.isfile(path) else b""
    try:
        data.decode("utf-8")
    except UnicodeError:
        write_new(path + native(u".new"), data.decode(code_page(), "replace").encode("utf-8"), 0o644)
        replace(path + native(u".new"), path)


def text_of_run(root):
    return hashlib.sha256(text(root).encode("utf-8")).hexdigest()[:16]


def run_hook(buildout):
    """Runs the programs by which pack sees a build, or changes it first, in their order."""
    for path in filter(None, os.environ.pop("BINARY_BUILDOUT_HOOKS", "").split(os.pathsep)):
        with open(path, "rb") as f:
            exec(compile(f.read(), path, "exec"), {"buildout": buildout, "wrap": wrap, "__file__": path})


def run_main(buildout, words):
    """Runs zc.buildout's main(), and gives its exit status."""
    try:
        buildout.buildout.main(words)
    except SystemExit as e:
        if e.code is None or isinstance(e.code, int):
            return e.code or 0
        sys.stderr.write("%s\n" % (e.code,))
        return 1
    return 0


def run_target(run, buildout, words):
    run.patch(buildout)
    started = os.lstat(os.path.join(run.root, native(LOCK)))
    os.utime(os.path.join(run.root, native(LOCK)), None)
    started = os.lstat(os.path.join(run.root, native(LOCK))).st_ctime
    import signal
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, frame: sys.exit(128 + number))
    status = 1
    try:
        status = run_main(buildout, words)
        wanted = run.shims.wanted() if run.shims else []
    except KeyboardInterrupt:
        status, wanted = 130, []
    finally:
        done = run.journal.log is not None
        if done and (status or run.shims and run.shims.wanted()):
            run.journal.undo()
    if done and (status or wanted):
        return report(run, status, wanted)
    if done:
        fit_scripts(run.root)
        record(run, started)
        run.journal.commit()
    elif status and run.failed:
        return report(run, status, wanted)
    return status


def report(run, status, wanted):
    """Prints what failed, after everything is as it was again."""
    part, error = run.failed or (None, None)
    hint = u"everything is as it was before"
    if wanted:
        where = u", ".join(u"part %s" % w if w else u"buildout" for w in wanted)
        hint += u"; undo the change, or change the buildout where it is built, and install its new archive"
        complain(Refused(u"%s needs a compiler, and there is none here" % where, hint))
        return status or 1
    if error is not None and not isinstance(error, (SystemExit, KeyboardInterrupt)):
        lines = [line for line in text(str(error)).splitlines() if line.strip()] or [text(type(error).__name__)]
        complain(Refused((u"part %s: " % part if part else u"") + u" ".join(lines)[:2000], hint))
    else:
        complain(Refused(u"buildout failed" + (u" in part %s" % part if part else u""), hint))
    return status or 1


def record(run, started):
    """Notes in state.json what this run left, for the next move."""
    files = dict(run.state.get("files") or {})
    tops = set([native(u"bin"), native(u"parts"), native(INSTALLED), native(u".mr.developer.cfg")])
    if run.develop_directory:
        tops.add(run.develop_directory)
    for path in run.installed:
        relative = run.journal.relative(path)
        if relative and slashed(relative).split(u"/")[0] != u"eggs":
            tops.add(relative)
    for top in sorted(tops):
        if not any(top.startswith(os.path.join(other, native(u""))) for other in tops):
            record_below(run.root, top, started, files)
    for path in list(files):
        if not os.path.lexists(os.path.join(run.root, native(path))):
            del files[path]
    state = dict(run.state, files=files)
    config = run.arguments.config
    if config:
        full = config if is_url(config) else slashed(os.path.abspath(config))
        front = slashed(run.root) + u"/"
        state["config"] = full[len(front):] if full.startswith(front) else text(full)
    if state != run.state:
        write_json(run.root, STATE, state)


def record_below(root, relative, started, files):
    full = os.path.join(root, relative)
    try:
        found = os.lstat(full)
    except OSError:
        return
    name = slashed(relative)
    if stat.S_ISDIR(found.st_mode):
        if not name.endswith((u"__pycache__", u".egg")):
            for entry in sorted(os.listdir(full)):
                record_below(root, os.path.join(relative, entry), started, files)
    elif name not in files and found.st_ctime < started:
        return
    elif stat.S_ISLNK(found.st_mode):
        target = text(os.readlink(full))
        if target == text(root) or target.startswith(text(root) + u"/"):
            files[name] = u"link:" + target
    elif stat.S_ISREG(found.st_mode) and found.st_size <= PART_BYTES and not name.endswith((u".pyc", u".pyo")):
        files[name] = digest(read_file(full))
