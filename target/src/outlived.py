"""Interpreters that gave way to another version's in an update or a rollback: each stays
in its place while a process runs under it."""
import os

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


def sweep_outlived(base):
    """Removes each of them that nothing uses any more. The tree's lock is held."""
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
    removed. None where the system doesn't say."""
    if WINDOWS:
        names = [n for n in os.listdir(folder) if n.lower().endswith((u".exe", u".dll"))]
        return bool(busy_files([os.path.join(folder, n) for n in names]))
    if not os.path.exists(PROCESSES + b"/self/maps"):
        return None
    prefix, programs = os.path.join(os.path.realpath(folder), b""), programs_in(folder)
    return any(uses(os.path.join(PROCESSES, name), prefix, programs) for name in os.listdir(PROCESSES)
               if name.isdigit() and int(name) != os.getpid())


def programs_in(folder):
    """Gives the programs of an interpreter by device and inode: in a container, the
    directory may have another path."""
    top, found = os.path.join(folder, b"bin"), set()
    for name in os.listdir(top) if is_folder(top) else ():
        there = os.lstat(os.path.join(top, name))
        found.add((there.st_dev, there.st_ino))
    return found


def uses(process, prefix, programs):
    """Says whether a process runs one of the programs, or uses a file below prefix. Only the
    command line of another user's process can be read: it begins with the interpreter of a
    script's first line, unless the process has given itself a title."""
    try:
        program = os.stat(os.path.join(process, b"exe"))
        if (program.st_dev, program.st_ino) in programs:
            return True
        with open(os.path.join(process, b"maps"), "rb") as f:
            return any(prefix in line for line in f)
    except EnvironmentError:
        pass
    try:
        with open(os.path.join(process, b"cmdline"), "rb") as f:
            return f.read(4096).startswith(prefix)
    except EnvironmentError:
        return False  # it has ended
