#!/bin/sh
# Installs an application that binary-buildout has packed, on a machine that
# has no binary-buildout:
#
#   curl -fsSL RELEASE/install.sh | sh -s -- --into /srv/app
#   sh install.sh --into /srv/app --from /media/mirror
#
# It needs sh, Python (2.7 or 3) and, unless --from is a folder, curl or wget.
# It chooses the archive that fits this system and its Pythons by the release's
# index.json, unpacks it beside DIR, runs the archive's own bootstrap.py, and
# renames the result to DIR. Nothing is written anywhere else, and what fails
# leaves DIR as it was.
#
# What is checked: the archive's size and SHA-256. They come from index.json,
# which comes from the same release by the same way. The attestation is NOT
# checked; `binary-buildout install` does that, and knows private repositories.
#
# All of it is one function that is called on the last line: of a script that
# arrives cut off, nothing runs.

binary_buildout_install() {
	if [ -n "${ZSH_VERSION-}" ]; then emulate -L sh; fi
	set -u

	# The release that this script is an asset of.
	server='@SERVER@'
	repo='@REPO@'
	release='@TAG@'

	into='' python='' tag='' from='' label=''
	while [ $# -gt 0 ]; do
		case $1 in
		--into=* | --python=* | --tag=* | --from=* | --label=*)
			value=${1#*=}
			;;
		--into | --python | --tag | --from | --label)
			if [ $# -lt 2 ]; then
				binary_buildout_usage "$1 needs a value"
				return 2
			fi
			value=$2
			;;
		-h | --help)
			binary_buildout_help
			return 0
			;;
		*)
			binary_buildout_usage "$1 is no option"
			return 2
			;;
		esac
		case $1 in
		--into*) into=$value ;;
		--python*) python=$value ;;
		--tag*) tag=$value ;;
		--from*) from=$value ;;
		--label*) label=$value ;;
		esac
		case $1 in
		*=*) shift ;;
		*) shift 2 ;;
		esac
	done
	if [ -z "$into" ]; then
		binary_buildout_usage 'no directory to install into'
		return 2
	fi

	# What an interpreter tells of itself.
	probe='
