"""The cheapest way of deltas from the installed version to a release's archive, by
the rules of internal/fetch/chain.go."""
from index import is_digest, is_size


MOST_INDEXES = 8  # of further releases that one update reads


def usable(asset):
    """The deltas of an archive of which all is said that an update needs."""
    return [d for d in asset.get("deltas") or [] if is_digest(d.get("sha256")) and is_digest(d.get("base")) and is_size(d.get("size"))]


class Published(object):
    """An index that was read, where its files are, and how many bytes it has."""

    def __init__(self, shelf, index, size):
        self.shelf, self.index, self.size = shelf, index, size

    def same_target(self, asset):
        for other in self.index["archives"]:
            if other["target"] == asset["target"] and (other.get("label") or "") == (asset.get("label") or ""):
                return other
        return None


class Step(object):
    """A delta of a way, the archive that it leads to, and the release that has both."""

    def __init__(self, release, asset, delta):
        self.release, self.asset, self.delta = release, asset, delta


def cheapest(base, release, asset, other, passes, most=MOST_INDEXES):
    """The steps, none where the archive itself is no larger. base is the digest of the
    manifest that is here; other gives a Published by its version, None if there is none;
    passes says whether an update may go over a version, most how many steps there may be."""
    best = [asset["size"] or float("inf"), []]
    seen, heads = set(), []

    def grow(cost, way, release, asset):
        for delta in usable(asset):
            total, steps = cost + delta["size"], [Step(release, asset, delta)] + way
            if delta["base"] == base:
                if total < best[0]:
                    best[:] = total, steps
            elif delta["base"] not in seen and len(steps) < most:
                heads.append((total, steps, delta))

    grow(0, [], release, asset)
    read = 0
    while heads and read < MOST_INDEXES:
        heads.sort(key=lambda head: head[0])
        cost, way, delta = heads.pop(0)
        if cost + release.size >= best[0]:
            break
        version = delta.get("base_version") or ""
        if delta["base"] in seen or not version or not passes(version):
            continue
        seen.add(delta["base"])
        read += 1
        found = other(version)
        archive = found and found.same_target(asset)
        if archive:
            grow(cost, way, found, archive)
    return best[1]


def direct(base, asset):
    """The delta that leads to the archive at once, unless it is larger than the archive."""
    for delta in usable(asset):
        if delta["base"] == base and not (asset["size"] and delta["size"] > asset["size"]):
            return delta
    return None
