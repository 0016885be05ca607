"""Installs an archive of binary-buildout on a machine that has only a Python.

release.Installers puts this text into install.sh and install.ps1, which give
it its options; nobody runs it by itself. It is for Python 2.7 and 3, on POSIX
and Windows, has nothing but the standard library, is ASCII, and no single
quote may stand in it: those are around it.
"""
import os, sys
# Nothing from the directory that we are in. (os is there before any search.)
HERE = os.path.normcase(os.path.abspath(os.curdir))
sys.path[:] = [p for p in sys.path if os.path.normcase(os.path.abspath(p)) != HERE]
import base64, calendar, contextlib, errno, glob, hashlib, json, re, shutil, signal, stat, struct, subprocess
import tarfile, threading, time, zipfile, zlib
try:
    import ssl
except ImportError:  # then https needs a tool
    ssl = None
try:
    from urllib import quote, unquote
    from urllib2 import HTTPError, HTTPSHandler, Request, build_opener
    from httplib import HTTPException
except ImportError:
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.parse import quote, unquote
    from urllib.request import HTTPSHandler, Request, build_opener

PY2 = sys.version_info[0] == 2
WINDOWS = os.name == "nt"
if WINDOWS:
    import msvcrt
else:
    import fcntl

# What a path of Python 2 is encoded in.
LOCAL = "mbcs" if WINDOWS else "utf-8"

# What an interpreter tells of itself.
PROBE = """
import json, os, platform, re, struct, subprocess, sys
try:
    import sysconfig
    config = sysconfig.get_config_var
except ImportError:
    config = lambda name: None
impl = platform.python_implementation().lower()
abi = ("cp" if impl == "cpython" else impl) + "%d%d" % sys.version_info[:2]
if sys.version_info[0] == 2:
    abi += ("m" if config("WITH_PYMALLOC") in (None, 1) else "") + ("u" if sys.maxunicode > 65535 else "")
elif config("Py_GIL_DISABLED"):
    abi += "t"
bits = struct.calcsize("P") * 8
machine = platform.machine().lower()
if bits == 32:
    machine = {"x86_64": "i686", "amd64": "x86", "aarch64": "armv7l"}.get(machine, machine)
system = {"linux": "linux", "linux2": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
libc = version = macos = ""
if system == "linux":
    # A musl system may have the loader of glibc beside its own, and the other
    # way round: what counts is the one that this program names. (What it is
    # mapped from may be called libc.so.)
    try:
        with open("/proc/self/exe", "rb") as f:
            musl = re.search(b"/[ -~]*/ld-musl-[ -~]+", f.read(1 << 16))
    except Exception:
        musl = None
    try:
        if musl:
            p = subprocess.Popen([musl.group()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            for line in p.communicate()[0].decode("ascii", "replace").splitlines():
                if line.startswith("Version"):
                    libc, version = "musl", line.split()[1]
        else:
            libc, version = os.confstr(2).split()  # _CS_GNU_LIBC_VERSION; Python 2.7 has no name for it
    except Exception:
        pass
elif system == "macos":
    macos = platform.mac_ver()[0]
prefix = getattr(sys, "real_prefix", getattr(sys, "base_prefix", sys.prefix))
sys.stdout.write(json.dumps({
    "executable": sys.executable, "version": platform.python_version(), "implementation": impl, "abi": abi,
    "system": system, "machine": machine, "libc": libc, "libc_version": version, "macos": macos,
    "virtualenv": prefix != sys.prefix}))
"""


class Stop(Exception):
    """A failure: exit code, what it is, and what a person can do."""

    def __init__(self, code, text, hint=""):
        Exception.__init__(self, text)
        self.code, self.text, self.hint = code, text, hint


def raw(s):
    return s if isinstance(s, bytes) else s.encode("utf-8", "surrogateescape")


def native(v):
    """JSON for Python 2: texts as bytes, like all others there."""
    if PY2 and isinstance(v, dict):
        return dict((native(k), native(x)) for k, x in v.items())
    if PY2 and isinstance(v, list):
        return [native(x) for x in v]
    return v.encode(LOCAL) if PY2 and isinstance(v, type(u"")) else v


def read_json(path):
    with open(path, "rb") as f:
        return native(json.loads(f.read().decode("utf-8")))


def say(text, stream=None):
    stream = stream or sys.stderr
    stream.flush()
    if WINDOWS and not PY2:  # a console has an encoding of its own
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    else:
        stream = getattr(stream, "buffer", stream)
        stream.write(raw(text) + b"\n")
    stream.flush()


def word(s):
    """A word for a shell: on Windows for PowerShell."""
    if re.match(r"[\w@%+=:,./\\-]+\Z" if WINDOWS else r"[\w@%+=:,./-]+\Z", s):
        return s
    return "\x27" + s.replace("\x27", "\x27\x27" if WINDOWS else "\x27\\\x27\x27") + "\x27"


def command(*words):
    """A command as a person types it; PowerShell runs a quoted one by an ampersand."""
    words = [word(w) for w in words]
    return ("& " if WINDOWS and words[0].startswith("\x27") else "") + " ".join(words)


