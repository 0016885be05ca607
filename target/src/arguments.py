"""The arguments of bin/buildout."""
import os
import re

from paths import fs
from system import text


class Arguments(object):
    """buildout's command line, read as zc.buildout reads it."""

    def __init__(self, words):
        self.config = None
        self.assigned = set()     # ("section", "option")
        self.defaults = True
        self.online = False       # asked for the newest
        self.shows = False        # --help or --version: nothing is run
        self.words = []           # options and assignments, without -c
        rest = list(words)
        while rest:
            word = rest[0]
            if word.startswith("-"):
                self.option(rest)
            elif "=" in word:
                rest.pop(0)
                key = [k.strip() for k in word.split("=", 1)[0].split(":")]
                self.assigned.add(tuple(key) if len(key) == 2 else ("buildout", key[0]))
                if key[-1] == "newest" and word.split("=", 1)[1].strip() == "true":
                    self.online = True
                self.words.append(word)
            else:
                break
        self.command = rest

    def option(self, rest):
        word = rest.pop(0)
        letters = word[1:]
        kept = ""
        while letters and letters[0] in "vqhWUoOnNDAs":
            if letters[0] in "oO":
                self.assigned.add(("buildout", "offline"))
            if letters[0] in "nN":
                self.assigned.add(("buildout", "newest"))
                self.online = self.online or letters[0] == "n"
            if letters[0] == "U":
                self.defaults = False
            if letters[0] in "hWA":
                self.shows = True
            kept += letters[0]
            letters = letters[1:]
        if letters.startswith("c"):
            if kept:
                self.words.append("-" + kept)
            self.config = letters[1:] or (rest.pop(0) if rest else "")
        elif letters.startswith("t"):
            self.words.append(word)
            if rest:
                self.words.append(rest.pop(0))
        else:
            self.shows = self.shows or word in ("--help", "--version")
            self.words.append(word)

    def runs(self):
        """Says whether this installs parts, and so deletes and rewrites."""
        return not self.shows and (not self.command or self.command[0] == "install")


def is_url(name):
    return re.match("[a-zA-Z0-9+.-]+://", name) is not None


def buildout_words(arguments, launch, root, mode):
    """Gives the words that zc.buildout's main() gets."""
    words = []
    if arguments.config:
        config = arguments.config if is_url(arguments.config) else os.path.abspath(arguments.config)
    else:
        config = os.path.join(fs(root), fs(launch.get("config") or u"buildout.cfg"))
    words += ["-c", config]
    if mode == "target" and os.environ.get("BINARY_BUILDOUT_USER_DEFAULTS") != "1":
        words.append("-U")
    options = list(launch.get("options") or ())
    if mode == "target":
        options += [u"buildout:newest=false", u"buildout:install-from-cache=false"]
    seen = set(arguments.assigned)
    for option in options:
        key, _, value = option.partition(u"=")
        section, _, name = key.rpartition(u":")
        if (section or u"buildout", name) in seen:
            continue
        seen.add((section or u"buildout", name))
        front = u"${buildout:directory}"
        if value.startswith(front + u"/") or value == front:
            value = text(root) + value[len(front):]
        words.append(fs(key + u"=" + value))
    return words + arguments.words + arguments.command
