#!/bin/sh
# A requirement is looked up, and afterwards it has another key.
#
# WorkingSet.find(requirement) of pkg_resources says which distribution is active for it, and one takes a
# look-up for something that changes nothing; requirements can be hashed and are meant as keys.
# If it finds the project by another spelling of its name, it writes that into the requirement that it
# was asked about: "zope-event" is found as zope.event, and from then on the requirement's key is
# "zope.event", while its text and its hash are as they were. What was noted by the key isn't found
# any more. zc.buildout 5.2.0 puts a find() of its own there, which does so for its own name too.
#
# Seen 2026-12-01, setuptools 81.0.0, CPython 3.12.
. "$(dirname "$0")/lib.sh"

venv plain 3.12 setuptools==81.0.0 zope.event==5.0
venv patched 3.12 setuptools==81.0.0 zc.buildout==5.2.0
cat >look.py <<'PY'
import sys, warnings
warnings.simplefilter("ignore")
import pkg_resources
if len(sys.argv) > 2:
    import zc.buildout.easy_install
requirement = pkg_resources.Requirement.parse(sys.argv[1])
before = requirement.key, hash(requirement), str(requirement)
found = pkg_resources.WorkingSet().find(requirement)
after = requirement.key, hash(requirement), str(requirement)
print("key %s, then %s;" % (before[0], after[0]), "hash and text", "as before" if before[1:] == after[1:] else "changed")
PY
expect "pkg_resources" "key zope-event, then zope.event; hash and text as before" "$(plain/bin/python look.py zope-event)"
expect "the other spelling" "key zope.event, then zope.event; hash and text as before" "$(plain/bin/python look.py zope.event)"
expect "zc.buildout" "key zc.buildout, then zc-buildout; hash and text as before" "$(patched/bin/python look.py zc.buildout patched)"