def fs(path):
    """A path for calls of the system: on Windows without the limit of 259 characters."""
    if not WINDOWS:
        return path
    path = os.path.abspath(path if isinstance(path, type(u"")) else path.decode(LOCAL))
    if path.startswith(u"\\\\?\\"):
        return path
    return u"\\\\?\\UNC" + path[1:] if path.startswith(u"\\\\") else u"\\\\?\\" + path


def run(args, **more):
    """Exit code, standard output and, unless it goes there too, standard error."""
    more.setdefault("stderr", subprocess.PIPE)
    try:
        with open(os.devnull, "rb") as nothing:  # not what this program itself is read from
            p = subprocess.Popen(args, stdin=nothing, stdout=subprocess.PIPE, **more)
    except EnvironmentError as e:
        return 127, b"", raw(str(e))
    try:
        out, err = p.communicate()
    except BaseException:  # a signal: it must not work on in what is removed
        p.kill()
        p.wait()
        raise
    return p.returncode, out, err or b""


def text(b):
    return b if PY2 else b.decode("utf-8", "replace" if WINDOWS else "surrogateescape")


def which(name):
    for d in os.environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(d, name + (".exe" if WINDOWS else ""))
        if os.path.isabs(d) and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def number(version):
    parts = [int(re.match(r"\d*", p).group() or 0) for p in version.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return parts


# The interpreters that are here, as internal/install/python.go finds them.

PYTHON = re.compile(r"python(?:[0-9]+(?:\.[0-9]+)?t?)?" + (r"\.exe\Z" if WINDOWS else r"\Z"), re.I if WINDOWS else 0)


def registered():
    """The directories that Windows was told of (PEP 514), as the py launcher finds them."""
    try:
        import winreg
    except ImportError:
        import _winreg as winreg

    def below(key):
        return [winreg.EnumKey(key, i) for i in range(winreg.QueryInfoKey(key)[0])]

    for hive in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        for view in (winreg.KEY_WOW64_64KEY, winreg.KEY_WOW64_32KEY):
            try:
                with winreg.OpenKey(hive, r"Software\Python", 0, winreg.KEY_READ | view) as root:
                    names = [company + "\\" + tag for company in below(root) for tag in below(winreg.OpenKey(root, company, 0, winreg.KEY_READ | view))]
                    for name in names:
                        try:
                            with winreg.OpenKey(root, name + "\\InstallPath", 0, winreg.KEY_READ | view) as key:
                                yield native(winreg.QueryValueEx(key, "")[0])
                        except EnvironmentError:
                            pass
            except EnvironmentError:
                pass


def candidates():
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    dirs = os.environ.get("PATH", "").split(os.pathsep) + [os.path.dirname(sys.executable or "")]
    if WINDOWS:
        dirs += registered()
        local = os.environ.get("LOCALAPPDATA", "")
        patterns = [local + r"\Programs\Python\Python*", os.environ.get("ProgramFiles", "") + r"\Python*", r"C:\Python*",
                    local + r"\Python\pythoncore-*", os.path.expanduser("~") + r"\.pyenv\pyenv-win\versions\*"]
    elif sys.platform == "darwin":
        patterns = ["/usr/local/bin", "/opt/homebrew/bin", "/opt/*/bin", "/Library/Frameworks/Python.framework/Versions/*/bin",
                    "/usr/local/opt/python@*/bin", "/opt/homebrew/opt/python@*/bin", pyenv + "/versions/*/bin",
                    os.path.expanduser("~/.local/share/uv/python/*/bin"), "/usr/bin"]
    else:
        patterns = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/*/bin", "/opt/python/*/bin", "/opt/rh/*/root/usr/bin",
                    "/usr/lib/python-*/bin", pyenv + "/versions/*/bin",
                    os.path.expanduser("~/.local/share/uv/python/*/bin"), "/usr/local/python*/bin"]
    for pattern in patterns:
        dirs += sorted(glob.glob(pattern))
    seen = set()
    for d in dirs:
        above = os.path.dirname(d)
        # A shim starts one or another interpreter, as the environment says.
        real = [d] if os.path.basename(d) != "shims" else sorted(
            glob.glob(above + "/versions/*/bin") + glob.glob(above + "/installs/python/*/bin"))
        for d in real:
            if not os.path.isabs(d) or not os.path.isdir(d):
                continue
            for name in sorted(os.listdir(d)):
                path = os.path.join(d, name)
                if not PYTHON.match(name) or not os.path.exists(path):
                    continue
                # A link in a virtualenv is another interpreter than what it points to.
                venv = os.path.exists(os.path.join(os.path.dirname(d), "pyvenv.cfg"))
                key = os.path.normcase(path if venv else os.path.realpath(path))
                if key not in seen:
                    seen.add(key)
                    yield path


def describe(path):
    # In its own directory on Windows, where / is that of the current drive.
    code, out, _ = run([path, "-sE", "-c", PROBE], cwd=os.path.dirname(path) if WINDOWS else "/")
    try:
        p = native(json.loads(out.decode("utf-8"))) if code == 0 else None
    except ValueError:
        return None
    if p:
        p["executable"] = p["executable"] or path
    return p


def pythons(asked):
    """The one that was asked for, by path, name or version; or all."""
    if not asked:
        return described(candidates())
    if "/" in asked or WINDOWS and "\\" in asked:
        paths = [os.path.abspath(asked)]
    else:
        version = re.match(r"[0-9.]+\Z", asked)
        name, paths = "python" + asked if version else asked, []
        for path in candidates():
            at = os.path.basename(os.path.dirname(os.path.dirname(path)))
            base = os.path.basename(path)
            if (base[:-4] if WINDOWS else base) == name or version and (at + ".").startswith(asked + "."):
                paths.append(path)
        if version and not paths:  # on Windows all are called python.exe
            return [p for p in described(candidates()) if (p["version"] + ".").startswith(asked + ".")][:1] or no_python(asked)
    for path in paths:
        p = describe(path)
        if p:
            return [p]
    return no_python(asked)


def described(paths):
    found = []
    for path in paths:
        p = describe(path)
        if p and p["executable"] not in [q["executable"] for q in found]:
            found.append(p)
    return found


def no_python(asked):
    raise Stop(2, "looking for --python %s: there is none, or it does not run" % asked, "give the path of an interpreter")


# Which archive fits, by the rules of internal/install/fits.go.

ARCH = {"arm64": "aarch64", "amd64": "x86_64", "i386": "i686", "i586": "i686", "x86": "i686", "win32": "i686"}


def needs(asset):
    """ABI, system, architecture, libc and floor that an archive asks for."""
    abi, _, platform = asset["target"].partition("-")
    n = {"abi": abi, "system": "", "arch": "", "libc": "", "floor": ""}
    m = re.match(r"(?:(manylinux|musllinux|macosx)_(\d+)_(\d+)|(linux|win))_?([a-z0-9_]*)\Z", platform)
    if platform == "win32":
        n.update(system="windows", arch="x86")
    elif m and m.group(1):
        kind = m.group(1)
        n.update(system="macos" if kind == "macosx" else "linux", arch=m.group(5), floor=m.group(2) + "." + m.group(3),
                 libc={"manylinux": "glibc", "musllinux": "musl"}.get(kind, ""))
    elif m:
        n.update(system={"linux": "linux", "win": "windows"}[m.group(4)], arch=m.group(5))
    for f in asset.get("floors") or []:
        if n["system"] == "linux" and not n["libc"] and f["kind"] in ("glibc", "musl"):
            n["libc"] = f["kind"]
        if f["kind"] == n["libc"] or f["kind"] == "macos" == n["system"]:
            if not n["floor"] or number(f["version"]) > number(n["floor"]):
                n["floor"] = f["version"]
    return n


def same_arch(wanted, have):
    if wanted == "universal2":
        return have in ("arm64", "x86_64")
    if wanted in ("intel", "universal"):
        return have in ("x86_64", "i386")
    return ARCH.get(wanted, wanted) == ARCH.get(have, have)


def plain_abi(abi):
    return abi[:-1] if abi.startswith("cp3") and abi.endswith("m") else abi


def python_words(abi):
    m = re.match(r"cp(\d)(\d+)(.*)", abi)
    if not m:
        return abi
    return "Python %s.%s%s (%s)" % (m.group(1), m.group(2), " free-threaded" if m.group(3) == "t" else "", abi)


def unfit(n, p):
    """Why an interpreter cannot run it, the gravest reason first, with its rank; None if it can."""
    mac = "11.0" if p["macos"] == "10.16" else p["macos"]
    if n["system"] and n["system"] != p["system"]:
        return 5, "it is for " + n["system"]
    if n["arch"] and not same_arch(n["arch"], p["machine"]):
        return 5, "it is for " + n["arch"]
    if n["libc"] and p["libc"] and n["libc"] != p["libc"]:
        return 4, "it is for " + n["libc"]
    if n["floor"] and n["libc"] and p["libc_version"] and number(p["libc_version"]) < number(n["floor"]):
        return 3, "it needs %s %s" % (n["libc"], n["floor"])
    if n["floor"] and n["system"] == "macos" and mac and number(mac) < number(n["floor"]):
        return 3, "it needs macOS " + n["floor"]
    if plain_abi(n["abi"]) != plain_abi(p["abi"]):
        return 2, "it is for " + python_words(n["abi"])
    return None


def choose(index, name, found, label):
    """The asset that fits the newest Python; of several, the one with the highest floor."""
    fit = []
    for a in index["archives"]:
        n = needs(a)
        able = [p for p in found if not unfit(n, p)]
        if able and label in ("", a.get("label") or ""):
            # Rather one that is not of a virtualenv.
            p = max(able, key=lambda p: (not p["virtualenv"], number(p["version"])))
            fit.append(((number(p["version"]), not a.get("label"), number(n["floor"])), a, p))
    if not fit:
        raise nothing_fits(index, name, found, label)
    _, best, python = max(fit, key=lambda f: f[0])
    labels = sorted(set(a.get("label") for _, a, _ in fit if a["target"] == best["target"]) if best.get("label") else [])
    if len(labels) > 1 and not label:
        raise Stop(2, "choosing from %s: several archives of %s fit: %s" % (name, best["target"], ", ".join(labels)), "name one with --label")
    return best, python


def nothing_fits(index, name, found, label):
    has = ", ".join(a["target"] + (" (%s)" % a["label"] if a.get("label") else "") for a in index["archives"])
    here = "without a Python"
    if found:
        p = found[0]
        here = "%s %s%s, with Python %s" % (
            p["system"], p["machine"], ", %s %s" % (p["libc"], p["libc_version"]) if p["libc"] else " " + p["macos"],
            ", ".join("%s (%s)" % (q["version"], q["executable"]) for q in found[:8]))
    near = []
    for a in index["archives"]:
        n = needs(a)
        why = [unfit(n, p) or (1, "it has another label, \"%s\"" % (a.get("label") or "")) for p in found]
        near += [w + (a["target"], n["abi"]) for w in why or [(2, "it is for " + python_words(n["abi"]))]]
    rank, why, target, abi = min(near, key=lambda w: w[0])
    hint = "build an archive for this system too"
    if rank == 2:
        hint = "install %s, or name an interpreter with --python" % python_words(abi)
    return Stop(2, "nothing fits: this system is %s; %s has %s; closest is %s: %s" % (here, name, has, target, why), hint)


# Where archives come from.

def without_password(url):
    return re.sub("//[^/@]*@", "//", url)


class Folder(object):
    """A copy of a release on disk."""

    def __init__(self, path):
        self.name = self.source = os.path.abspath(path)

    def index(self):
        try:
            with open(os.path.join(self.name, "index.json"), "rb") as f:
                return f.read()
        except EnvironmentError as e:
            raise Stop(2, "reading the mirror %s: %s" % (self.name, e), "a mirror is a copy of all assets of a release, index.json among them")

    def local(self, asset):
        return os.path.join(self.name, asset["archive"])

    def where(self, name):
        return os.path.join(self.name, name)


class Site(object):
    """A release, or a copy of one behind a URL. curl or wget fetches, as the
    system is used to, else this Python; where that cannot, PowerShell."""

    def __init__(self, base, name, source, helper):
        self.base, self.name, self.source, self.helper = base.rstrip("/"), name, source, helper
        self.curl, self.wget = (None, None) if WINDOWS else (which("curl"), which("wget"))
        self.gnu = self.wget and not self.curl and b"GNU Wget" in run([self.wget, "--version"])[1]
        if self.curl or self.wget:
            if self.base.startswith("https:") and not self.curl and not self.gnu:
                say("warning: this wget may not check certificates; curl and GNU Wget do")
        elif self.base.startswith("https:") and not hasattr(ssl, "create_default_context") and not helper:
            raise Stop(2, "fetching from %s: there is neither curl nor wget, and this Python checks no certificates" % name,
                       "install one of them, or copy the release here and name it with --from")

    def where(self, name):
        return self.base + "/" + quote(name)

    def fetch(self, name, to="", more=False):
        """Into a file, or without one as bytes."""
        url = self.where(name)
        if self.curl or self.wget:
            return self.by_tool(url, to, more)
        return self.by_python(url, to, more)

    def by_tool(self, url, to, more):
        if self.curl:
            args = [self.curl, "-fsSL", "--connect-timeout", "30", "--retry", "4", "--speed-limit", "1", "--speed-time", "60"]
            args += ["--proto", "=https"] if url.startswith("https:") else []
            args += ["-C", "-"] if more else []
        else:
            # Not -T for busybox: with it, 1.35 dies of SIGSEGV.
            args = [self.wget] + (["-nv", "--tries=5", "--timeout=60"] if self.gnu else ["-q"]) + (["-c"] if more else [])
            if self.gnu and os.environ.get("SSL_CERT_FILE"):  # which the others heed by themselves
                args.append("--ca-certificate=" + os.environ["SSL_CERT_FILE"])
        for wait in (1, 2, 4, 8, None):
            code, out, err = run(args + [self.curl and "-o" or "-O", to or "-", url])
            if code == 0:
                return out
            lines = text(err).strip().split("\n")
            why = ([line for line in lines if line.startswith("curl: (")] or lines)[-1] or "exit code %d" % code
            # curl tries again by itself, wget only where nothing answered.
            if self.curl or wait is None or not re.search(r"\b(?:408|429|5\d\d)\b", why):
                break
            time.sleep(wait)
        raise unfetched(url, why)

    def by_python(self, url, to, more):
        for wait in (1, 2, 4, 8, None):
            if url.startswith("https:") and not hasattr(ssl, "create_default_context"):
                why = "this Python checks no certificates"
                break
            try:
                return download(url, to, more)
            except HTTPError as e:
                why, again = "HTTP status %d %s" % (e.code, e.msg), e.code in (408, 429) or e.code >= 500
                if not again and e.code != 407:
                    raise unfetched(url, why)
                after = e.headers.get("Retry-After") or ""
                wait = min(int(after), 300) if wait and re.match(r"[0-9]+\Z", after) else wait
            except (EnvironmentError, HTTPException) as e:
                if getattr(e, "filename", None) or getattr(e, "errno", None) == errno.ENOSPC:
                    raise  # the disk, not the network
                why = str(e) or type(e).__name__
                again = "CERTIFICATE_VERIFY" not in why
            if not again or wait is None:
                break
            time.sleep(wait)
            more = bool(to)
        if self.helper:
            return self.by_helper(url, to, more, why)
        raise unfetched(url, why)

    def by_helper(self, url, to, more, why):
        """Windows knows proxies, their passwords, and certificates that Python does not."""
        have = os.path.getsize(to) if to and more and os.path.exists(to) else 0
        program, script = self.helper
        code, out, err = run([program, "-NoProfile", "-NonInteractive", "-Command", script], env=dict(
            os.environ, BINARY_BUILDOUT_URL=url, BINARY_BUILDOUT_TO=to, BINARY_BUILDOUT_HAVE=str(have)))
        if code:
            raise unfetched(url, "%s; by PowerShell: %s" % (why, text(err).strip().split("\n")[-1].strip() or "exit code %d" % code))
        return base64.b64decode(out) if not to else None

    def index(self):
        return self.fetch("index.json")

    def local(self, asset):
        return None

    def get(self, asset, to):
        """Goes on where an earlier run ended, and where this one breaks off, as long as something comes."""
        have = os.path.getsize(to) if os.path.exists(to) else 0
        if have > asset["size"]:
            os.remove(to)
            have = 0
        while have != asset["size"]:
            began = have
            try:
                return self.fetch(asset["archive"], to, have > 0)
            except Stop as e:
                have = os.path.getsize(to) if os.path.exists(to) else 0
                if began and re.search(r"416|range|resume", e.text):  # a server that cannot: from the start
                    os.remove(to)
                    have = 0
                elif have <= began:
                    raise


def unfetched(url, why):
    url = without_password(url)
    if re.search(r"\b404\b", why):
        return Stop(2, "fetching %s: it is not there (%s)" % (url, why), "check the name; of a private repository, copy the release here and name it with --from")
    hint = "check the network, and https_proxy if there is a proxy; running this again resumes the download"
    if re.search(r"certificate", why, re.I):
        hint = "name the file of your certificate authority in SSL_CERT_FILE"
    return Stop(3, "fetching %s: %s" % (url, why), hint)


def download(url, to, more):
    """One attempt of this Python itself, by the proxies that urllib knows."""
    user = re.match(r"(https?://)([^/@]*)@(.*)", url)
    request = Request((user.group(1) + user.group(3)) if user else url, headers={"User-Agent": "binary-buildout", "Accept-Encoding": "identity"})
    if user:
        request.add_unredirected_header("Authorization", "Basic " + text(base64.b64encode(raw(unquote(user.group(2))))))
    have = os.path.getsize(to) if to and more and os.path.exists(to) else 0
    if have:
        request.add_header("Range", "bytes=%d-" % have)
    handlers = []
    if hasattr(ssl, "create_default_context"):
        context = ssl.create_default_context()
        # Authorities of a company seldom have all that 3.13 asks for.
        context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
        handlers.append(HTTPSHandler(context=context))
    with contextlib.closing(build_opener(*handlers).open(request, timeout=60)) as answer:
        if not to:
            return answer.read()
        part = answer.getcode() == 206
        want = answer.headers.get("Content-Length")
        with open(to, "ab" if part else "wb") as f:
            begin = f.tell() if part else 0
            shutil.copyfileobj(answer, f, 1 << 16)
            got = f.tell() - begin
    if want and got != int(want):
        raise EnvironmentError("it ends after %d of %s bytes" % (got, want))


class Meter(threading.Thread):
    """Says on a terminal how far a download is, how fast, and how long it takes yet."""

    def __init__(self, path, total):
        threading.Thread.__init__(self)
        self.daemon, self.path, self.total, self.over = True, path, total, threading.Event()

    def __enter__(self):
        if sys.stderr.isatty():
            self.start()

    def __exit__(self, *unused):
        self.over.set()
        if self.is_alive():
            self.join()

    def done(self):
        return os.path.getsize(self.path) if os.path.exists(self.path) else 0

    def run(self):
        first, began, shown = self.done(), time.time(), False
        while not self.over.wait(0.5):
            done = self.done()
            rate = (done - first) / max(time.time() - began, 0.001)
            left = "%d s left" % ((self.total - done) / rate) if rate > 0 else "stalled"
            sys.stderr.write("\r%.1f of %.1f MiB, %.1f MiB/s, %s   " % (done / 1048576.0, self.total / 1048576.0, rate / 1048576.0, left))
            sys.stderr.flush()
            shown = True
        if shown:
            sys.stderr.write("\n")


def source(origin, server, repo, release, tag, helper):
    if re.match(r"https?://", origin):
        if origin.startswith("http:"):
            say("warning: the archive and its digest come over http, which anybody on the way can change")
        return Site(origin, without_password(origin), origin, helper)
    if origin:
        return Folder(origin)
    if not repo or not (tag or release):
        raise Stop(2, "it is not known which release this script is of", "name a mirror with --from")
    name = repo + "@" + (tag or release)
    # Without --tag, an update later takes what is the latest then.
    return Site("%s/%s/releases/download/%s" % (server, repo, quote(tag or release, safe="")), name, name if tag else repo, helper)


def read_index(data, name):
    try:
        x = native(json.loads(data.decode("utf-8")))
        known = x["format"] <= 1
        for a in x["archives"] if known else []:
            if not re.match(r"[0-9a-f]{64}\Z", a["sha256"]) or re.search(r"[/\\]|\A\.|\A\Z", a["archive"]) or int(a["size"]) < 0:
                raise ValueError("the entry of %s has no plain file name or no digest" % a["target"])
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise Stop(1, "reading index.json of %s: %s" % (name, e))
    if not known:
        raise Stop(2, "reading index.json of %s: format %s, known is 1" % (name, x["format"]), "take a newer install.sh or install.ps1")
    if not x["archives"]:
        raise Stop(2, "reading index.json of %s: it lists no archives" % name)
    return x


# What the directory holds, as internal/install/here.go sees it.

def final(into):
    """The directory as an absolute path whose parent is real."""
    path = os.path.abspath(into)
    if os.path.islink(path):
        path = os.path.realpath(path)
    parent = os.path.realpath(os.path.dirname(path))
    if os.path.dirname(path) == path:
        raise Stop(2, path + " is the root of the file system")
    if not os.path.isdir(parent):
        raise Stop(2, "looking at %s: there is no such directory" % parent, "make the parent directory first")
    return os.path.join(parent, os.path.basename(path))


def look(path):
    """None if nothing is there, else manifest, state and record of what is."""
    if not os.path.lexists(path):
        return None
    if not os.path.isdir(path):
        raise Stop(2, path + " is no directory", "give a directory that does not exist, or is empty")
    if not os.listdir(path):
        return None
    ours = os.path.join(path, ".binary-buildout")
    try:
        manifest = read_json(os.path.join(ours, "manifest.json"))
        what = "%s %s" % (manifest["name"], manifest["version"])
    except (EnvironmentError, ValueError, KeyError, TypeError):
        raise Stop(2, "installing into %s: it is not empty, and is no installation of binary-buildout" % path, "give another directory, or move this one away")
    try:
        state = read_json(os.path.join(ours, "state.json"))
    except (EnvironmentError, ValueError):
        state = {}
    if not state.get("root"):
        raise Stop(2, "installing into %s: an unpacked %s is there that bootstrap.py has not run in" % (path, what),
                   "run: %s, or move the directory away" % command("python", os.path.join(path, "bootstrap.py")))
    try:
        record = read_json(os.path.join(ours, "install.json"))
    except (EnvironmentError, ValueError):
        record = {}
    with open(os.path.join(ours, "manifest.json"), "rb") as f:
        return {"what": what, "sha256": record.get("sha256"), "base": hashlib.sha256(f.read()).hexdigest(), "state": state}


def other_version(path, there, asset, index, shelf):
    hint = command("binary-buildout", "update", path, without_password(shelf.source))
    for d in asset.get("deltas") or []:
        if d["base"] == there["base"]:
            hint += "; or without it: fetch %s, %s, and run: %s" % (
                without_password(shelf.where(d["delta"])), command("tar", "-xzf", d["delta"], "-C", path),
                command(there["state"].get("interpreter") or "python", os.path.join(path, "bootstrap.py")))
    return Stop(2, "installing %s %s into %s: %s is there" % (index["name"], index["version"], path, there["what"]), hint)


# Downloading, unpacking, placing.

def remove(path):
    """Removes a tree, directories without write permission too; on Windows files without it."""
    path = fs(path)
    for at, dirs, files in os.walk(path):
        for name in dirs + (files if WINDOWS else []):
            if not os.path.islink(os.path.join(at, name)):
                os.chmod(os.path.join(at, name), 0o700)
    shutil.rmtree(path, True)


def rename(old, new):
    """On Windows whoever looks at a file, as virus scanners do, keeps it from being renamed."""
    for wait in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2) if WINDOWS else ():
        try:
            return os.rename(fs(old), fs(new))
        except EnvironmentError as e:
            if getattr(e, "winerror", None) not in (5, 32):
                raise
        time.sleep(wait)
    os.rename(fs(old), fs(new))


