"""One install, from the options to the last line that is said."""
import os
import sys

from fetch import from_brought, from_copy, from_open
from choose import choose
from here import final, look, other_version
from index import as_asked, as_tagged, read_index
from interpreters import pythons
from placing import workplace
from probe import asked
from shelves import source
from sums import listing
from trust import safe_place
from unpack import zstd
from words import WINDOWS, say, word


def install(o):
    path = final(o["into"])
    safe_place(path)
    there = look(path)
    shelf = source(o["from"], o["server"], o["repo"], o["release"], o["tag"], (o["helper"], o["script"]) if o.get("helper") else None)
    found = not_brought(pythons(o["python"]), o)
    with listing(shelf, o, found, there and (there["sha256"], path), lambda: workplace(path, "download")) as (data, brought):
        install_of(o, path, there, shelf, read_index(data, shelf.name), found, brought)


def install_of(o, path, there, shelf, index, found, brought):
    """Installs the archive of an index that fits."""
    as_tagged(o["tag"], index, shelf.name)
    say("%s has %s %s" % (shelf.name, index["name"], index["version"]))
    asset, python = choose(index, shelf.name, found, o["label"], o["python"], asked())
    as_asked(o["sha256"], asset)
    if there and there["sha256"] == asset["sha256"]:
        return say("%s is in %s already: nothing changes" % (there["what"], path), sys.stdout)
    if there:
        raise other_version(path, there, asset, index, shelf)
    if asset["archive"].endswith(".zst"):
        zstd()
    if python is None:  # bootstrap runs under the one in the archive
        python = {"executable": ""}
    local = shelf.local(asset) if not brought else None
    if not from_brought(brought, asset, path, python, shelf) and (not local or not from_open(local, True, asset, path, python, shelf)):
        from_copy(asset, path, python, shelf)
    after = "cd %s; bin\\buildout" if WINDOWS else "cd %s && bin/buildout"
    say("%s %s is in %s, with %s\nnext: %s" % (index["name"], index["version"], path, python["executable"] or "its own Python " + asset["python"], after % word(path)), sys.stdout)


def not_brought(found, o):
    """Without the interpreter that runs this, where it is that of the archive, in a
    directory that goes when this is done."""
    return [p for p in found if not p["executable"].startswith(sys.prefix + os.sep)] if o.get("brought") else found
