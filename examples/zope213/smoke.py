"""Starts the instance on a free port, fetches a page, stops it.

It runs copies of bin/instance and of its configuration, which differ in the
port and in the place of var/, so that nothing here changes or is in its way.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib2

ROOT = os.path.dirname(os.path.abspath(__file__))
ETC = os.path.join(ROOT, "parts", "instance", "etc")
ADDRESS = "127.0.0.1:18080"  # as in buildout.cfg


def free_address():
    listener = socket.socket()
    try:
        listener.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % listener.getsockname()[1]
    finally:
        listener.close()


def copy_replaced(source, directory, replacements):
    """Copy a text file, with each pair's first replaced by its second."""
    with open(source) as stream:
        text = stream.read()
    for old, new in replacements:
        text = text.replace(old, new)
    target = os.path.join(directory, os.path.basename(source))
    with open(target, "w") as stream:
        stream.write(text)
    os.chmod(target, 0o700)
    return target


def fetch(url, process, seconds=120):
    """Return the page, as soon as the server answers."""
    deadline = time.time() + seconds
    while True:
        try:
            return urllib2.urlopen(url, timeout=120).read()
        except (urllib2.URLError, socket.error):
            if process.poll() is not None or time.time() > deadline:
                raise
            time.sleep(0.2)


def environment(scratch):
    """Return the server's environment.

    Zope 2.13 refuses to run as root. In a container there may be no other
    user, so there it is told that it isn't.
    """
    if os.getuid() != 0:
        return None
    with open(os.path.join(scratch, "sitecustomize.py"), "w") as stream:
        stream.write("import os\nos.getuid = lambda: 65534\n")
    return dict(os.environ, PYTHONPATH=scratch)


def serve(scratch):
    """Return a page of an instance that runs in the directory scratch."""
    address = free_address()
    var = os.path.join(scratch, "var")
    for name in "filestorage", "blobstorage", "instance/import", "log":
        os.makedirs(os.path.join(var, name))
    replacements = [
        (ADDRESS, address),
        (ETC, scratch),
        (os.path.join(ROOT, "var"), var),
    ]
    for name in "zope.conf", "site.zcml":
        copy_replaced(os.path.join(ETC, name), scratch, replacements)
    instance = copy_replaced(
        os.path.join(ROOT, "bin", "instance"), scratch, replacements
    )
    # A session of its own: "instance fg" starts the server as its child. Both
    # inherit the pipe's end, which is closed when the last of them is gone.
    ended, running = os.pipe()
    process = subprocess.Popen(
        [instance, "fg"], preexec_fn=os.setsid, env=environment(scratch)
    )
    os.close(running)
    try:
        return fetch("http://%s/" % address, process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
        os.read(ended, 1)


def main():
    scratch = tempfile.mkdtemp()
    try:
        page = serve(scratch)
    finally:
        shutil.rmtree(scratch)
    if "Zope" not in page:
        sys.exit("this page is not Zope's: " + page)
    print("served a page of %d characters" % len(page))


if __name__ == "__main__":
    main()