def lock(f):
    if WINDOWS:
        msvcrt.locking(f, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Work(object):
    """A directory beside DIR, ours alone, locked until the process ends."""

    def __init__(self, path):
        self.path = path
        try:
            if not os.path.lexists(path):
                os.mkdir(path, 0o700)
            st = os.lstat(path)
            if not stat.S_ISDIR(st.st_mode) or not WINDOWS and (st.st_uid != os.geteuid() or st.st_mode & 0o022):
                raise Stop(3, "making a directory to work in: %s is there and is not ours" % path, "remove it")
            name = os.path.join(path, ".lock")
            self.lock = os.open(name, os.O_CREAT | os.O_RDWR, 0o600)
        except EnvironmentError as e:
            raise Stop(3, "making a directory to work in: %s" % e, "install as a user who may write " + os.path.dirname(path))
        try:
            lock(self.lock)
            mine = os.fstat(self.lock).st_ino == os.stat(name).st_ino
        except EnvironmentError:
            mine = False
        if not mine:
            raise Stop(3, "locking %s" % path, "another install into the same directory is running; wait for it")

    def clear(self, keep=""):
        for name in os.listdir(self.path):
            path = os.path.join(self.path, name)
            if name not in (".lock", keep):
                remove(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)

    def remove(self):
        if WINDOWS:  # which removes no file that is open
            os.close(self.lock)
            return remove(self.path)
        remove(self.path)
        os.close(self.lock)


def check(path, asset, asked):
    if asked and asked.lower() != asset["sha256"]:
        raise Stop(1, "%s has SHA-256 %s, and --sha256 says %s" % (asset["archive"], asset["sha256"], asked),
                   "it is not the archive that you mean: ask who made it")
    size, digest = 0, hashlib.sha256()
    with open(path, "rb") as f:
        for block in iter(lambda: f.read(1 << 20), b""):
            size += len(block)
            digest.update(block)
    if size != asset["size"] or digest.hexdigest() != asset["sha256"]:
        raise Stop(1, "%s has %d bytes and SHA-256 %s, and index.json says %d and %s" % (
            asset["archive"], size, digest.hexdigest(), asset["size"], asset["sha256"]),
            "the file is damaged, or was altered: fetch it again, and ask who made it")


def zstd():
    """The tool that is needed, None if Python does it, which 3.14 can."""
    if sys.version_info >= (3, 14):
        try:
            import compression.zstd
            return None
        except ImportError:
            pass
    tool = which("zstd")
    if not tool:
        raise Stop(2, "unpacking a .tar.zst: there is no zstd here, and this Python cannot", "install zstd, or take Python 3.14 with --python")
    return tool


def tar_entries(path):
    how = {"encoding": "utf-8"}
    if not PY2:
        how["errors"] = "surrogateescape"
    unpacker = None
    tool = zstd() if path.endswith(".zst") else None
    if tool:
        with open(os.devnull, "rb") as nothing:
            unpacker = subprocess.Popen([tool, "-dcq", path], stdin=nothing, stdout=subprocess.PIPE)
        t = tarfile.open(fileobj=unpacker.stdout, mode="r|", **how)
    else:
        t = tarfile.open(path, "r:zst" if path.endswith(".zst") else "r:gz", **how)
    try:
        for m in t:
            kind = "dir" if m.isdir() else "link" if m.issym() else "file" if m.isreg() and not m.issparse() else "other"
            yield raw(m.name), kind, m.mode, m.mtime, raw(m.linkname), (lambda: t.extractfile(m))
        while unpacker and unpacker.stdout.read(1 << 20):
            pass
        if unpacker and unpacker.wait():
            raise Stop(1, "unpacking %s: zstd ended with %d" % (path, unpacker.returncode))
    finally:
        t.close()
        if unpacker:
            unpacker.stdout.close()
            unpacker.wait()


def zip_entries(path):
    z = zipfile.ZipFile(path)
    try:
        for i in z.infolist():
            mode, extra, when = i.external_attr >> 16, i.extra, calendar.timegm(i.date_time + (0, 0, 0))
            while len(extra) >= 9:
                tag, size = struct.unpack("<HH", extra[:4])
                if tag == 0x5455 and size >= 5:  # the exact time
                    when = struct.unpack("<i", extra[5:9])[0]
                extra = extra[4 + size:]
            kind = "dir" if i.filename.endswith("/") else "link" if stat.S_ISLNK(mode) else "file"
            target = z.read(i) if kind == "link" else b""
            yield raw(i.filename), kind, mode & 0o777 or 0o644, when, target, (lambda: z.open(i))
    finally:
        z.close()


def make_dirs(path):
    if not os.path.isdir(path):
        make_dirs(os.path.dirname(path))
        os.mkdir(path)
        os.chmod(path, 0o755)


# What Windows takes for a stream, a drive, a device or another name.
ODD = re.compile(br"[\x00-\x1f<>:|?*\x22]|[. ]\Z|\A(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)", re.I)


def inside(path, root):
    sep = u"\\" if WINDOWS else b"/"
    return (path + sep).startswith(root + sep)


def unpack(path, tree):
    """Unpacks without the top directory, and gives the end of the longest
    path. Links come last: nothing is written through one."""
    top, links, dirs, longest = None, [], [], ""
    tree = fs(tree) if WINDOWS else raw(tree)
    for name, kind, mode, when, target, content in (zip_entries if path.endswith(".zip") else tar_entries)(path):
        parts = name.rstrip(b"/").split(b"/")
        top = top or parts[0]
        clean = not [p for p in parts if p in (b"", b".", b"..") or WINDOWS and ODD.search(p)] and b"\\" not in name and b"\0" not in name
        if not clean or parts[0] != top or kind == "other" or len(parts) == 1 and kind != "dir":
            raise Stop(1, "unpacking %s: %s has no place in an archive" % (path, text(name)), "it is no archive of binary-buildout")
        to = os.path.join(tree, *[p.decode("utf-8") if WINDOWS else p for p in parts[1:]])
        longest = max(longest, to[len(tree):], key=len)
        make_dirs(to if kind == "dir" else os.path.dirname(to))
        if kind == "dir":
            dirs.append((to, mode, when))
        elif kind == "link":
            links.append((to, target.decode("utf-8").replace(u"/", u"\\") if WINDOWS else target, name))
        else:
            with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb") as f:
                shutil.copyfileobj(content(), f, 1 << 20)
            os.chmod(to, mode & 0o777)
            os.utime(to, (when, when))
    for to, target, _ in links:
        os.symlink(target, to)
    real = os.path.realpath(tree)
    for to, target, name in links:
        if os.path.isabs(target) or not inside(os.path.realpath(to), real):
            raise Stop(1, "unpacking %s: the link %s leads out of it" % (path, text(name)), "it is no archive of binary-buildout")
    for to, mode, when in reversed(dirs):
        os.chmod(to, mode & 0o777)
        os.utime(to, (when, when))
    if not os.path.isfile(os.path.join(tree, "bootstrap.py" if WINDOWS else b"bootstrap.py")):
        raise Stop(1, "unpacking %s: it holds no bootstrap.py" % path, "it is no archive of binary-buildout")
    return longest


def bootstrap(tree, root, python):
    code, out, _ = run([python, "-sE", os.path.join(tree, "bootstrap.py"), "--root", root], cwd=tree, stderr=subprocess.STDOUT)
    if code == 0:
        return
    lines = [line.strip() for line in text(out).strip().split("\n")]
    errors = [line[7:] for line in lines if line.startswith("error: ")]
    hints = [line[6:] for line in lines if line.startswith("hint: ")]
    raise Stop(code if code in (1, 2, 3) else 1, "running bootstrap.py with %s: %s" % (python, (errors or lines)[-1]), (hints or [""])[-1])


def short_enough(tree, path, longest):
    """Windows takes 259 characters, and bootstrap.py has no more: neither of
    the tree where it is unpacked, nor of where it will be."""
    most = max(len(tree), len(path)) + len(longest)
    if WINDOWS and most > 259:
        raise Stop(2, "installing into %s: its path is too long: Windows takes 259 characters, and %d are needed, for %s" % (path, most, longest[1:]),
                   "give a directory with a path that is %d shorter" % (most - 259))


def place(archive, asset, path, python, origin):
    work = Work(beside(path, "new"))
    try:
        work.clear()
        tree = os.path.join(work.path, "tree")
        os.mkdir(tree, 0o755)
        say("unpacking " + asset["archive"])
        try:
            longest = unpack(archive, tree)
        except (tarfile.TarError, zipfile.BadZipfile, zlib.error, EOFError, ValueError) as e:
            raise Stop(1, "unpacking %s: %s" % (archive, e), "the file is damaged; fetch it again")
        except EnvironmentError as e:
            if e.errno not in (errno.EEXIST, errno.ENOTDIR):
                raise
            raise Stop(1, "unpacking %s: two entries have one place: %s" % (archive, e), "it is no archive of binary-buildout")
        short_enough(tree, path, longest)
        say("running bootstrap.py with " + python)
        bootstrap(tree, path, python)
        record = [("format", 1), ("archive", asset["archive"]), ("sha256", asset["sha256"]), ("source", origin)]
        record = "{\n" + ",\n".join("  %s: %s" % (json.dumps(k), json.dumps(v)) for k, v in record) + "\n}\n"
        to = os.path.join(tree, ".binary-buildout", "install.json")
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as f:
            f.write(raw(record))
        if os.path.isdir(path):
            os.rmdir(path)  # only an empty one; a mount point stays, and says so
        rename(tree, path)
    finally:
        work.remove()


def beside(path, what):
    return os.path.join(os.path.dirname(path), ".%s.binary-buildout.%s" % (os.path.basename(path), what))


def install(o):
    path = final(o["into"])
    there = look(path)
    shelf = source(o["from"], o["server"], o["repo"], o["release"], o["tag"], (o["helper"], o["script"]) if o.get("helper") else None)
    index = read_index(shelf.index(), shelf.name)
    asset, python = choose(index, shelf.name, pythons(o["python"]), o["label"])
    if there and there["sha256"] == asset["sha256"]:
        return say("%s is in %s already: nothing changes" % (there["what"], path), sys.stdout)
    if there:
        raise other_version(path, there, asset, index, shelf)
    if asset["archive"].endswith(".zst"):
        zstd()
    archive = shelf.local(asset)
    if archive:
        check(archive, asset, o["sha256"])
        place(archive, asset, path, python["executable"], shelf.source)
    else:
        work, keep = Work(beside(path, "download")), False
        try:
            # The digest in its name says that the part of an earlier run is of the same content.
            part = os.path.join(work.path, asset["sha256"] + ".part")
            work.clear(os.path.basename(part))
            say("downloading %s, %.1f MiB" % (asset["archive"], asset["size"] / 1048576.0))
            keep = True
            with Meter(part, asset["size"]):
                shelf.get(asset, part)
            keep = False
            archive = os.path.join(work.path, asset["archive"])
            rename(part, archive)
            check(archive, asset, o["sha256"])
            place(archive, asset, path, python["executable"], shelf.source)
        finally:
            if not keep or not os.path.exists(part):
                work.remove()
    after = "cd %s; bin\\buildout" if WINDOWS else "cd %s && bin/buildout"
    say("%s %s is in %s, with %s\nnext: %s" % (index["name"], index["version"], path, python["executable"], after % word(path)), sys.stdout)


def options():
    """NAME=VALUE: of install.sh the arguments, of install.ps1 what it set as
    OPTIONS before this text, since no quoting comes between there."""
    given = sys.argv[1:]
    if "OPTIONS" in globals():
        given = base64.b64decode(OPTIONS).split(b"\0")
        given = [native(v.decode("utf-8")) if PY2 or WINDOWS else os.fsdecode(v) for v in given]
    return dict(v.split("=", 1) for v in given)


def ended(number, frame):
    raise KeyboardInterrupt


for number_ in ("SIGTERM", "SIGHUP", "SIGBREAK"):
    if hasattr(signal, number_):
        signal.signal(getattr(signal, number_), ended)
try:
    install(options())
except Stop as e:
    failure = e
except EnvironmentError as e:
    failure = Stop(3, "installing: %s" % e)
except KeyboardInterrupt:
    failure = Stop(3, "installing: it was interrupted")
else:
    sys.exit(0)
say("error: " + failure.text)
if failure.hint:
    say("hint: " + failure.hint)
sys.exit(failure.code)
