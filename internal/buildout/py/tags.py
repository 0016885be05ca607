# Which wheels this Python installs. Runs with pip importable. Prints
# ["cp313-cp313-manylinux_2_17_x86_64", ...].
import json
import sys

try:
    from pip._vendor.packaging.tags import sys_tags
    tags = [str(tag) for tag in sys_tags()]
except ImportError:  # pip before 20
    from pip._internal.pep425tags import get_supported
    tags = ['-'.join(tag) for tag in get_supported()]
print(json.dumps(tags))
