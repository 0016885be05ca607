"""Serves for a moment: what supervisor starts in each tree has to answer.

    bin/py smoke.py [TREE ...]

Without a TREE it is the one that this file is in. Libraries that the tree
built have to be the ones that are mapped, here and in the servers.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import xmlrpc.client

import lxml.etree
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))


def mapped(pid, tree, *libraries):
    """Raise an error unless these libraries are mapped from the tree, and only from there."""
    with open("/proc/%s/maps" % pid) as maps:
        paths = {line.rstrip("\n").split(None, 5)[5] for line in maps if "/" in line}
    for library in libraries:
        found = sorted(p for p in paths if os.path.basename(p).startswith(library))
        print(pid, library, found)
        if not found or not all(p.startswith(tree + "/parts/") for p in found):
            raise SystemExit("%s of process %s is not the tree's: %s" % (library, pid, found))


def retry(function, *arguments):
    """Call function until it raises no OSError, for half a minute at most."""
    end = time.time() + 30
    while True:
        try:
            return function(*arguments)
        except OSError:
            if time.time() > end:
                raise
            time.sleep(0.1)


def page(port):
    with urllib.request.urlopen("http://127.0.0.1:%d/" % port, timeout=5) as answer:
        return answer.read().decode()


def cached(port, value):
    """Store a value in memcached, and return what it gives back."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"set key 0 0 %d\r\n%s\r\nget key\r\nquit\r\n" % (len(value), value))
        with connection.makefile("rb") as answer:
            return answer.read()


class Tree:
    def __init__(self, directory):
        self.directory = directory
        with open(directory + "/etc/addresses.json") as file:
            self.ports = json.load(file)
        self.supervisor = xmlrpc.client.ServerProxy("http://127.0.0.1:%d/RPC2" % self.ports["supervisor"])
        configuration = directory + "/etc/supervisord.conf"
        self.process = subprocess.Popen([directory + "/bin/supervisord", "-n", "-c", configuration])

    def check(self):
        retry(self.supervisor.supervisor.getState)
        index = retry(page, self.ports["nginx"])
        with open(self.directory + "/web/index.html") as file:
            if index != file.read():
                raise SystemExit("nginx of %s serves %r" % (self.directory, index))
        value = self.directory.encode()
        answer = retry(cached, self.ports["memcached"], value)
        if value not in answer:
            raise SystemExit("memcached of %s answers %r" % (self.directory, answer))
        programs = self.supervisor.supervisor.getAllProcessInfo()
        print({program["name"]: program["statename"] for program in programs})
        pids = {program["name"]: program["pid"] for program in programs}
        mapped(pids["memcached"], self.directory, "libevent")
        if not os.readlink("/proc/%d/exe" % pids["nginx"]).startswith(self.directory + "/parts/"):
            raise SystemExit("nginx is not the one of %s" % self.directory)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def main():
    assert yaml.load("- 1\n", Loader=yaml.CSafeLoader) == [1]
    transform = lxml.etree.XSLT(lxml.etree.XML(
        '<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform">'
        '<x:template match="/">ok</x:template></x:stylesheet>'))
    assert str(transform(lxml.etree.XML("<a/>"))).endswith("ok\n")
    mapped("self", HERE, "libyaml", "libxml2", "libxslt", "libexslt")
    trees = [os.path.abspath(tree) for tree in sys.argv[1:]] or [HERE]
    running = []
    try:
        for tree in trees:
            running.append(Tree(tree))
        for tree in running:
            tree.check()
    finally:
        for tree in running:
            tree.stop()


main()
