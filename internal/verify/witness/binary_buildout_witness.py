"""Writes down which extension modules the builds of this run declare, and which of them fail.

Python 2.7 and 3.6 to the newest, standard library only. It changes nothing in
the interpreter: it is on PYTHONPATH of the build, and from there

1. sees to it that each Python that is started from here has it too, although pip's
   build isolation replaces PYTHONPATH (subprocess, os.spawn*, os.exec*);
2. waits for distutils and setuptools to be imported, whichever and from wherever;
3. appends one JSON object a line to the file that BINARY_BUILDOUT_WITNESS names:
   project, version, backend, modules, optional, errors, built.
   The same project can have several lines; they add up;
4. has other backends' builds looked at too: see binary_buildout_backends.py;
5. has what pip fetches written down, with its digest: see binary_buildout_pip.py.

Nothing here may make a build fail or behave differently: errors of its own are dropped.
"""
import json
import os
import sys
import threading

import binary_buildout_backends as backends
import binary_buildout_pip

LOG = "BINARY_BUILDOUT_WITNESS"
BUILD = "BINARY_BUILDOUT_BUILD"  # the source tree that is built, for the log of compilers
TAIL = 40  # lines of a compiler's output

_state = threading.local()
_capturing = threading.Lock()
_written = set()
_open = os.open  # easy_install's sandbox replaces os.open while a setup.py runs


def activate(here):
    """Watch this process, and those that it starts."""
    if not os.environ.get(LOG):
        return
    _strip_environment(here)
    _name_build()
    _watch_children(here)
    backend, _, path = (backends.backend() or "").partition(":")
    if backend and not backend.startswith("setuptools."):
        TARGETS[backend] = _both(TARGETS.get(backend), lambda module: backends.watch_backend(module, path, write_made, write_none))
    TARGETS.update(binary_buildout_pip.targets())
    sys.meta_path.insert(0, Finder())
    for name in list(sys.modules):
        if name in TARGETS:
            _patch(name)


# --- children -----------------------------------------------------------------

def _strip_environment(here):
    """The build sees the PYTHONPATH that it would have without us."""
    rest = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p and os.path.abspath(p) != here]
    if rest:
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)
    else:
        os.environ.pop("PYTHONPATH", None)


def _name_build():
    """A setup.py may try a compiler in a temporary directory."""
    if any(os.path.exists(name) for name in ("setup.py", "pyproject.toml")):
        os.environ[BUILD] = os.getcwd()


def _with_us(env, here):
    """A copy of an environment that has us first on PYTHONPATH."""
    env = dict(os.environ if env is None else env)
    as_bytes = b"PATH" in env and "PATH" not in env  # Python 3 on POSIX takes both
    key, first, sep = "PYTHONPATH", here, os.pathsep
    if as_bytes:
        key, first, sep = key.encode(), os.fsencode(here), sep.encode()
    old = env.get(key)
    env[key] = first + sep + old if old else first
    for name in (LOG, BUILD):
        if name in os.environ and not as_bytes:
            env.setdefault(name, os.environ[name])
        elif name in os.environ:
            env.setdefault(name.encode(), os.environb[name.encode()])
    return env


def _watch_children(here):
    import subprocess
    popen = subprocess.Popen
    init = popen.__init__
    # env is the eleventh argument of Popen after self, in 2.7 and in 3.
    at = 10

    def __init__(self, *args, **kwargs):
        try:
            if len(args) > at:
                args = args[:at] + (_with_us(args[at], here),) + args[at + 1:]
            else:
                kwargs["env"] = _with_us(kwargs.get("env"), here)
        except Exception:
            pass
        return init(self, *args, **kwargs)

    popen.__init__ = __init__
    execve, system = os.execve, os.system
    os.execve = lambda path, args, env: execve(path, args, _with_us(env, here))
    os.execv = lambda path, args: execve(path, args, _with_us(None, here))
    if hasattr(os, "spawnve") and os.name == "nt":
        spawnve = os.spawnve
        os.spawnve = lambda mode, path, args, env: spawnve(mode, path, args, _with_us(env, here))
        os.spawnv = lambda mode, path, args: spawnve(mode, path, args, _with_us(None, here))

    os.system = _in_our_environment(system, here)
    # Workers of multiprocessing, whose servers are started by neither of these: "spawn", and "forkserver",
    # which is the default from 3.14 on.
    TARGETS["multiprocessing.util"] = lambda module: _patch_multiprocessing(module, here)


