"""What zc.buildout works out once in a run."""
import unittest

from remember import remember


class Requirement(object):
    """As of pkg_resources, as far as it is looked at."""

    def __init__(self, name, specs=(), extras=()):
        self.unsafe_name, self.project_name, self.key = name, name, name.lower()
        self.specs, self.extras = list(specs), tuple(extras)
        self.hashCmp = self.key, tuple(specs), frozenset(extras)


class Distribution(object):
    built = 0

    def __init__(self, **files):
        self.files = files

    def has_metadata(self, name):
        return name in self.files

    def get_metadata(self, name):
        return self.files[name]

    @property
    def _dep_map(self):
        try:
            return self.__dep_map
        except AttributeError:
            Distribution.built += 1
            self.__dep_map = {None: [Requirement(line) for line in self.files.get("requires.txt", "").split()]}
            return self.__dep_map


class Easy(object):
    """zc.buildout.easy_install."""
    easy_install = None
    asked = 0

    def __init__(self):
        self.easy_install = self
        self.pkg_resources = type("resources", (), {"Distribution": Distribution})

    @staticmethod
    def _constrained_requirement(constraint, requirement):
        Easy.asked += 1
        if constraint == "none":
            raise ValueError(constraint)
        return Requirement(requirement.project_name, [("==", constraint)], requirement.extras)


class Remember(unittest.TestCase):

    def setUp(self):
        self.old = Distribution._dep_map
        Distribution.built = Easy.asked = 0
        self.easy = Easy()
        remember(self.easy)

    def tearDown(self):
        Distribution._dep_map = self.old

    def test_constrained(self):
        """The same requirement with the same pin is worked out once; a changed key is set back, and an error is raised anew."""
        ask = self.easy._constrained_requirement
        first = ask("1", Requirement("Zope.I"))
        first.key = "zope-i"
        self.assertIs(ask("1", Requirement("Zope.I")), first)
        self.assertEqual((first.key, Easy.asked), ("zope.i", 1))
        for constraint, other in (("2", Requirement("Zope.I")), ("1", Requirement("zope.i")), ("1", Requirement("Zope.I", [(">", "1")])),
                                  ("1", Requirement("Zope.I", (), ("x",)))):
            self.assertIsNot(ask(constraint, other), first)
        for _ in range(2):
            self.assertRaises(ValueError, ask, "none", Requirement("Zope.I"))
        self.assertEqual(Easy.asked, 7)

    def test_requires(self):
        """Two distributions with the same metadata share what they require; one whose metadata changed doesn't."""
        one, two = Distribution(**{"requires.txt": "A B"}), Distribution(**{"requires.txt": "A B"})
        one._dep_map[None][0].key = "other"
        self.assertIs(two._dep_map, one._dep_map)
        self.assertEqual([r.key for r in two._dep_map[None]], ["a", "b"])
        self.assertEqual(Distribution.built, 1)
        for files in ({"requires.txt": "A"}, {"depends.txt": "A B"}, {}):
            self.assertIsNot(Distribution(**files)._dep_map, one._dep_map)
        self.assertEqual(Distribution.built, 4)
