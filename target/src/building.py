"""What makes a build the same each time."""
import os


def steady_times(module):
    """Keeps the time out of the line that zc.buildout writes above what it adds to update-versions-file."""
    import datetime

    class Steady(datetime.datetime):
        @classmethod
        def now(cls, *args):
            return cls(1970, 1, 1) + datetime.timedelta(0, int(os.environ.get("SOURCE_DATE_EPOCH") or 0))

    class Front(object):
        def __getattr__(self, name):
            return Steady if name == "datetime" else getattr(datetime, name)
    if hasattr(module, "datetime"):
        module.datetime = Front()


def steady_names():
    """Gives a build's temporary directories the same names each time, the first
    that is free: makefiles of a Python that a part compiled name them."""
    import itertools
    import tempfile
    tempfile._get_candidate_names = lambda: ("%08d" % number for number in itertools.count(1))
