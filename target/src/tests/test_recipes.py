"""What is changed in recipes of others."""
import unittest

from recipes import steady_recipe


def made(module, kind):
    """A recipe as plone.recipe.zeoserver has it, which asks for the paths more than once."""

    class Recipe(object):
        found = None
        zodb_ws = [Dist("/srv/%d" % n) for n in (5, 9, 1, 2, 8, 3, 7, 4, 6, 9)]

        @property
        def ws_locations(self):
            if self.found is None:
                self.found = kind(["/srv/%d" % n for n in (8, 3, 9, 1, 7, 2, 6, 4, 5)])
            return self.found
    Recipe.__module__ = module
    return Recipe


class Dist(object):
    def __init__(self, location):
        self.location = location


class Recipes(unittest.TestCase):

    def test_zeoserver(self):
        """A set of paths has the order of the working set; a list keeps its own, and so does what another recipe has."""
        def as_found(paths):
            return ["/srv/%d" % n for n in (5, 9, 1, 2, 8, 3, 7, 4, 6)]
        for module, kind, order in (
                ("plone.recipe.zeoserver.recipe", set, as_found), ("plone.recipe.zeoserver", set, as_found),
                ("plone.recipe.zeoserver", list, list), ("another.recipe", set, list), (None, set, list)):
            plain = made(module, kind)
            want = order(plain().ws_locations)
            for _ in range(2):  # two parts of one recipe
                recipe = steady_recipe(lambda *args: plain, "spec", "group", "entry", "buildout")()
                self.assertEqual([list(recipe.ws_locations), list(recipe.ws_locations)], [want, want], module)
