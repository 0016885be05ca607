"""Puts a directory on the path of the virtualenv that runs this."""

import sys
import sysconfig

if sys.prefix == sys.base_prefix:
    sys.exit("this is no virtualenv")
with open(sysconfig.get_path("purelib") + "/tree.pth", "w") as pth:
    pth.write(sys.argv[1] + "\n")
