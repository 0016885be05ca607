"""Writes down what pip fetches for the builds of a run, with its SHA-256, as internal/buildout's downloads.py does
for zc.buildout: build requirements, and what a virtualenv is made of.

pip says it itself: an InstallationReport (pip 22.2, PyPA's "pip install --report", format version 1) has the digest
of each file; pip before that knows where the file lies. What was asked for by a path or a URL isn't looked at: that
is the distribution whose build needs the others.
"""
import hashlib
import json
import os
import re

from binary_buildout_names import plain_name

LOG = "BINARY_BUILDOUT_DOWNLOADS"
OWNER = "BINARY_BUILDOUT_OWNER"  # whose build it is for: "PROJECT VERSION", "./DIRECTORY", or nobody's
HELD = "BINARY_BUILDOUT_HELD"    # a file of digests: no other file is taken
_open = os.open  # easy_install's sandbox replaces os.open while a setup.py runs


def targets():
    """What is patched after its import, by the module's name."""
    if not os.environ.get(LOG):
        return {}
    found = {"pip._internal.resolution.resolvelib.resolver": _patch_resolver,
             "pip._internal.resolution.legacy.resolver": _patch_resolver}
    if os.environ.get(HELD):
        found["pip._internal.index.package_finder"] = _patch_finder
    return found


def held():
    """Digests by file name, by project."""
    if not os.environ.get(HELD):
        return {}
    with open(os.environ[HELD], "rb") as f:
        return json.loads(f.read().decode("utf-8"))["files"]


def fetched(requirements):
    """(project, version, file, digest) of what pip took from an index."""
    try:
        from pip._internal.models.installation_report import InstallationReport
    except ImportError:
        return [found for found in map(_of_file, requirements) if found]
    report = InstallationReport(requirements).to_dict()
    return [found for found in map(_of_report, report.get("install", [])) if found]


def _of_report(entry):
    info = entry.get("download_info") or {}
    hashes = (info.get("archive_info") or {}).get("hashes") or {}
    if entry.get("is_direct") or "sha256" not in hashes:
        return None
    meta = entry.get("metadata") or {}
    return meta.get("name"), meta.get("version"), _file_of(info.get("url", "")), hashes["sha256"]


def _of_file(req):
    path, link = getattr(req, "local_file_path", None), getattr(req, "link", None)
    if getattr(req, "original_link", None) is not None or not path or link is None or not os.path.isfile(path):
        return None
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        for block in iter(lambda: f.read(1 << 20), b""):
            digest.update(block)
    name = link.filename
    version = re.match(r"(?i)[^-]+-([^-]+)-[^/]*\.whl$", name) or re.match(r".*-([^-]+?)\.(?:zip|tgz|tar\.\w+)$", name)
    return req.name, version.group(1) if version else "", name, digest.hexdigest()


def _file_of(url):
    return re.split("[?#]", url)[0].rstrip("/").rpartition("/")[2].replace("%2B", "+").replace("%2b", "+")


def note(project, version, name, sha256):
    fields = {"use": "build", "owner": os.environ.get(OWNER, ""), "project": project, "version": version,
              "file": name, "sha256": sha256}
    fd = _open(os.environ[LOG], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(fd, (json.dumps(fields, sort_keys=True) + "\n").encode("utf-8"))
    finally:
        os.close(fd)


def _patch_resolver(module):
    cls = module.Resolver
    resolve = cls.resolve

    def watched(self, *args, **kwargs):
        result = resolve(self, *args, **kwargs)
        try:
            found = fetched(list(result.requirements_to_install))
        except Exception:
            if os.environ.get("BINARY_BUILDOUT_WITNESS_DEBUG"):
                raise
            return result
        digests = held()
        for project, version, name, sha256 in found:
            wanted = digests.get(plain_name(project or ""), {}).get(name)
            if wanted and wanted != sha256:
                from pip._internal.exceptions import InstallationError
                raise InstallationError("%s has the SHA-256 %s, and the archive was built with one that has %s" % (name, sha256, wanted))
            note(project, version, name, sha256)
        return result

    cls.resolve = watched


def _patch_finder(module):
    """Of a project that stands in the file of digests no other file is a candidate."""
    cls = module.PackageFinder
    find = cls.find_all_candidates
    digests = held()

    def watched(self, project_name, *args, **kwargs):
        found = find(self, project_name, *args, **kwargs)
        files = digests.get(plain_name(project_name))
        return [c for c in found if c.link.filename in files] if files else found

    cls.find_all_candidates = watched
