"""Interpreters that gave way to another version's in an update or a rollback: each stays
in its place while a process runs under it."""
import errno
import os
import subprocess

from busy import busy_files
from documents import SHAPES, is_path, is_text, members, named, read_json, write_json
from moves import is_folder, remove_empty
from system import FORMAT, MANIFEST, OWN, Refused, WINDOWS, clear, digest, digest_of, native, read_file, say, text


# .binary-buildout/outlived.json names them by their directories, with the version that
# they gave way to, and with what the version before left of each: a digest, "dir", or
# "link:" and where it points to. It is written before a change begins: an interpreter
# in it that is the tree's own is one whose change was undone, or that came back.
OUTLIVED = OWN + u"/outlived.json"
SHAPES[u"outlived.json"] = members({"interpreters": named(members({"to": is_text, "files": named(is_text, is_path)}), is_path)})

PROCESSES = b"/proc"


def interpreter_of(manifest):
    """Gives the directory of a version's own interpreter, or None."""
    return ((manifest or {}).get("bundled_python") or {}).get("directory")


def giving_way(own, other):
    """Gives an interpreter's directory, with a slash, if another version's takes its place."""
    return (own + u"/",) if own and own != other else ()


def outlived(base):
    """Gives what each of them consists of, by its directory. Nothing that the application
    needs is in the file: one that is damaged stops no update, and the next one replaces it."""
    try:
        return (read_json(base, OUTLIVED) or {}).get("interpreters") or {}
    except Refused:
        return {}


def note_outlived(base, folder, left, to):
    """Writes down that an interpreter is going to give way to that of another version."""
    known = outlived(base)
    known[folder] = {"to": to, "files": dict((p, v) for p, v in left.items() if p.startswith(folder + u"/"))}
    write_json(base, OUTLIVED, {"format": FORMAT, "interpreters": known})


def sweep_outlived(base, changed=False):
    """Removes each of them that nothing uses any more. The tree's lock is held. After a
    change, a line says what stays only since it can't be seen whether it is used."""
    known = outlived(base)
    if not known:
        return
    own, version = interpreter_of(read_json(base, MANIFEST)), digest(read_file(os.path.join(base, native(MANIFEST))))
    stay = {}
    for name, entry in sorted(known.items()):
        folder = os.path.join(base, native(name))
        if name == own or not is_folder(folder):
            continue
        used = is_used(folder)
        if used or used is None and entry["to"] == version:
            stay[name] = entry
            if changed and not used:
                say(u"%s stays until the next update or rollback: it can't be seen whether a process still runs under it" % name)
            continue
        try:
            remove(base, name, entry["files"])
        except EnvironmentError:
            stay[name] = entry
    try:
        if not stay:
            clear(os.path.join(base, native(OUTLIVED)))
        elif stay != known:
            write_json(base, OUTLIVED, {"format": FORMAT, "interpreters": stay})
    except EnvironmentError:
        pass  # the disk is full: the change is done all the same, and the next run writes it


def remove(base, name, files):
    """Removes what a version left there, and bytecode. What people added stays."""
    top = os.path.join(base, native(name))
    for folder, folders, names in os.walk(top, topdown=False):
        inside = text(folder)[len(text(base)) + 1:].replace(os.sep, u"/")
        for n in folders + names:
            path, full = inside + u"/" + text(n), os.path.join(folder, n)
            if not is_folder(full) and (path.endswith((u".pyc", u".pyo")) or path in files and value_at(full) == files[path]):
                clear(full)
        remove_empty(folder)
    if os.path.lexists(top):
        say(u"%s is no longer used, and has files in it that aren't the application's: remove it when you don't need them" % name)


def value_at(full):
    if os.path.islink(full):
        return u"link:" + text(os.readlink(full))
    return digest_of(full) if os.path.isfile(full) else None


def is_used(folder):
    """Says whether a process but this one runs a program of a directory, or has a library
    of it loaded; on Windows, this one counts too, since what it has loaded can't be
    removed. None where the system doesn't say: without /proc, or where it hides processes
    of other users, or where one of them may be running such a program."""
    if WINDOWS:
        names = [n for n in os.listdir(folder) if n.lower().endswith((u".exe", u".dll"))]
        return bool(busy_files([os.path.join(folder, n) for n in names]))
    if not os.path.exists(PROCESSES + b"/self/maps"):
        return None
    prefix, programs = os.path.join(os.path.realpath(folder), b""), programs_in(folder)
    silent = []
    for name in os.listdir(PROCESSES):
        if name.isdigit() and int(name) != os.getpid():
            process = os.path.join(PROCESSES, name)
            used = uses(process, prefix, programs)
            if used:
                return True
            if used is None:
                silent.append(process)
    if not os.path.exists(PROCESSES + b"/1"):  # hidepid=2
        return None
    code = set(code_of(process) for process in silent)
    if not code:
        return False
    own = code_under(programs)
    return None if own is None or None in code or own in code else False


def programs_in(folder):
    """Gives the programs of an interpreter, each path by device and inode: in a container,
    the directory may have another path."""
    top, found = os.path.join(folder, b"bin"), {}
    for name in os.listdir(top) if is_folder(top) else ():
        path = os.path.join(top, name)
        there = os.lstat(path)
        found[there.st_dev, there.st_ino] = path
    return found


def uses(process, prefix, programs):
    """Says whether a process runs one of the programs, or uses a file below prefix. Only the
    command line of another user's process can be read: it begins with the program's path,
    unless it was found in PATH, or the process has given itself a title. Then, and where it
    is an interpreter by a path that isn't here, it is None."""
    try:
        program = os.stat(os.path.join(process, b"exe"))
        if (program.st_dev, program.st_ino) in programs:
            return True
        with open(os.path.join(process, b"maps"), "rb") as f:
            return any(prefix in line for line in f)
    except EnvironmentError as e:
        if e.errno not in (errno.EACCES, errno.EPERM):
            return False  # it has ended, or is one of the kernel's
    try:
        with open(os.path.join(process, b"cmdline"), "rb") as f:
            words = f.read(4096)
    except EnvironmentError as e:
        return None if e.errno in (errno.EACCES, errno.EPERM) else False
    if words.startswith(prefix):
        return True
    program = words.split(b"\0")[0]
    if os.path.basename(program).startswith(b"python") and program.startswith(b"/"):  # by a link, or by its path in a container
        real = os.path.realpath(program)
        return real.startswith(prefix) or (False if os.path.exists(real) else None)
    return None if program and not program.startswith(b"/") else False  # one of the kernel's has no words


def code_of(process):
    """Gives how many pages of machine code a process's program has, as the kernel tells
    everybody. None if it doesn't."""
    try:
        with open(os.path.join(process, b"statm"), "rb") as f:
            return int(f.read().split()[3])
    except EnvironmentError as e:
        return None if e.errno in (errno.EACCES, errno.EPERM) else 0
    except (IndexError, ValueError):
        return 0  # it has ended


def code_under(programs):
    """Gives the same of an interpreter, which is run for it. None if that fails."""
    for program in sorted(programs.values()):
        if os.path.isfile(program) and os.path.basename(program).startswith(b"python"):
            try:
                return int(subprocess.check_output([program, "-BsSE", "-c", "print(open('/proc/self/statm').read())"]).split()[3])
            except (EnvironmentError, IndexError, ValueError, subprocess.CalledProcessError):
                pass
    return None
