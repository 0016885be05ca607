"""Makes the tables of this directory from where the facts come from.

    python generate.py AUDITWHEEL DELVEWHEEL ABI3INFO DATE

AUDITWHEEL and DELVEWHEEL are git directories or checkouts of pypa/auditwheel and
adang1345/delvewheel, ABI3INFO the unpacked wheel of abi3info (which is made from
CPython's Misc/stable_abi.toml), DATE is written into the tables.
packages.json and macos.json are kept by hand.
"""
import json
import subprocess
import sys

auditwheel, delvewheel, abi3info, date = sys.argv[1:]


def show(repo, path):
    return subprocess.check_output(["git", "-C", repo, "show", "HEAD:" + path]).decode()


def commit(repo):
    return subprocess.check_output(["git", "-C", repo, "rev-parse", "HEAD"]).decode()[:12]


def write(name, source, **tables):
    with open(name, "w") as f:
        f.write('{"source": %s, "date": %s' % (json.dumps(source), json.dumps(date)))
        for key, value in tables.items():
            f.write(',\n"%s": ' % key)
            if isinstance(value, list) and value and isinstance(value[0], dict):
                f.write("[\n" + ",\n".join(json.dumps(v, sort_keys=True) for v in value) + "]")
            else:
                f.write(json.dumps(value, sort_keys=True))
        f.write("}\n")


policies = []
for family in "manylinux", "musllinux":
    for p in json.loads(show(auditwheel, "src/auditwheel/policy/%s-policy.json" % family)):
        if p["name"] != "linux":
            policies.append({k: p[k] for k in ("name", "aliases", "symbol_versions", "lib_whitelist", "blacklist")})
write("linux.json", "github.com/pypa/auditwheel src/auditwheel/policy, commit " + commit(auditwheel), policies=policies)

names = None
for windows in "8.1", "10", "11":
    lines = show(delvewheel, "dll_lists/%s/System32.txt" % windows).splitlines()
    dlls = {l.strip().lower() for l in lines if l.strip().lower().endswith((".dll", ".drv"))}
    names = dlls if names is None else names & dlls
names = {n for n in names if not n.startswith("api-")} | {"combase.dll"}
write("windows.json", "github.com/adang1345/delvewheel dll_lists, in System32 of Windows 8.1, 10 and 11, commit " + commit(delvewheel),
      libraries=sorted(names))

sys.path.insert(0, abi3info)
import abi3info._internal as info  # noqa: E402

symbols = {}
for table in info._FUNCTIONS, info._DATAS:
    for key, value in table.items():
        symbols[str(getattr(key, "name", key))] = "%d.%d" % (value.added.major, value.added.minor)
write("stable_abi.json", "CPython's Misc/stable_abi.toml, through PyPI abi3info " + abi3info.rstrip("/").rsplit("/", 1)[-1], symbols=symbols)
