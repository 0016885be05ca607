"""What shows that a develop package holds code that is compiled."""
import re


BUILD_OPTIONS = ("include-dirs", "library-dirs", "rpath", "swig", "define", "undef", "libraries", "link-objects",
                 "debug", "force", "compiler", "swig-cpp", "swig-opts", "environment")
SOURCE = re.compile(u"\\.(c|cc|cpp|cxx|c\\+\\+|h|hh|hpp|hxx|pyx|pxd|pxi|rs|f|f90|m|mm|s|asm)\\Z|^Cargo\\.(toml|lock)\\Z",
                    re.I)
SKIPPED = (u".git", u".hg", u".svn", u"CVS", u"build", u"__pycache__", u"node_modules")