import json, os, platform, struct, subprocess, sys
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
    # way round: what counts is what this process runs on.
    try:
        with open("/proc/self/maps") as f:
            names = set(line.split()[-1] for line in f)
        musl = [name for name in names if os.path.basename(name).startswith("ld-musl-")]
    except Exception:
        musl = []
    try:
        if musl:
            p = subprocess.Popen(musl[:1], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
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
'

	# Everything else, for Python 2.7 and 3. No single quote may stand in it.
	program='
import sys
sys.path[:] = [p for p in sys.path if p]  # not the directory that we are in
import calendar, errno, fcntl, glob, hashlib, json, os, re, shutil, signal, stat, struct, subprocess, tarfile, zipfile, zlib
try:
    from urllib import quote
except ImportError:
    from urllib.parse import quote

PY2 = sys.version_info[0] == 2


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
    return v.encode("utf-8") if PY2 and isinstance(v, type(u"")) else v


def read_json(path):
    with open(path, "rb") as f:
        return native(json.loads(f.read().decode("utf-8")))


def say(text, stream=None):
    stream = stream or sys.stderr
    stream.flush()
    stream = getattr(stream, "buffer", stream)
    stream.write(raw(text) + b"\n")
    stream.flush()


def word(s):
    """A word for a shell."""
    return s if re.match(r"[\w@%+=:,./-]+\Z", s) else "\x27" + s.replace("\x27", "\x27\\\x27\x27") + "\x27"


def run(args, **more):
    """Exit code, standard output and, unless it goes there too, standard error."""
    more.setdefault("stderr", subprocess.PIPE)
    try:
        p = subprocess.Popen(args, stdout=subprocess.PIPE, **more)
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
    return b if PY2 else b.decode("utf-8", "surrogateescape")


def which(name):
    for d in os.environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(d, name)
        if os.path.isabs(d) and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def number(version):
    parts = [int(re.match(r"\d*", p).group() or 0) for p in version.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return parts


# The interpreters that are here, as internal/install/python.go finds them.

def candidates():
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    if sys.platform == "darwin":
        patterns = ["/usr/local/bin", "/opt/homebrew/bin", "/opt/*/bin", "/Library/Frameworks/Python.framework/Versions/*/bin",
                    "/usr/local/opt/python@*/bin", "/opt/homebrew/opt/python@*/bin", pyenv + "/versions/*/bin",
                    os.path.expanduser("~/.local/share/uv/python/*/bin"), "/usr/bin"]
    else:
        patterns = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/*/bin", "/opt/python/*/bin", "/opt/rh/*/root/usr/bin",
                    "/usr/lib/python-*/bin", pyenv + "/versions/*/bin",
                    os.path.expanduser("~/.local/share/uv/python/*/bin"), "/usr/local/python*/bin"]
    dirs = os.environ.get("PATH", "").split(os.pathsep)
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
                if not re.match(r"python(?:[0-9]+(?:\.[0-9]+)?t?)?\Z", name) or not os.path.exists(path):
                    continue
                # A link in a virtualenv is another interpreter than what it points to.
                venv = os.path.exists(os.path.join(os.path.dirname(d), "pyvenv.cfg"))
                key = path if venv else os.path.realpath(path)
                if key not in seen:
                    seen.add(key)
                    yield path


def describe(path, probe):
    code, out, _ = run([path, "-sE", "-c", probe], cwd="/")
    try:
        p = native(json.loads(out.decode("utf-8"))) if code == 0 else None
    except ValueError:
        return None
    if p:
        p["executable"] = p["executable"] or path
    return p


def pythons(asked, probe):
    """The one that was asked for, by path, name or version; or all."""
    if not asked:
        found = []
        for path in candidates():
            p = describe(path, probe)
            if p and p["executable"] not in [q["executable"] for q in found]:
                found.append(p)
        return found
    if "/" in asked:
        paths = [os.path.abspath(asked)]
    else:
        name = "python" + asked if re.match(r"[0-9.]+\Z", asked) else asked
        paths = []
        for path in candidates():
            at = os.path.basename(os.path.dirname(os.path.dirname(path)))
            if os.path.basename(path) == name or name != asked and (at + ".").startswith(asked + "."):
                paths.append(path)
    for path in paths:
        p = describe(path, probe)
        if p:
            return [p]
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
    """A release, or a copy of one behind a URL. curl or wget fetches."""

    def __init__(self, base, name, source):
        self.base, self.name, self.source = base.rstrip("/"), name, source
        self.curl, self.wget = which("curl"), which("wget")
        if not self.curl and not self.wget:
            raise Stop(2, "fetching from %s: there is neither curl nor wget" % name, "install one of them, or copy the release here and name it with --from")
        self.gnu = not self.curl and b"GNU Wget" in run([self.wget, "--version"])[1]
        if self.base.startswith("https:") and not self.curl and not self.gnu:
            say("warning: this wget may not check certificates; curl and GNU Wget do")

    def where(self, name):
        return self.base + "/" + quote(name)

    def fetch(self, name, to, more=False):
        url = self.where(name)
        if self.curl:
            args = [self.curl, "-fsSL", "--connect-timeout", "30", "--retry", "4", "--speed-limit", "1", "--speed-time", "60"]
            args += ["--proto", "=https"] if url.startswith("https:") else []
            args += ["-C", "-"] if more else []
        else:
            # Not -T for busybox: with it, 1.35 dies of SIGSEGV.
            args = [self.wget] + (["-nv", "--tries=5", "--timeout=60"] if self.gnu else ["-q"]) + (["-c"] if more else [])
        code, out, err = run(args + [self.curl and "-o" or "-O", to, url])
        if code == 0:
            return out
        err = text(err).strip().split("\n")[-1]
        url = without_password(url)
        if re.search(r"\b404\b", err):
            raise Stop(2, "fetching %s: it is not there (%s)" % (url, err), "check the name; of a private repository, copy the release here and name it with --from")
        raise Stop(3, "fetching %s: %s" % (url, err or "exit code %d" % code), "check the network, and https_proxy if there is a proxy; running this again resumes the download")

    def index(self):
        return self.fetch("index.json", "-")

    def local(self, asset):
        return None

    def get(self, asset, to):
        have = os.path.getsize(to) if os.path.exists(to) else 0
        if 0 < have < asset["size"]:
            try:
                return self.fetch(asset["archive"], to, True)
            except Stop as e:
                if not re.search(r"416|range|resume", e.text):
                    raise  # else a server that cannot resume: from the start
        if have != asset["size"]:
            if have:
                os.remove(to)
            self.fetch(asset["archive"], to)


def source(origin, server, repo, release, tag):
    if re.match(r"https?://", origin):
        if origin.startswith("http:"):
            say("warning: the archive and its digest come over http, which anybody on the way can change")
        return Site(origin, without_password(origin), origin)
    if origin:
        return Folder(origin)
    if not repo or not (tag or release):
        raise Stop(2, "it is not known which release this script is of", "name a mirror with --from")
    name = repo + "@" + (tag or release)
    # Without --tag, an update later takes what is the latest then.
    return Site("%s/%s/releases/download/%s" % (server, repo, quote(tag or release, safe="")), name, name if tag else repo)


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
        raise Stop(2, "reading index.json of %s: format %s, known is 1" % (name, x["format"]), "take a newer install.sh")
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
                   "run: python %s, or move the directory away" % word(os.path.join(path, "bootstrap.py")))
    try:
        record = read_json(os.path.join(ours, "install.json"))
    except (EnvironmentError, ValueError):
        record = {}
    with open(os.path.join(ours, "manifest.json"), "rb") as f:
        return {"what": what, "sha256": record.get("sha256"), "base": hashlib.sha256(f.read()).hexdigest(), "state": state}


def other_version(path, there, asset, index, shelf):
    hint = "binary-buildout update %s %s" % (word(path), word(without_password(shelf.source)))
    for d in asset.get("deltas") or []:
        if d["base"] == there["base"]:
            hint += "; or without it: fetch %s, tar -xzf %s -C %s, and run: %s %s" % (
                without_password(shelf.where(d["delta"])), word(d["delta"]), word(path),
                word(there["state"].get("interpreter") or "python"), word(os.path.join(path, "bootstrap.py")))
    return Stop(2, "installing %s %s into %s: %s is there" % (index["name"], index["version"], path, there["what"]), hint)


# Downloading, unpacking, placing.

def remove(path):
    """Removes a tree, directories without write permission too."""
    for at, dirs, _ in os.walk(path):
        for d in dirs:
            if not os.path.islink(os.path.join(at, d)):
                os.chmod(os.path.join(at, d), 0o700)
    shutil.rmtree(path, True)


class Work(object):
    """A directory beside DIR, ours alone, locked until the process ends."""

    def __init__(self, path):
        self.path = path
        try:
            if not os.path.lexists(path):
                os.mkdir(path, 0o700)
            st = os.lstat(path)
            if not stat.S_ISDIR(st.st_mode) or st.st_uid != os.geteuid() or st.st_mode & 0o022:
                raise Stop(3, "making a directory to work in: %s is there and is not ours" % path, "remove it")
            name = os.path.join(path, ".lock")
            self.lock = os.open(name, os.O_CREAT | os.O_RDWR, 0o600)
        except EnvironmentError as e:
            raise Stop(3, "making a directory to work in: %s" % e, "install as a user who may write " + os.path.dirname(path))
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
        remove(self.path)
        os.close(self.lock)


def check(path, asset):
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
        unpacker = subprocess.Popen([tool, "-dcq", path], stdout=subprocess.PIPE)
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


def unpack(path, tree):
    """Unpacks without the top directory. Links come last: nothing is written through one."""
    top, links, dirs = None, [], []
    for name, kind, mode, when, target, content in (zip_entries if path.endswith(".zip") else tar_entries)(path):
        parts = name.rstrip(b"/").split(b"/")
        top = top or parts[0]
        clean = not [p for p in parts if p in (b"", b".", b"..")] and b"\\" not in name and b"\0" not in name
        if not clean or parts[0] != top or kind == "other" or len(parts) == 1 and kind != "dir":
            raise Stop(1, "unpacking %s: %s has no place in an archive" % (path, text(name)), "it is no archive of binary-buildout")
        to = os.path.join(tree, *parts[1:])
        make_dirs(to if kind == "dir" else os.path.dirname(to))
        if kind == "dir":
            dirs.append((to, mode, when))
        elif kind == "link":
            links.append((to, target, name))
        else:
            with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
                shutil.copyfileobj(content(), f, 1 << 20)
                os.fchmod(f.fileno(), mode & 0o777)
            os.utime(to, (when, when))
    for to, target, _ in links:
        os.symlink(target, to)
    real = os.path.realpath(tree)
    for to, target, name in links:
        if target.startswith(b"/") or not (os.path.realpath(to) + b"/").startswith(real + b"/"):
            raise Stop(1, "unpacking %s: the link %s leads out of it" % (path, text(name)), "it is no archive of binary-buildout")
    for to, mode, when in reversed(dirs):
        os.chmod(to, mode & 0o777)
        os.utime(to, (when, when))
    if not os.path.isfile(os.path.join(tree, b"bootstrap.py")):
        raise Stop(1, "unpacking %s: it holds no bootstrap.py" % path, "it is no archive of binary-buildout")


def bootstrap(tree, root, python):
    code, out, _ = run([python, "-sE", os.path.join(tree, "bootstrap.py"), "--root", root], cwd=tree, stderr=subprocess.STDOUT)
    if code == 0:
        return
    lines = [line.strip() for line in text(out).strip().split("\n")]
    errors = [line[7:] for line in lines if line.startswith("error: ")]
    hints = [line[6:] for line in lines if line.startswith("hint: ")]
    raise Stop(code if code in (1, 2, 3) else 1, "running bootstrap.py with %s: %s" % (python, (errors or lines)[-1]), (hints or [""])[-1])


def place(archive, asset, path, python, origin):
    work = Work(beside(path, "new"))
    try:
        work.clear()
        tree = os.path.join(work.path, "tree")
        os.mkdir(tree, 0o755)
        say("unpacking " + asset["archive"])
        try:
            unpack(archive, tree if PY2 else os.fsencode(tree))
        except (tarfile.TarError, zipfile.BadZipfile, zlib.error, EOFError, ValueError) as e:
            raise Stop(1, "unpacking %s: %s" % (archive, e), "the file is damaged; fetch it again")
        except EnvironmentError as e:
            if e.errno not in (errno.EEXIST, errno.ENOTDIR):
                raise
            raise Stop(1, "unpacking %s: two entries have one place: %s" % (archive, e), "it is no archive of binary-buildout")
        say("running bootstrap.py with " + python)
        bootstrap(tree, path, python)
        record = [("format", 1), ("archive", asset["archive"]), ("sha256", asset["sha256"]), ("source", origin)]
        record = "{\n" + ",\n".join("  %s: %s" % (json.dumps(k), json.dumps(v)) for k, v in record) + "\n}\n"
        to = os.path.join(tree, ".binary-buildout", "install.json")
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as f:
            f.write(raw(record))
        if os.path.isdir(path):
            os.rmdir(path)  # only an empty one; a mount point stays, and says so
        os.rename(tree, path)
    finally:
        work.remove()


def beside(path, what):
    return os.path.join(os.path.dirname(path), ".%s.binary-buildout.%s" % (os.path.basename(path), what))


def install(probe, into, python, tag, origin, label, server, repo, release):
    path = final(into)
    there = look(path)
    shelf = source(origin, server, repo, release, tag)
    index = read_index(shelf.index(), shelf.name)
    asset, python = choose(index, shelf.name, pythons(python, probe), label)
    if there and there["sha256"] == asset["sha256"]:
        return say("%s is in %s already: nothing changes" % (there["what"], path), sys.stdout)
    if there:
        raise other_version(path, there, asset, index, shelf)
    if asset["archive"].endswith(".zst"):
        zstd()
    archive = shelf.local(asset)
    if archive:
        check(archive, asset)
        place(archive, asset, path, python["executable"], shelf.source)
    else:
        work, keep = Work(beside(path, "download")), False
        try:
            # The digest in its name says that the part of an earlier run is of the same content.
            part = os.path.join(work.path, asset["sha256"] + ".part")
            work.clear(os.path.basename(part))
            say("downloading %s, %.1f MiB" % (asset["archive"], asset["size"] / 1048576.0))
            keep = True
            shelf.get(asset, part)
            keep = False
            archive = os.path.join(work.path, asset["archive"])
            os.rename(part, archive)
            check(archive, asset)
            place(archive, asset, path, python["executable"], shelf.source)
        finally:
            if not keep or not os.path.exists(part):
                work.remove()
    say("%s %s is in %s, with %s\nnext: cd %s && bin/buildout" % (index["name"], index["version"], path, python["executable"], word(path)), sys.stdout)


def ended(number, frame):
    raise KeyboardInterrupt


for number_ in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number_, ended)
try:
    install(*sys.argv[1:])
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
'
	# The program itself runs on any Python; which one the application gets is
	# chosen by it.
	for driver in "$python" "${python:+python$python}" python3 python python2 python2.7 /usr/bin/python3 /usr/local/bin/python3 /usr/libexec/platform-python; do
		if [ -n "$driver" ] && command -v "$driver" >/dev/null 2>&1 &&
			"$driver" -sE -c 'import fcntl, hashlib, json, subprocess, tarfile, zipfile, zlib' </dev/null >/dev/null 2>&1; then
			exec "$driver" -sE -c "$program" "$probe" "$into" "$python" "$tag" "$from" "$label" "$server" "$repo" "$release" </dev/null
		fi
	done
	printf 'error: %s\nhint: %s\n' 'there is no Python here' 'install one, or name it with --python PATH' >&2
	return 2
}

binary_buildout_usage() {
	printf 'error: %s\nhint: %s\n' "$1" 'sh install.sh --into DIR; --help lists the options' >&2
}

binary_buildout_help() {
	cat <<'HELP'
usage: sh install.sh --into DIR [options]

Installs the archive of this release that fits this system.

  --into DIR      the directory: new, or empty, or with the same archive already
  --python PYTHON the interpreter: a path, a name, or a version as 3.13;
                  default is the newest that fits
  --tag TAG       another release
  --from URL      a mirror: a copy of a release's assets, by its URL,
  --from FOLDER   or in a folder
  --label LABEL   which of several archives for one target
  --help          this

exit codes: 0 done, or nothing to do; 1 a check failed; 2 wrong usage, or not
for this system; 3 the surroundings failed (network, disk, rights)
HELP
}

binary_buildout_install "$@"