def _patch_multiprocessing(module, here):
    if hasattr(module, "spawnv_passfds"):
        module.spawnv_passfds = _in_our_environment(module.spawnv_passfds, here)


def _in_our_environment(call, here):
    """A call that starts a process with this process's environment, which has us for as long as it takes."""
    def watched(*args):
        old = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = here + os.pathsep + old if old else here
        try:
            return call(*args)
        finally:
            if old is None:
                os.environ.pop("PYTHONPATH", None)
            else:
                os.environ["PYTHONPATH"] = old

    return watched


# --- the log ------------------------------------------------------------------

def _backend():
    return (os.environ.get("_PYPROJECT_HOOKS_BUILD_BACKEND") or os.environ.get("PEP517_BUILD_BACKEND")
            or ("setuptools" if "setuptools" in sys.modules else "distutils"))


def write(dist, **fields):
    """Append what a distribution says of itself."""
    try:
        name, version = dist.get_name(), str(dist.get_version() or "")
        # A setup.py that a backend runs for its extensions alone says little of itself, or something else.
        outer = backends.project(os.getcwd())
        if not name or name == "UNKNOWN" or version in ("", "0.0.0") and backends.same(name, outer[0]):
            name, version = outer
        append(name, version, outer=outer[0], **fields)
    except Exception:
        if os.environ.get("BINARY_BUILDOUT_WITNESS_DEBUG"):
            raise


