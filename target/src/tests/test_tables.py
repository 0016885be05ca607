"""The tables in target/cases, which Go's tests read too."""
import hashlib
import unittest

import addresses
import boundaries
import bytecode
import changes
import choose
import index
import develop
import names
import shebang
import sums
import tags
import versions
import ways
from tests import cases
from words import Stop, native


class Tables(unittest.TestCase):

    def rows(self, wrong):
        self.assertFalse(wrong, u"\n".join(u"%r" % (row,) for row in wrong[:20]))

    def test_sums(self):
        table = cases("sums.json")
        text = "".join("%s %s\n" % ("0a" * 32, name) for name in table["files"])
        found = [dict(a, volumes=len(a["volumes"])) for a in sums.named_by(text)]
        self.assertEqual(found, [dict(a, sha256="0a" * 32) for a in table["archives"]])

    def test_installed(self):
        rows = cases("installed.json")["rows"]
        self.rows([path for path, want in rows.items() if bytecode.is_installed(path) is not want])

    def test_changes(self):
        for row in cases("changes.json")["rows"]:
            sides = []
            for side in "old", "new":
                known = row[side]
                sides += [{"version": known["version"], "python": {"version": known["python"]}, "buildout": known["buildout"],
                           "floors": [{"kind": k, "version": v} for k, v in known["floors"].items()],
                           "system_libraries": [{"name": name} for name in known["libraries"]],
                           "parts": [{"name": k, "recipe": v} for k, v in known["parts"].items()]},
                          [{"path": p, "sha256": content, "size": size} for p, content, size in row[side + "_files"]]]
            self.assertEqual(changes.changed_lines(*(sides + [20])), row["lines"])

    def test_changes_of_many(self):
        files = [[{"path": u"%s-%s.egg" % (name, version)} for name in u"abc"] for version in (u"1", u"2")]
        manifest = {"version": u"1", "python": {"version": u"3"}}
        lines = changes.changed_lines(manifest, files[0], manifest, files[1], 2)
        self.assertEqual(lines[1:5], [u"  eggs: 3 with another version", u"    a 1 -> 2", u"    b 1 -> 2", u"    and 1 more"])

    def test_shheads(self):
        wrong = []
        for row in cases("shheads.json")["rows"]:
            want = script = (row["head"] + u"import sys\n").encode("utf-8")
            if row["interpreter"]:
                line = u"#!" + row["interpreter"] + (u" " + row["arguments"] if row["arguments"] else u"")
                want = (line + u"\n" + row["kept"] + u"import sys\n").encode("utf-8")
            if shebang.plain_shebang(script) != want:
                wrong.append((row["who"], shebang.plain_shebang(script), want))
        self.rows(wrong)

    def test_versions(self):
        table = cases("versions.json")
        rows = [[versions.order(text) for text in line.split()] for line in table["ascending"]]
        self.rows([line for line, row in zip(table["ascending"], rows) if None in row or [v for v in row if v != row[0]]])
        self.rows([table["ascending"][i] for i in range(1, len(rows)) if not rows[i - 1][0] < rows[i][0]])
        self.rows([text for text in table["none"] if versions.order(text) is not None])
        self.assertEqual([versions.older(*pair) for pair in (("1.0", "1.1"), ("1.1", "1.0"), ("x", "x"), ("x", "1"))], [True, False, False, None])

    def test_ways(self):
        """The cheapest way of deltas, as internal/fetch goes it."""
        wrong, base = [], lambda version: hashlib.sha256(version.encode("utf-8")).hexdigest()
        for row in cases("ways.json"):
            published = {}
            for version, known in row["releases"].items():
                asset = {"target": known.get("target", "cp313-linux_x86_64"), "size": known["size"], "deltas": [
                    {"delta": name, "size": int(size), "sha256": "1" * 64, "base": base(old), "base_version": old} for name, size, old in known["deltas"]]}
                published[version] = ways.Published(None, {"name": known.get("name", "app"), "version": version, "archives": [asset]}, 300)
            other = lambda version: published.get(version) if published.get(version) and published[version].index["name"] == "app" else None
            passes = lambda version: versions.older(version, "1.0") is not True
            newest = published["1.3"]
            way = ways.cheapest(base("1.0"), newest, newest.index["archives"][0], other, passes, row["most"])
            if [step.delta["delta"] for step in way] != row["way"]:
                wrong.append((row["about"], [step.delta["delta"] for step in way]))
        self.rows(wrong)

    def test_boundaries(self):
        """Of each row what is found of the path, and nothing else, moves."""
        wrong, count = [], 0
        tables = cases("boundaries.json")
        for name in ("boundaries", "forms"):
            old = tables[name]["path"]
            values = [{u"root": root, u"python": u"/nowhere/python"} for root in (old, old.replace(u"srv", u"dst"))]
            replaced = boundaries.replacer(*values)
            for row in tables[name]["rows"]:
                data = row["in"].encode(row.get("encoding") or "utf-8")
                count += 1
                if (replaced(data) != data) != (u"<0>" in row["want"]):
                    wrong.append((row["in"], replaced(data)))
        self.rows(wrong)
        self.assertTrue(count > 60, count)

    def test_platforms(self):
        wrong = []
        for row in cases("platforms.json")["tags"]:
            got = dict(tags.platform_needs(row["tag"]), tag=row["tag"])
            got["arch"] = tags.ARCH.get(got["arch"], got["arch"])
            if got != row:
                wrong.append(got)
        self.rows(wrong)

    def test_addresses(self):
        wrong = []
        for row in native(cases("addresses.json")):
            got = addresses.without_password(row["address"]), bool(addresses.ADDRESS.match(row["address"]))
            if got != (row["shown"], row["valid"]):
                wrong.append((row["address"],) + got)
        self.rows(wrong)

    def test_projects(self):
        """Names of projects, which pydist.PlainName writes the same way."""
        self.rows([row for row in cases("projects.json") if names.plain_name(row[0]) != row[1]])

    def test_names(self):
        """An index.json with a name that GitHub has for no asset is refused."""
        good = ("{\"format\":1,\"name\":\"hello\",\"version\":\"1.0\",\"tag\":\"v1.0\",\"archives\":[{\"target\":\"cp313-linux_x86_64\","
                "\"label\":\"\",\"archive\":\"hello-1.0-cp313-linux_x86_64.tar.gz\",\"size\":1,\"sha256\":\"" + "0" * 64 +
                "\",\"floors\":null,\"deltas\":null}]}")
        self.assertEqual(index.read_index(good.encode("ascii"), "x")["name"], "hello")
        wrong = []
        for row in cases("names.json"):
            old, new = row["change"]
            self.assertTrue(old in good, old)
            try:
                index.read_index(good.replace(old, new, 1).encode("utf-8"), "x")
                wrong.append(new)
            except Stop as e:
                if e.code != 1 or "damaged" not in e.hint:
                    wrong.append((new, e.text))
        self.rows(wrong)

    def test_owners(self):
        wrong = []
        for row in cases("owners.json")["rows"]:
            records = row.get("records") or {}
            found = develop.owners_of(row["names"], lambda name: records.get(name, u"").encode("utf-8"))
            found = dict((name, package) for name, package in found.items() if name in row["names"])
            if found != row["owners"]:
                wrong.append((row["names"], found, row["owners"]))
        self.rows(wrong)

    def test_fits(self):
        wrong, table = [], native(cases("fits.json"))
        for row in table["rows"]:
            python = dict({"libc": "", "libc_version": "", "macos": ""}, **table["pythons"][row["python"]])
            got = (choose.unfit(choose.needs(row), python) or (0, ""))[1]
            if got != row["unfit"]:
                wrong.append((row, got))
        self.rows(wrong)

    def test_record(self):
        """A RECORD that is none names nothing, and ends no run."""
        for data in (b"", b"\0", b"\r\r", b"\"" + b"x" * 200000 + b"\n" + b"y" * 200000):
            self.assertEqual(develop.record_names(data), set())
        self.assertEqual(develop.record_names(b"a.py,,\rb.py,,\r\nc/d.py"), set([u"a.py", u"b.py", u"c"]))
