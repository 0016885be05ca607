#!/bin/sh
# A wheel's own bill of materials names 1 of its 18 libraries.
#
# auditwheel writes .dist-info/sboms/auditwheel.cdx.json (PEP 770) into what it
# repairs. That of Pillow 12.1.1 (auditwheel 6.5.0) lists libXau alone, which came
# from a package of the build image; the 17 others that lie in pillow.libs/,
# libjpeg, libtiff, libwebp and freetype among them, were compiled by Pillow's own
# build, belong to no package, and are left out without a word. So a scanner that
# believes it sees no image decoder in Pillow. The document also describes the
# wheel twice under one bom-ref, as metadata.component and as a component, which
# CycloneDX's schema lets pass.
#
# Seen 2026-11-30.
. "$(dirname "$0")/lib.sh"

venv tools 3.13 pip==25.3
tools/bin/pip -q download --no-deps --only-binary=:all: --python-version 3.12 --implementation cp --abi cp312 \
    --platform manylinux2014_x86_64 -d . pillow==12.1.1
tools/bin/python - pillow-12.1.1-*.whl >seen <<'PY'
import json, sys, zipfile

wheel = zipfile.ZipFile(sys.argv[1])
names = wheel.namelist()
(document,) = [n for n in names if ".dist-info/sboms/" in n and n.endswith(".json")]
bom = json.loads(wheel.read(document))
print(document.rsplit("/", 1)[1], bom["metadata"]["tools"][0]["version"])
print(len([n for n in names if n.startswith("pillow.libs/") and not n.endswith("/")]))
print(" ".join(c["name"] for c in bom["components"]))
refs = [bom["metadata"]["component"]["bom-ref"]] + [c["bom-ref"] for c in bom["components"]]
print(len(refs) - len(set(refs)))
PY
expect "written by" "auditwheel.cdx.json 6.5.0" "$(sed -n 1p seen)"
expect "libraries in the wheel" 18 "$(sed -n 2p seen)"
expect "components" "pillow libXau" "$(sed -n 3p seen)"
expect "bom-refs that are there again" 1 "$(sed -n 4p seen)"
