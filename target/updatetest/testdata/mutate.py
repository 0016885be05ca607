"""Changes one to three values in the documents of an installed tree, and runs
bootstrap.py or launcher.py: each run has to end by itself, and where it fails
with an error, a hint and exit 1 to 3.

    python mutate.py DIR WORK RUNS SEED

DIR has the trees: fitted, incoming, transaction, previous, pending, journal.
"""
import io
import json
import os
import random
import shutil
import sys
import traceback

OWN = ".binary-buildout/"
ALWAYS = [OWN + name for name in ("manifest.json", "files.json", "state.json", "launch.json", "listed.json")]
TREES = {  # the documents that count most, and what is run
    "fitted": ([], [[], ["--check"], ["--look"], ["--rollback"], ["--root", "/srv/elsewhere"]]),
    "incoming": (["delta.json"], [[], ["--look"]]),
    "transaction": ([OWN + "transaction/plan.json"], [[], ["--recover"], ["--rollback"]]),
    "previous": ([OWN + "previous/plan.json", OWN + "previous/old/" + OWN + "state.json", OWN + "install.json"], [["--rollback"]]),
    "pending": ([OWN + "state.json"], [[], ["--check"], ["launcher", "--mode=target"]]),
    "journal": ([OWN + "journal/head.json", OWN + "journal/log"], [["launcher", "--recover"], ["launcher", "--mode=target"], []]),
    "launcher": ([], [["launcher", "--mode=target"], ["launcher", "--mode=build"]]),
}
VALUES = [None, True, False, -1, 0, 1, 7, 1 << 40, 1 << 70, -(1 << 70), 0.5, 1e300, u"", u"x", u"..", u"../x", u"/", u"/x", u"a//b", u".",
          u"lib/mod.py", u"\0", u"a\0b", u"\ud800", u"\xfc", u"\U0001f600", u"x" * 5000, u"%s", u"dir", u"link", u"link:", u"\n", u" ",
          [], {}, [[]], [None], [1], [u"x"], {u"x": 1}, {u"": None}, {u"../x": u"y"}]


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def mutate(document, r):
    """Changes one value, wherever it lies."""
    at, key = {None: document}, None
    while True:
        inner = at[key]
        size = len(inner) if isinstance(inner, (dict, list)) else 0
        if not size or key is not None and r.random() < 0.25:
            break
        at, key = inner, r.choice(sorted(inner)) if isinstance(inner, dict) else r.randrange(size)
    kind = r.random()
    if key is None:
        return r.choice(VALUES)
    if kind < 0.12:
        del at[key]
    elif kind < 0.2 and isinstance(at, dict):
        at[r.choice([u"x", u"../x", u"/x", u"path", u"type"])] = at[key]
    elif kind < 0.25:
        at[key] = [at[key], at[key]]
    elif kind < 0.27:
        at[key] = nested(50)
    else:
        at[key] = r.choice(VALUES)
    return document


class Program(object):
    """bootstrap.py or launcher.py, loaded once."""

    def __init__(self, path):
        self.names = {"__name__": "loaded", "__file__": path}
        with open(path, "rb") as f:
            exec(compile(f.read(), path, "exec"), self.names)

    def run(self, path, arguments):
        """Exit code, and what it said to standard error."""
        out, err, environment, where = io.BytesIO(), io.BytesIO(), dict(os.environ), os.getcwd()
        self.names["__file__"] = path
        stdout, stderr, words, modules = sys.stdout, sys.stderr, sys.argv[:], sys.path[:]
        say = self.names["say"]
        self.names["say"] = lambda line, stream=None: (err if stream is sys.stderr else out).write(line.encode("utf-8", "replace") + b"\n")
        try:
            code = self.names["main"](arguments)
        except SystemExit as e:
            code = e.code or 0
        finally:
            self.names["say"] = say
            sys.stdout, sys.stderr, sys.argv[:], sys.path[:] = stdout, stderr, words, modules
            os.environ.clear()
            os.environ.update(environment)
            os.chdir(where)
        return code, err.getvalue().decode("utf-8")


