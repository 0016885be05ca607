"""How far a download is."""
import os
import sys
import threading
import time


def size_of(path):
    try:
        return os.path.getsize(path)
    except EnvironmentError:  # it is not there yet, or no more
        return 0


class Meter(threading.Thread):
    """Says on a terminal how far a download is, how fast, and how long it takes yet."""

    def __init__(self, paths, total):
        threading.Thread.__init__(self)
        self.daemon, self.paths, self.total, self.over = True, paths, total, threading.Event()

    def __enter__(self):
        if sys.stderr.isatty():
            self.start()

    def __exit__(self, *unused):
        self.over.set()
        if self.is_alive():
            self.join()

    def done(self):
        return sum(size_of(path) for path in self.paths)

    def run(self):
        first, began, shown = self.done(), time.time(), False
        while not self.over.wait(0.5):
            done = self.done()
            rate = (done - first) / max(time.time() - began, 0.001)
            left = "%d s left" % ((self.total - done) / rate) if rate > 0 else "stalled"
            sys.stderr.write("\r%.1f of %.1f MiB, %.1f MiB/s, %s   " % (done / 1048576.0, self.total / 1048576.0, rate / 1048576.0, left))
            sys.stderr.flush()
            shown = True
        if shown:
            sys.stderr.write("\n")
