"""Uses extensions that were compiled in parts/zope2, and one of an egg."""

import okascore
import stopper
from Acquisition import _Acquisition

for module in okascore, stopper, _Acquisition:
    print(module.__file__)
assert stopper.process({"the": None}, ["the", "page"]) == ["page"]
