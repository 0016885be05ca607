"""What changed from one version to another, as build-side internal/changes says it."""
import re

from names import plain_name

EGG_NAME = re.compile(u"^([^/-]+)-([^/-]+)(?:-py[^/]*)?\\.egg\\Z")
INSTALLED_NAME = re.compile(u"^([^/-]+)-([^/-]+)\\.dist-info\\Z")


def changed_lines(old, old_files, new, new_files, most):
    """Gives the account of two manifests and their lists of files: eggs first, at most so many."""
    lines = [u"what changed from %s to %s:" % (old["version"], new["version"])]
    eggs = changed_eggs(old_files, new_files)
    if eggs:
        lines.append(u"  eggs: " + kinds_of(eggs))
        lines += [u"    " + said(*egg) for egg in eggs[:most]]
        if len(eggs) > most:
            lines.append(u"    and %d more" % (len(eggs) - most))
    rows = [(u"parts", compared(parts_of(old), parts_of(new)))]
    rows += [(u"runs on", compared({u"Python": old["python"]["version"]}, {u"Python": new["python"]["version"]})),
             (u"runs on", compared({u"zc.buildout": old.get("buildout")}, {u"zc.buildout": new.get("buildout")})),
             (u"needs", compared(floors_of(old), floors_of(new))),
             (u"system libraries", compared(libraries_of(old), libraries_of(new)))]
    lines += [u"  %s: %s" % (heading, u"; ".join(said(*c) for c in changed)) for heading, changed in rows if changed]
    return lines + file_lines(old_files, new_files)


def parts_of(manifest):
    return dict((p["name"], p["recipe"]) for p in manifest.get("parts") or ())


def floors_of(manifest):
    return dict((f["kind"], f["version"]) for f in manifest.get("floors") or ())


def libraries_of(manifest):
    return dict((l["name"], l["name"]) for l in manifest.get("system_libraries") or ())


def compared(old, new):
    """Gives (name, was, is) of what differs; None for what is new or gone."""
    return sorted((name, old.get(name), new.get(name)) for name in set(old) | set(new) if old.get(name) != new.get(name))


def said(name, was, now):
    if was is None:
        return (name if now == name else name + u" " + now) + u", new"
    if now is None:
        return (name if was == name else name + u" " + was) + u", gone"
    return u"%s %s -> %s" % (name, was, now)


def counted(*counts):
    return u", ".join(u"%d %s" % (n, word) for n, word in counts if n)


def kinds_of(changed):
    added, removed = len([c for c in changed if c[1] is None]), len([c for c in changed if c[2] is None])
    return counted((len(changed) - added - removed, u"with another version"), (added, u"new"), (removed, u"gone"))


def changed_eggs(old_files, new_files):
    old, new, out = eggs_of(old_files), eggs_of(new_files), []
    for plain in set(old) | set(new):
        (was_name, was), (name, now) = old.get(plain, (None, ())), new.get(plain, (None, ()))
        gone, come = u", ".join(sorted(set(was) - set(now))), u", ".join(sorted(set(now) - set(was)))
        if gone or come:
            out.append((name or was_name, gone or None, come or None))
    return sorted(out)


def eggs_of(files):
    """Gives the distributions of a list of files: (name, versions) by the plain name."""
    found, seen, inside = {}, set(), None
    for entry in files:
        if inside and entry["path"].startswith(inside):
            continue  # a large egg has thousands
        names = entry["path"].split(u"/")
        for i, name in enumerate(names):
            egg = None
            if name.endswith(u".egg"):
                egg = EGG_NAME.match(name)
            elif i and name.endswith(u".dist-info") and names[i - 1] == u"site-packages":
                egg = INSTALLED_NAME.match(name)
                if egg is None:
                    break
            if egg:
                path = u"/".join(names[:i + 1])
                inside = path + u"/"
                if path not in seen:
                    seen.add(path)
                    plain = plain_name(egg.group(1))
                    versions = found.get(plain, (None, []))[1]
                    found[plain] = (egg.group(1), versions + [egg.group(2)])
                break
    return found


def file_lines(old_files, new_files):
    old, new = contents_of(old_files), contents_of(new_files)
    counts = counted((len([p for p in new if p in old and new[p] != old[p]]), u"changed"),
                     (len([p for p in new if p not in old]), u"new"), (len([p for p in old if p not in new]), u"gone"))
    if not counts:
        return []
    sizes = tuple(sum(e.get("size") or 0 for e in files) / 1048576.0 for files in (old_files, new_files))
    return [u"  files: %s; %.1f MiB -> %.1f MiB" % ((counts,) + sizes)]


def contents_of(files):
    return dict((e["path"], (e.get("type"), e.get("mode"), e.get("sha256"), e.get("link"))) for e in files if e.get("type") != u"dir")