def prepare(trees):
    """The programs, with what they start as another process run in this one."""
    bootstrap, launcher = (Program(os.path.join(trees, "fitted", name)) for name in ("bootstrap.py", OWN + "launcher.py"))

    def again(base, arguments, python=None):
        code, said = bootstrap.run(os.path.join(base, b"bootstrap.py").decode("utf-8"), arguments)
        bootstrap.names["say"](said, sys.stderr)
        return code

    def fit(staging, python, root, fitter=None):
        code, said = bootstrap.run(os.path.join(staging.base, b"bootstrap.py").decode("utf-8"), ["--root", root])
        if code:
            raise bootstrap.names["Refused"](said, u"of the staged tree", code)
    bootstrap.names["again"] = again
    bootstrap.names["Staging"].fit = fit
    os.fsync = lambda fd: None  # no power is cut here
    launcher.names["restart"] = lambda launch, root, arguments: None

    def reached(building):
        raise SystemExit(0)
    launcher.names["load_buildout"] = reached
    return bootstrap, launcher


def read(path):
    with io.open(path, "r", encoding="utf-8") as f:
        if path.endswith("log"):
            return [json.loads(line) for line in f]
        return json.loads(f.read())


def write(path, document):
    text = json.dumps(document)
    if path.endswith("log") and isinstance(document, list):
        text = "".join(json.dumps(line) + "\n" for line in document)
    os.unlink(path)
    with open(path, "wb") as f:
        f.write(text.encode("ascii"))


def change(root, extra, r):
    """Changes values, and gives what was changed."""
    names = [n for n in ALWAYS + extra * 4 if os.path.exists(os.path.join(root, n))]
    incoming = os.path.join(root, OWN + "incoming")
    if "delta.json" in extra:
        found = OWN + "incoming/" + os.listdir(incoming)[0] + "/delta.json"
        names += [found] * 6
    documents = {}
    for _ in range(r.choice([1, 1, 2, 3])):
        name = r.choice(names)
        if name not in documents:
            documents[name] = read(os.path.join(root, name))
        documents[name] = mutate(documents[name], r)
    for name, document in documents.items():
        write(os.path.join(root, name), document)
        if name == OWN + "manifest.json" and r.random() < 0.7 and isinstance(document, dict):
            follow(root)
    return documents


def follow(root):
    """Has state.json and listed.json be of the changed manifest."""
    import hashlib
    with open(os.path.join(root, OWN + "manifest.json"), "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    for name in ("state.json", "listed.json"):
        path = os.path.join(root, OWN + name)
        document = read(path) if os.path.exists(path) else None
        if isinstance(document, dict):
            document["archive"] = digest
            write(path, document)


def main(trees, work, runs, seed):
    bootstrap, launcher = prepare(trees)
    wrong, ended = 0, {}
    for number in range(runs):
        r = random.Random("%d-%d" % (seed, number))
        tree = r.choice(sorted(TREES))
        extra, commands = TREES[tree]
        root = os.path.join(work, "tree" if r.random() < 0.5 else "moved")
        shutil.copytree(os.path.join(trees, tree if tree != "launcher" else "fitted"), root, symlinks=True)
        if not root.endswith("moved"):  # at home: not moved since it was fitted
            place = os.path.join(work, "home")
        else:
            place = root
        if place != root:
            os.rename(root, place)
            root = place
        changed, command = change(root, extra, r), r.choice(commands)
        program, path, arguments = bootstrap, "bootstrap.py", command
        if command[:1] == ["launcher"]:
            program, path, arguments = launcher, OWN + "launcher.py", command[1:]
        try:
            code, said = program.run(os.path.join(root, path), list(arguments))
            why = None
            if code not in (0, 1, 2, 3):
                why = "exit %r" % (code,)
            elif code and (u"error: " not in said or u"hint: " not in said or u"Traceback" in said):
                why = "exit %r: %r" % (code, said)
        except Exception:
            code, why = -1, traceback.format_exc()
        ended[code] = ended.get(code, 0) + 1
        if why:
            wrong += 1
            if wrong < 12:
                print("%s %s, run %d, changed %s: %s" % (tree, command, number, sorted(changed), why))
        shutil.rmtree(root)
    print("%d runs, %d wrong, exit codes %s" % (runs, wrong, ", ".join("%s: %d" % e for e in sorted(ended.items()))))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
