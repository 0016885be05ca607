"""Files and directories moved, copied and removed one by one."""
import os
import stat

from system import WINDOWS, clear, native, pieces, plain, replace, text, write_new


LOADED = (u".exe", u".dll", u".pyd")


def make_folders(path):
    if not os.path.isdir(path):
        make_folders(os.path.dirname(path))
        os.mkdir(path, 0o700)


def linked(source, target):
    """Makes a second name of a file, and says whether that could be. Windows removes no
    name of a program or library that is loaded, so these get none there."""
    if WINDOWS and text(source).lower().endswith(LOADED):
        return False
    try:
        os.link(source, target)
    except (OSError, AttributeError):
        return False
    return True


def lay_copy(source, target):
    """Makes a second name of a file where that can be, else a copy; a link is made anew."""
    found = os.lstat(source)
    if stat.S_ISLNK(found.st_mode):
        os.symlink(os.readlink(source), target)
        return
    if not linked(source, target):
        write_new(target, pieces(source), stat.S_IMODE(found.st_mode), (found.st_mtime, found.st_mtime))


def move(source, target):
    """Renames over what is there, to another file system too."""
    import errno
    try:
        replace(source, target)
    except EnvironmentError as e:
        if e.errno != errno.EXDEV:
            e.filename = target  # not where the new one lies
            raise
        temporary = os.path.join(os.path.dirname(target), native(u".binary-buildout-new"))
        clear(temporary)
        lay_copy(source, temporary)
        replace(temporary, target)
    if os.path.lexists(source):  # two names of one file: the rename did nothing
        os.unlink(source)


def is_folder(path):
    return os.path.isdir(path) and not os.path.islink(path)


def remove_empty(path):
    """Removes a directory if nothing is in it. A mount point stays."""
    import errno
    if not is_folder(path) or os.path.ismount(plain(path)):
        return
    try:
        os.rmdir(path)
    except EnvironmentError as e:
        if e.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY):
            raise
