"""How far a download is."""
import os
import sys
import threading
import time


class Meter(threading.Thread):
    """Says on a terminal how far a download is, how fast, and how long it takes yet."""

    def __init__(self, path, total):
        threading.Thread.__init__(self)
        self.daemon, self.path, self.total, self.over = True, path, total, threading.Event()

    def __enter__(self):
        if sys.stderr.isatty():
            self.start()

    def __exit__(self, *unused):
        self.over.set()
        if self.is_alive():
            self.join()

    def done(self):
        return os.path.getsize(self.path) if os.path.exists(self.path) else 0

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
