"""Copies of the configuration, which zc.buildout makes of all of it for each file and section that it reads.

A value of the configuration (SectionKey) has its history, and each of that has three texts. copy.deepcopy
takes such an object apart and looks at each text; here the copies are made directly.
"""


def copy_quickly(module):
    """Has copy.deepcopy ask the classes themselves for a copy. Old versions of zc.buildout have pairs of texts instead."""
    value, item = (module.__dict__.get(name) for name in ("SectionKey", "HistoryItem"))
    if value and item and not any(hasattr(kind, name) for kind in (value, item) for name in ("__deepcopy__", "__slots__")):
        item.__deepcopy__ = copy_of_item
        value.__deepcopy__ = copy_of_value


def copy_of_item(self, memo):
    """Copies what was done to a value: its attributes are texts, which nothing changes."""
    new = type(self).__new__(type(self))
    new.__dict__.update(self.__dict__)
    return new


def copy_of_value(self, memo):
    """Copies a value, with all that was done to it."""
    new = copy_of_item(self, memo)
    new.history = []
    for item in self.history:
        if id(item) not in memo:
            memo[id(item)] = copy_of_item(item, memo)
        new.history.append(memo[id(item)])
    return new
