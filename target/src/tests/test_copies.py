"""Copies of the configuration."""
import copy
import unittest

from copies import copy_quickly


class SectionKey(object):
    """As zc.buildout's."""

    def __init__(self, value):
        self.value, self.history = value, [HistoryItem(value)]


class HistoryItem(object):
    reduced = 0

    def __init__(self, value):
        self.operation, self.value, self.source = "SET", value, "buildout.cfg"

    def __reduce_ex__(self, protocol):
        HistoryItem.reduced += 1
        return object.__reduce_ex__(self, protocol)


class Copies(unittest.TestCase):

    def tearDown(self):
        for kind in (SectionKey, HistoryItem):
            kind.__dict__.get("__deepcopy__") and delattr(kind, "__deepcopy__")
        HistoryItem.reduced = 0

    def test_same(self):
        """A copy has the same values, and what is done to it isn't done to the first. Nothing is taken apart."""
        module = type("buildout", (), {"SectionKey": SectionKey, "HistoryItem": HistoryItem})
        for quickly in (False, True):
            if quickly:
                copy_quickly(module)
            first = SectionKey("1")
            data = {"a": {"x": first, "y": SectionKey("2")}, "b": {"x": first}}
            data["b"]["z"] = SectionKey("3")
            data["b"]["z"].history += first.history
            new = copy.deepcopy(data)
            self.assertIsNot(new["a"]["x"], first)
            self.assertIs(new["a"]["x"], new["b"]["x"])
            self.assertIsNot(new["a"]["x"].history[0], first.history[0])
            self.assertIs(new["b"]["z"].history[1], new["a"]["x"].history[0])
            self.assertEqual(new["a"]["x"].history[0].__dict__, first.history[0].__dict__)
            new["a"]["x"].history.append(HistoryItem("4"))
            self.assertEqual((len(first.history), new["a"]["y"].value, type(new["a"]["y"])), (1, "2", SectionKey))
            self.assertEqual(HistoryItem.reduced, 0 if quickly else 3)
            HistoryItem.reduced = 0

    def test_others(self):
        """A version without these classes, or whose classes say themselves how they are copied, stays as it is."""
        copy_quickly(type("buildout", (), {"HistoryItem": HistoryItem}))
        self.assertFalse(hasattr(HistoryItem, "__deepcopy__"))
        own = type("SectionKey", (), {"__deepcopy__": lambda self, memo: self})
        copy_quickly(type("buildout", (), {"SectionKey": own, "HistoryItem": HistoryItem}))
        self.assertFalse(hasattr(HistoryItem, "__deepcopy__"))


if __name__ == "__main__":
    unittest.main()
