"""A directory of our own beside DIR, and removing and renaming."""
import os
import shutil
import stat
import time

from words import Stop, WINDOWS, fs


if WINDOWS:
    import msvcrt
else:
    import fcntl


# Downloading, unpacking, placing.

def remove(path):
    """Removes a tree, directories without write permission too; on Windows files without it."""
    path = fs(path)
    for at, dirs, files in os.walk(path):
        for name in dirs + (files if WINDOWS else []):
            if not os.path.islink(os.path.join(at, name)):
                os.chmod(os.path.join(at, name), 0o700)
    shutil.rmtree(path, True)


def delete(path):
    if os.path.isdir(path) and not os.path.islink(path):
        remove(path)
    elif os.path.lexists(path):
        os.remove(path)


def rename(old, new):
    """On Windows whoever looks at a file, as virus scanners do, keeps it from being renamed."""
    for wait in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2) if WINDOWS else ():
        try:
            return os.rename(fs(old), fs(new))
        except EnvironmentError as e:
            if getattr(e, "winerror", None) not in (5, 32):
                raise
        time.sleep(wait)
    os.rename(fs(old), fs(new))


def lock(f):
    if WINDOWS:
        msvcrt.locking(f, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)


def locked(f, name):
    """Locks an open file, if nobody has; false too where its name leads to another one
    by now, which whoever had the lock removed."""
    try:
        lock(f)
        return os.fstat(f).st_ino == os.stat(name).st_ino
    except EnvironmentError:
        return False


class Work(object):
    """A directory beside DIR, ours alone, locked until the process ends."""

    def __init__(self, path):
        self.path = path
        try:
            if not os.path.lexists(path):
                os.mkdir(path, 0o700)
            st = os.lstat(path)
            if not stat.S_ISDIR(st.st_mode) or not WINDOWS and (st.st_uid != os.geteuid() or st.st_mode & 0o022):
                raise Stop(3, "making a directory to work in: %s is there and is not ours" % path, "remove it")
            name = os.path.join(path, ".lock")
            self.lock = os.open(name, os.O_CREAT | os.O_RDWR, 0o600)
        except EnvironmentError as e:
            raise Stop(3, "making a directory to work in: %s" % e, "install as a user who may write " + os.path.dirname(path))
        if not locked(self.lock, name):
            raise Stop(3, "locking %s" % path, "another install into the same directory is running; wait for it to end")

    def clear(self, *keep):
        for name in os.listdir(self.path):
            if name not in (".lock",) + keep:
                delete(os.path.join(self.path, name))

    def keep_parts(self):
        """Leaves of a run that failed what the next one goes on with."""
        parts = [name for name in os.listdir(self.path) if name.endswith(".part") and os.path.getsize(os.path.join(self.path, name))]
        self.clear(*parts)
        if not parts:
            self.remove()

    def remove(self):
        if WINDOWS:  # which removes no file that is open
            os.close(self.lock)
            return remove(self.path)
        remove(self.path)
        os.close(self.lock)
