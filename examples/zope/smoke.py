"""Starts the instance on a free port, fetches a page, stops it.

It runs copies of bin/instance and of its configuration, which differ in the
port and in the place of var/, so that nothing here changes or is in its way.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.abspath(__file__))
ETC = os.path.join(ROOT, "parts", "instance", "etc")
ADDRESS = "127.0.0.1:18080"  # as in buildout.cfg


def free_address():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % listener.getsockname()[1]


def copy_replaced(source, directory, replacements):
    """Copy a text file, with each key of replacements replaced by its value."""
    with open(source, encoding="utf-8") as stream:
        text = stream.read()
    for old, new in replacements.items():
        text = text.replace(old, new)
    target = os.path.join(directory, os.path.basename(source))
    with open(target, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.chmod(target, 0o700)
    return target


def fetch(url, process, seconds=120):
    """Return the page, as soon as the server answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return urllib.request.urlopen(url, timeout=120).read().decode()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def main():
    address = free_address()
    with tempfile.TemporaryDirectory() as scratch:
        var = os.path.join(scratch, "var")
        for name in "filestorage", "blobstorage", "instance/import", "log", "cache":
            os.makedirs(os.path.join(var, name))
        replacements = {ADDRESS: address, ETC: scratch, os.path.join(ROOT, "var"): var}
        for name in "zope.conf", "wsgi.ini", "site.zcml":
            copy_replaced(os.path.join(ETC, name), scratch, replacements)
        instance = copy_replaced(
            os.path.join(ROOT, "bin", "instance"), scratch, replacements
        )
        # A session of its own: "instance fg" starts the server as its child.
        process = subprocess.Popen([instance, "fg"], start_new_session=True)
        try:
            page = fetch("http://%s/" % address, process)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
    if "Zope" not in page:
        sys.exit("this page is not Zope's: " + page)
    print("served a page of %d characters" % len(page))


if __name__ == "__main__":
    main()
