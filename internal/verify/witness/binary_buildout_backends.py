"""Writes down what builds make that have no ext_modules: those of meson-python, scikit-build-core, maturin, hatchling and others.

Python 2.7 and 3.6 to the newest, standard library only. Three places tell:

1. the wheel that a PEP 517 backend made, whichever backend: its compiled files,
2. meson's install plan, and the module libraries of CMake's file API: what the build set out to make,
3. a CMake that failed in a build that made a wheel nevertheless (scikit-build-core's if.failed,
   a setup.py that tries again without): then the sources that define a module.
"""
import io
import json
import os
import re
import sys
import zipfile

from binary_buildout_names import plain_name

SOURCES = (".c", ".cc", ".cpp", ".cxx", ".pyx")
# As in scan.go; testdata/inits.json holds the cases of both.
INIT = re.compile(r"^[ \t]*(?:[^\s/*\"][^\n/\"]*)?\b(?:(Py(?:Init|ModExport)U?_\w+)\s*\(\s*(?:void)?\s*\)\s*\{?\s*$"
                  r"|PyMOD(?:INIT|EXPORT)_FUNC\s+(?:(Py(?:Init|ModExport)U?_\w+)|init(\w+))\s*\("
                  r"|(?:PYBIND11_MODULE|BOOST_PYTHON_MODULE|NB_MODULE)\s*\(\s*(\w+))", re.M)
HINT = re.compile(r"Py(?:Init|Mod|MOD)|_MODULE")
APART = ("test", "tests", "testing", "example", "examples", "doc", "docs", "benchmarks", "bench", "extern", "third_party",
         "eggs", "develop-eggs", "parts", "var", "site-packages", "node_modules")  # of a buildout whose own directory is a distribution
COMPILED = re.compile(r"\.(?:so|pyd)$")
QUERY = os.path.join(".cmake", "api", "v1", "query")
REPLY = os.path.join(".cmake", "api", "v1", "reply")


def backend():
    """The name of the PEP 517 backend that this process is about to run, or None."""
    return os.environ.get("_PYPROJECT_HOOKS_BUILD_BACKEND") or os.environ.get("PEP517_BUILD_BACKEND")


def project(directory):
    """(name, version) of the source tree that a directory lies in, as its PKG-INFO or pyproject.toml says."""
    directory = os.path.abspath(directory)
    for _ in range(6):
        found = _read(os.path.join(directory, "PKG-INFO"), r"(?m)^%s:[ \t]*(\S+)", "Name", "Version")
        for table in "project", "tool.poetry":
            if not found[0]:
                found = _read(os.path.join(directory, "pyproject.toml"), r"(?m)^%s\s*=\s*[\"']([^\"'\n]+)", "name", "version", table)
        if found[0]:
            return found
        directory, old = os.path.dirname(directory), directory
        if directory == old:
            break
    return "", ""


def same(a, b):
    """Whether two names mean one project (PEP 503)."""
    return plain_name(a) == plain_name(b)


def _read(name, pattern, first, second, section=None):
    try:
        with io.open(name, encoding="utf-8", errors="replace") as f:
            text = f.read()
    except (IOError, OSError):
        return "", ""
    if section:
        table = re.search(r"(?ms)^\[%s\]\s*$(.*?)(?=^\[|\Z)" % re.escape(section), text)
        text = table.group(1) if table else ""
    else:
        text = text.split("\n\n", 1)[0]
    values = [re.search(pattern % re.escape(key), text) for key in (first, second)]
    return tuple(v.group(1) if v else "" for v in values)


def module_of(path):
    """The dotted name of a compiled file, by its path below site-packages."""
    directory, _, base = path.replace("\\", "/").rpartition("/")
    stem = base.split(".", 1)[0]
    return (directory.replace("/", ".") + "." if directory else "") + stem


# --- 1. the wheel ---------------------------------------------------------------

def watch_backend(module, path, write, none):
    """Have the backend's build_wheel and build_editable write down what they made, or that they made none."""
    target = module
    for name in [n for n in path.split(".") if n]:
        target = getattr(target, name)
    for hook in "build_wheel", "build_editable":
        build = getattr(target, hook, None)
        if build is not None:
            setattr(target, hook, _watched(build, write, none))


def _watched(build, write, none):
    def watched(wheel_directory, *args, **kwargs):
        name = build(wheel_directory, *args, **kwargs)
        try:
            if not made(os.path.join(wheel_directory, name), write):
                none(name.split("-")[0], name.split("-")[1], modules_of_sources(os.getcwd()))
        except Exception:
            if os.environ.get("BINARY_BUILDOUT_WITNESS_DEBUG"):
                raise
        return name
    return watched


