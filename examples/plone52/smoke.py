"""Starts zeoserver and instance on free ports, creates a site, fetches a page.

It runs copies of their scripts and configurations, which differ in the ports
and in the place of var/, so that nothing here changes or is in its way.
"""

import contextlib
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
ZEO = os.path.join(ROOT, "parts", "zeoserver")
INSTANCE = os.path.join(ROOT, "parts", "instance")
HTTP_ADDRESS = "127.0.0.1:18080"  # as in buildout.cfg
ZEO_ADDRESS = "127.0.0.1:18100"


def free_address():
    listener = socket.socket()
    try:
        listener.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % listener.getsockname()[1]
    finally:
        listener.close()


def copy_replaced(source, directory, replacements):
    """Copy a text file, with each key of replacements replaced by its value."""
    with open(source) as stream:
        text = stream.read()
    for old, new in replacements.items():
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


@contextlib.contextmanager
def running(*command):
    """Run the command, and end it and its children at the end."""
    process = subprocess.Popen(command, preexec_fn=os.setsid)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def copy_all(scratch, http_address):
    """Return the scripts runzeo and instance, copied and pointed at scratch."""
    replacements = {
        HTTP_ADDRESS: http_address,
        ZEO_ADDRESS: free_address(),
        os.path.join(ZEO, "etc"): scratch,
        os.path.join(INSTANCE, "etc"): scratch,
        os.path.join(ROOT, "var"): os.path.join(scratch, "var"),
    }
    for name in "zope.conf", "wsgi.ini", "site.zcml":
        copy_replaced(os.path.join(INSTANCE, "etc", name), scratch, replacements)
    copy_replaced(os.path.join(ZEO, "etc", "zeo.conf"), scratch, replacements)
    return [
        copy_replaced(os.path.join(ROOT, *path), scratch, replacements)
        for path in [("parts", "zeoserver", "bin", "runzeo"), ("bin", "instance")]
    ]


def serve(scratch):
    """Return the page of a site that was created in the directory scratch."""
    address = free_address()
    for name in "filestorage", "blobstorage", "instance/import", "log", "cache":
        os.makedirs(os.path.join(scratch, "var", name))
    runzeo, instance = copy_all(scratch, address)
    with running(runzeo):
        subprocess.check_call([instance, "run", os.path.join(ROOT, "createsite.py")])
        with running(instance, "fg") as process:
            return fetch("http://%s/Plone" % address, process)


def main():
    scratch = tempfile.mkdtemp()
    try:
        page = serve(scratch)
    finally:
        shutil.rmtree(scratch)
    if "Moved by binary-buildout" not in page:
        sys.exit("this page is not the site's: " + page)
    print("served a page of %d characters" % len(page))


if __name__ == "__main__":
    main()
