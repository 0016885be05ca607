"""What nobody but root and this user can change."""
import os
import stat

from words import Stop, WINDOWS


def changeable(path):
    """Whether somebody else than root can change what a path leads to: by any
    directory, link or file on the way, as internal/install sees it."""
    at, todo, links = "/", path.split("/"), 0
    while True:
        try:
            st = os.lstat(at)
        except EnvironmentError:
            return True
        link, sticky = stat.S_ISLNK(st.st_mode), stat.S_ISDIR(st.st_mode) and st.st_mode & stat.S_ISVTX
        if st.st_uid != 0 or not link and not sticky and (st.st_mode & 0o002 or st.st_mode & 0o020 and st.st_gid != 0):
            return True
        if link:
            target, links = os.readlink(at), links + 1
            if links > 40:
                return True
            at, todo = "/" if target.startswith("/") else os.path.dirname(at), target.split("/") + todo
        todo = [name for name in todo if name not in ("", ".")]
        if not todo:
            return False
        name = todo.pop(0)
        at = os.path.dirname(at) if name == ".." else os.path.join(at, name)


def roots_alone(path):
    """As root, only what nobody else can change is run."""
    return WINDOWS or os.geteuid() != 0 or not changeable(path)


def safe_place(path):
    """Refuses, to root, a directory in whose place another user could put
    something while an archive is unpacked and its bootstrap.py runs."""
    if not WINDOWS and os.geteuid() == 0 and (changeable(os.path.dirname(path)) or os.path.lexists(path) and changeable(path)):
        raise Stop(2, "installing into %s as root: another user could replace what root runs" % path,
                   "run it as the user that it is for; or choose a directory that is root\x27s, with all above it")