def made(wheel, write):
    """Write down the extension modules that lie in a wheel, and give them."""
    with zipfile.ZipFile(wheel) as z:
        names = z.namelist()
    modules = []
    for name in names:
        name = re.sub(r"^[^/]*\.data/(?:plat|pure)lib/", "", name)
        base = name.rsplit("/", 1)[-1]
        # A library isn't a module: libs of auditwheel and delvewheel, and lib*.so that names no interpreter.
        if COMPILED.search(name) and ".data/" not in name and not re.search(r"\.libs/", name) and not (
                base.startswith("lib") and not re.search(r"\.(?:cpython-|cp\d|abi3)", base)):
            modules.append(module_of(name))
    parts = os.path.basename(wheel).split("-")
    write(parts[0], parts[1], modules, "the wheel that %s made" % (backend() or "its build").split(":")[0])
    return modules


# --- 2. meson and CMake ---------------------------------------------------------

def watch_meson(module, write):
    """meson-python: Project.build, after which the install plan is there."""
    cls = module.Project
    build = cls.build

    def watched(self, *args, **kwargs):
        try:
            return build(self, *args, **kwargs)
        finally:
            _quietly(_meson_plan, str(self._build_dir), write)

    cls.build = watched


def _meson_plan(directory, write):
    with io.open(os.path.join(directory, "meson-info", "intro-install_plan.json"), encoding="utf-8") as f:
        plan = json.load(f)
    modules = []
    for target in plan.get("targets", {}).values():
        to = target.get("destination", "")
        place = re.match(r"\{py_(?:plat|pure)lib\}/", to)
        if place and COMPILED.search(to):
            modules.append(module_of(to[place.end():]))
    name, version = project(os.getcwd())
    write(name, version, modules, "the install plan of its build by meson")


def watch_cmake(module, write, fail):
    """scikit-build-core and scikit-build: CMaker.configure, build and make."""
    for cls in [c for c in vars(module).values() if isinstance(c, type) and c.__name__ in ("CMaker", "CMake")]:
        for name in "configure", "build", "make":
            step = cls.__dict__.get(name)
            if callable(step):
                setattr(cls, name, _cmake_step(step, write, fail))


def _cmake_step(step, write, fail):
    def watched(self, *args, **kwargs):
        directory = str(getattr(self, "build_dir", "") or "")
        _quietly(_ask, directory)
        error = None
        try:
            return fail.captured(step, self, args, kwargs)
        except Exception:
            error = sys.exc_info()[1]
            raise
        finally:
            _quietly(_cmake_done, directory, error, write, fail)
    return watched


def _ask(directory):
    query = os.path.join(directory, QUERY)
    if directory and not os.path.exists(os.path.join(query, "codemodel-v2")):
        if not os.path.isdir(query):
            os.makedirs(query)
        open(os.path.join(query, "codemodel-v2"), "w").close()


def _cmake_done(directory, error, write, fail):
    name, version = project(os.getcwd())
    modules = cmake_modules(directory)
    if modules:
        write(name, version, modules, "the module libraries of its build by CMake")
    if error is None:
        return
    if not modules:
        write(name, version, modules_of_sources(os.getcwd()), "a source of its build, whose CMake failed")
    fail.lines(name, version, str(error))


def cmake_modules(directory):
    """The module libraries of CMake's file API, if it got as far as that."""
    reply = os.path.join(directory, REPLY)
    if not directory or not os.path.isdir(reply):
        return []
    modules = []
    for name in sorted(os.listdir(reply)):
        if not name.startswith("target-"):
            continue
        with io.open(os.path.join(reply, name), encoding="utf-8") as f:
            target = json.load(f)
        on_disk = target.get("nameOnDisk") or ""
        if target.get("type") == "MODULE_LIBRARY" and "install" in target and COMPILED.search(on_disk):
            modules.append(module_of(on_disk))
    return modules


# --- 3. sources -----------------------------------------------------------------

def modules_of_sources(directory, known=()):
    """The modules that the sources of a directory define, by the last part of their names.

    known are paths, without their endings, of sources that aren't looked at.
    """
    found = set()
    for top, directories, files in os.walk(directory):
        directories[:] = [d for d in directories if d not in APART and not d.startswith((".", "_deps"))]
        for name in files:
            stem, suffix = os.path.splitext(name)
            if suffix not in SOURCES or os.path.join(top, stem) in known:
                continue
            if suffix == ".pyx":
                found.add(stem)
                continue
            with io.open(os.path.join(top, name), encoding="utf-8", errors="replace") as f:
                text = f.read(64 << 20)
                if not HINT.search(text):  # most sources: the other expression is slow
                    continue
                for one, two, old, macro in INIT.findall(text):
                    found.add(old + macro or module_of_entry(one + two))
    return sorted(found - set([None]))


def module_of_entry(function):
    """The module whose entry a function is; of PyInitU_ and PyModExportU_ the rest is punycode with _ for its hyphen (PEP 489)."""
    prefix, _, name = function.partition("_")
    if not prefix.endswith("U"):
        return name
    plain, _, code = name.rpartition("_")
    try:
        return (plain + "-" + code if plain else code).encode("ascii").decode("punycode")
    except UnicodeError:
        return None


def _quietly(call, *args):
    try:
        call(*args)
    except Exception:
        if os.environ.get("BINARY_BUILDOUT_WITNESS_DEBUG"):
            raise
