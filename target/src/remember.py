"""What zc.buildout works out again and again in one run, and always with the same result.

Each part that has eggs makes its own list of all distributions, parses what each of
them requires, and puts the pins of [versions] to it. Here both are kept for the run, by
all that they depend on: the text of the metadata, and the requirement with its pin.
WorkingSet.find of zc.buildout 4 and 5 and of newer setuptools (75.8.2 and 80.9.0) changes
the key of a requirement that it looks up, and nothing else: a kept one is given with the
key of a new one.
"""
from patches import wrap


METADATA = {"Distribution": ("requires.txt", "depends.txt"), "DistInfoDistribution": ("METADATA", "PKG-INFO")}


def remember(buildout):
    """Has zc.buildout and its pkg_resources keep those answers."""
    easy = buildout.easy_install
    if hasattr(easy, "_constrained_requirement"):  # not in 1.x
        wrap(easy, "_constrained_requirement", Constrained())
    for name, files in sorted(METADATA.items()):
        keep_requirements(getattr(easy.pkg_resources, name, None), name, files)


class Constrained(object):
    """A requirement with its pin. An error isn't kept, and is raised anew."""

    def __init__(self):
        self.known = {}

    def __call__(self, old, constraint, requirement):
        key = (constraint, type(requirement), getattr(requirement, "unsafe_name", requirement.project_name),
               tuple(requirement.extras), tuple(requirement.specs), requirement.hashCmp)
        if key not in self.known:
            self.known[key] = old(constraint, requirement)
        return as_new(self.known[key])


def keep_requirements(kind, name, files):
    """Has distributions of one kind with the same metadata share what they require, by extra."""
    old = kind and kind.__dict__.get("_dep_map")
    if not isinstance(old, property):
        return
    own, known = "_%s__dep_map" % name, {}

    def requirements(dist):
        if own in dist.__dict__:
            return dist.__dict__[own]
        key = (type(dist),) + tuple(dist.get_metadata(f) if dist.has_metadata(f) else None for f in files)
        if key in known:
            dist.__dict__[own] = known[key]
            for wanted in known[key].values():
                for requirement in wanted:
                    as_new(requirement)
        else:
            known[key] = old.fget(dist)
        return known[key]
    kind._dep_map = property(requirements)


def as_new(requirement):
    """Gives the requirement with the key that pkg_resources gives to each new one."""
    requirement.key = requirement.project_name.lower()
    return requirement
