"""The space that is left on a disk."""
import os
import shutil

from words import Stop


def free_space(directory):
    """The bytes that are left for us on a directory's disk, None where nothing says it."""
    if hasattr(os, "statvfs"):
        st = os.statvfs(directory)
        return st.f_bavail * st.f_frsize if st.f_blocks else None
    if hasattr(shutil, "disk_usage"):  # Windows, but for Python 2
        return shutil.disk_usage(directory).free
    return None


def take_space(doing, directory, size):
    """Refuses to begin what takes more bytes of a disk than it has left."""
    free = free_space(directory)
    if free is not None and free < size:
        raise Stop(3, "%s: %d MB are free, and %d MB are needed" % (doing, free >> 20, (size >> 20) + 1), "make room on that disk")