def append(project, version, **fields):
    """Append a line. One write of one line: several processes write at once."""
    record = {"project": project, "version": version, "backend": _backend(),
              "directory": os.getcwd(), "modules": [], "optional": [], "errors": [], "built": []}
    record.update(fields)
    line = json.dumps(record, sort_keys=True) + "\n"
    if line in _written:
        return
    _written.add(line)
    fd = _open(os.environ[LOG], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(fd, line.encode("utf-8"))
    finally:
        os.close(fd)


def write_made(project, version, modules, how):
    """Append the modules of a build that has no ext_modules, and how they are known."""
    if modules:
        append(project, version, modules=sorted(modules), how=dict((m, how) for m in modules))


def write_none(project, version, unbuilt):
    """Append that a build made no module, and those that its sources define."""
    append(project, version, unbuilt=unbuilt, looked=True)


# --- what a distribution declares ---------------------------------------------

def _is_module(ext):
    """A setuptools Library is linked as a shared library, and no module."""
    return not any(c.__name__ == "Library" for c in type(ext).__mro__) if hasattr(type(ext), "__mro__") else True


def declared(dist, extensions=None):
    """(modules, optional, sources) of a distribution."""
    modules, optional, sources = [], [], {}
    package = getattr(dist, "ext_package", None)
    for ext in (extensions if extensions is not None else getattr(dist, "ext_modules", None)) or []:
        if isinstance(ext, (tuple, list)):  # distutils of old: (name, build_info)
            name, is_optional, files = ext[0], False, []
        elif _is_module(ext):
            name, is_optional = ext.name, bool(getattr(ext, "optional", False))
            files = list(getattr(ext, "sources", None) or [])
        else:
            continue
        # build_ext's own name may already carry the package.
        full = name if not package or name.startswith(package + ".") else package + "." + name
        full = getattr(ext, "_full_name", None) or full
        modules.append(full)
        sources[full] = [str(f) for f in files]
        if is_optional:
            optional.append(full)
    for ext in getattr(dist, "rust_extensions", None) or []:
        binding = str(getattr(ext, "binding", ""))
        if "Exec" in binding or "NoBinding" in binding:
            continue
        for name in _rust_modules(ext):
            modules.append(name)
            if getattr(ext, "optional", False):
                optional.append(name)
    return modules, optional, sources


def _rust_modules(ext):
    """The modules of an extension of setuptools-rust."""
    target = getattr(ext, "target", None)
    names = list(target.values()) if isinstance(target, dict) else [target or getattr(ext, "name", None)]
    return [name for name in names if name]


def _declare(dist, extensions=None):
    try:
        modules, optional, sources = declared(dist, extensions)
    except Exception:
        return
    if modules:
        write(dist, modules=modules, optional=optional, sources=sources)


# The commands after which something can be installed.
BUILDS = frozenset(["bdist_wheel", "bdist_egg", "build", "develop", "editable_wheel", "install"])


def _undeclared(dist):
    """What a setup.py has sources of, and no ext_modules: without Cython, say, or told so by a variable, or by a compiler that it tried.

    pip removes an sdist's sources when it is built.
    """
    try:
        if BUILDS.intersection(dist.commands):
            modules, _, sources = declared(dist)
            known = [os.path.splitext(os.path.join(os.getcwd(), f))[0] for files in sources.values() for f in files]
            last = set(m.rpartition(".")[2] for m in modules)
            unbuilt = [m for m in backends.modules_of_sources(os.getcwd(), set(known)) if m not in last]
            write(dist, unbuilt=unbuilt, looked=True)
    except Exception:
        if os.environ.get("BINARY_BUILDOUT_WITNESS_DEBUG"):
            raise


def _error_lines(text):
    lines = [l for l in text.splitlines() if l.strip()]
    return lines[-TAIL:]


# --- patches ------------------------------------------------------------------

def _patch_dist(module):
    cls = module.Distribution
    run_commands = cls.run_commands

    def watched(self):
        _declare(self)
        old = getattr(_state, "dist", None)
        _state.dist = self
        try:
            result = run_commands(self)
        finally:
            _state.dist = old
        _undeclared(self)
        return result

    cls.run_commands = watched


def _patch_build_ext(module):
    cls = module.build_ext
    run, build = cls.run, cls.build_extension

    def watched_run(self):
        _declare(self.distribution, self.extensions)
        old = getattr(_state, "dist", None)
        _state.dist = self.distribution
        try:
            return run(self)
        finally:
            _state.dist = old
            _built(self)

    def watched_build(self, ext):
        old = getattr(_state, "module", None)
        _state.module, _state.dist = getattr(ext, "name", None), self.distribution
        try:
            return build(self, ext)
        except Exception:
            _failed(self.distribution, _state.module, [], str(sys.exc_info()[1]).splitlines())
            raise
        finally:
            _state.module = old

    cls.run, cls.build_extension = watched_run, watched_build


def _built(command):
    """Write down which files are there after build_ext ran."""
    try:
        built = []
        for ext in command.extensions or []:
            name = command.get_ext_fullname(ext.name)
            if os.path.exists(command.get_ext_fullpath(ext.name)):
                built.append(name)
        if built:
            write(command.distribution, built=built)
    except Exception:
        pass


def _failed(dist, module, command, lines):
    if dist is not None:
        write(dist, errors=[{"module": module or "", "command": [str(c) for c in command], "lines": lines}])


def _patch_compiler(cls):
    # "call" is what setuptools 80 and newer use, and what its "spawn" calls.
    for name in ("spawn", "call"):
        if name in cls.__dict__:
            setattr(cls, name, _watched_spawn(cls.__dict__[name]))


def _watched_spawn(spawn):
    def watched(self, cmd, *args, **kwargs):
        if getattr(_state, "inside", False):
            return spawn(self, cmd, *args, **kwargs)
        _state.inside = True
        try:
            return _captured(spawn, self, cmd, args, kwargs)
        finally:
            _state.inside = False

    return watched


def _captured(spawn, self, cmd, args, kwargs):
    """Run one compiler with its standard error in a file too, for the case that it fails."""
    if not _capturing.acquire(False):  # a parallel build: the descriptor belongs to all threads
        try:
            return spawn(self, cmd, *args, **kwargs)
        except Exception:
            _failed(getattr(_state, "dist", None), getattr(_state, "module", None), cmd, str(sys.exc_info()[1]).splitlines())
            raise
    try:
        saved, copy = _redirect()
        error = None
        try:
            return spawn(self, cmd, *args, **kwargs)
        except Exception:
            error = sys.exc_info()[1]
            raise
        finally:
            text = _restore(saved, copy)
            if error is not None:
                _failed(getattr(_state, "dist", None), getattr(_state, "module", None), cmd,
                        _error_lines(text) + str(error).splitlines())
    finally:
        _capturing.release()


def _redirect():
    import tempfile
    try:
        copy = tempfile.TemporaryFile()
        sys.stderr.flush()
        saved = os.dup(2)
        os.dup2(copy.fileno(), 2)
        return saved, copy
    except Exception:
        return None, None


def _restore(saved, copy):
    if saved is None:
        return ""
    try:
        sys.stderr.flush()
    except Exception:
        pass
    os.dup2(saved, 2)
    os.close(saved)
    copy.seek(0)
    data = copy.read()
    copy.close()
    view = data
    while view:
        try:
            view = view[os.write(2, view):]
        except OSError:
            break
    return data.decode("utf-8", "replace")


class _Failure(object):
    """How the watched steps of other backends run, and say that they failed."""

    text = ""

    def captured(self, step, command, args, kwargs):
        saved, copy = _redirect()
        try:
            return step(command, *args, **kwargs)
        finally:
            self.text = _restore(saved, copy)

    def lines(self, project, version, error):
        append(project, version, errors=[{"module": "", "command": [], "lines": _error_lines(self.text) + error.splitlines()}])


def _patch_rust(module):
    """setuptools-rust, whose optional extensions fail with a line on standard output."""
    cls = module.build_rust
    run = cls.run_for_extension

    def watched(self, ext, *args, **kwargs):
        failure = _Failure()
        try:
            return failure.captured(run, self, (ext,) + args, kwargs)
        except Exception:
            lines = _error_lines(failure.text) + str(sys.exc_info()[1]).splitlines()
            for name in _rust_modules(ext):
                _failed(self.distribution, name, [], lines)
            raise

    cls.run_for_extension = watched


def _patch_rust_command(module):
    """setuptools-rust without a Rust: nothing is tried if all extensions are optional."""
    get = module.get_rust_version

    def watched(*args, **kwargs):
        version, said = None, "can't find Rust compiler"
        try:
            version = get(*args, **kwargs)
            return version
        except Exception:
            said = str(sys.exc_info()[1])
            raise
        finally:
            if version is None:
                _failed(getattr(_state, "dist", None), None, [], said.splitlines())

    module.get_rust_version = watched


def _both(first, second):
    def patch(module):
        if first:
            first(module)
        second(module)
    return patch


def _patch_cmake(module):
    backends.watch_cmake(module, write_made, _Failure())


def _patch_ccompiler(module):
    for name in ("CCompiler", "Compiler", "MSVCCompiler", "UnixCCompiler"):
        cls = getattr(module, name, None)
        if cls is not None and not cls.__dict__.get("_binary_buildout"):
            cls._binary_buildout = True
            _patch_compiler(cls)


def _patch_pip_cache(module):
    """Build, don't take a wheel from the cache: one that a failing compiler left there is never declared."""
    cls = module.SimpleWheelCache
    get = cls.get

    def watched(self, link, *args, **kwargs):
        if type(self).__name__.startswith("Ephem"):
            return get(self, link, *args, **kwargs)
        return link

    cls.get = watched


TARGETS = {
    "mesonpy": lambda module: backends.watch_meson(module, write_made),
    "scikit_build_core.cmake": _patch_cmake,
    "skbuild.cmaker": _patch_cmake,
    "setuptools_rust.build": _patch_rust,
    "setuptools_rust.command": _patch_rust_command,
    "pip._internal.cache": _patch_pip_cache,
    "distutils.dist": _patch_dist,
    "setuptools._distutils.dist": _patch_dist,
    "distutils.command.build_ext": _patch_build_ext,
    "setuptools._distutils.command.build_ext": _patch_build_ext,
    "distutils.ccompiler": _patch_ccompiler,
    "setuptools._distutils.ccompiler": _patch_ccompiler,
    "setuptools._distutils.compilers.C.base": _patch_ccompiler,
    "distutils._msvccompiler": _patch_ccompiler,
    "distutils.msvc9compiler": _patch_ccompiler,
    "setuptools._distutils._msvccompiler": _patch_ccompiler,
    "setuptools._distutils.compilers.C.msvc": _patch_ccompiler,
}


def _patch(name):
    module = sys.modules.get(name)
    if module is None or getattr(module, "_binary_buildout_witness", False):
        return
    try:
        module._binary_buildout_witness = True
        TARGETS[name](module)
    except Exception:
        if os.environ.get("BINARY_BUILDOUT_WITNESS_DEBUG"):
            raise


class Finder(object):
    """Patches a module right after its import, by whoever finds it."""

    def __init__(self):
        self.busy = set()

    def find_spec(self, name, path=None, target=None):  # Python 3
        if name not in TARGETS or name in self.busy:
            return None
        self.busy.add(name)
        try:
            spec = self._find(name, path, target)
        finally:
            self.busy.discard(name)
        if spec is None or not hasattr(spec.loader, "exec_module"):
            return spec
        exec_module = spec.loader.exec_module

        def watched(module):
            exec_module(module)
            _patch(name)

        try:
            spec.loader.exec_module = watched
        except AttributeError:
            pass
        return spec

    def _find(self, name, path, target):
        for finder in list(sys.meta_path):
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        return None

    def find_module(self, name, path=None):  # Python 2
        if sys.version_info[0] > 2 or name not in TARGETS or name in self.busy:
            return None
        return self

    def load_module(self, name):
        self.busy.add(name)
        try:
            __import__(name)
        finally:
            self.busy.discard(name)
        _patch(name)
        return sys.modules[name]
