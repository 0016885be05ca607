#!/bin/sh
# Two builds of one Rust package differ by the bill of materials inside the wheel.
#
# maturin 1.14.1 puts a CycloneDX document of cargo-cyclonedx 0.5.9 into each wheel
# (.dist-info/sboms, PEP 770). It calls the package by the absolute path that it was
# built at (bom-ref "path+file:///..."). With SOURCE_DATE_EPOCH and an equal
# toolchain the library is the same in two directories, byte for byte, and so is all
# else; the document isn't, and RECORD with it. pip builds an sdist in a directory
# with a random name: no two wheels that it makes are alike, and the published
# wheels of cryptography 50.0.2 name one of their build machine.
#
# Seen 2026-11-30, cargo 1.95.
. "$(dirname "$0")/lib.sh"
need cargo cargo

venv tools 3.12 maturin==1.14.1 cffi==2.0.0 pip==25.3
mkdir -p here/src
cat >here/Cargo.toml <<'TOML'
[package]
name = "two"
version = "0.1.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
TOML
cat >here/pyproject.toml <<'TOML'
[build-system]
requires = ["maturin==1.14.1"]
build-backend = "maturin"
[project]
name = "two"
version = "0.1.0"
dependencies = ["cffi"]
[tool.maturin]
bindings = "cffi"
strip = true
TOML
echo '#[no_mangle] pub extern "C" fn two() -> i32 { 2 }' >here/src/lib.rs
cp -r here another
for dir in here another; do
    (cd "$dir" && SOURCE_DATE_EPOCH=1700000000 RUSTFLAGS="--remap-path-prefix=$PWD=/src" PATH="$work/tools/bin:$PATH" \
        maturin build -q --release -o "../of-$dir" --interpreter "$work/tools/bin/python" >/dev/null 2>&1)
done

tools/bin/python - of-here/*.whl of-another/*.whl >seen <<'PY'
import json, sys, zipfile

a, b = map(zipfile.ZipFile, sys.argv[1:])
assert a.namelist() == b.namelist()
differ = [n.split("/", 1)[1] for n in a.namelist() if a.read(n) != b.read(n)]
print(" ".join(differ))
print(sum(n.endswith(".so") and a.read(n) == b.read(n) for n in a.namelist()))
(document,) = [n for n in a.namelist() if n.endswith(".cyclonedx.json")]
print(json.loads(a.read(document))["metadata"]["component"]["bom-ref"])
PY
expect "files that differ" "sboms/two.cyclonedx.json RECORD" "$(sed -n 1p seen)"
expect "libraries that are the same" 1 "$(sed -n 2p seen)"
expect "the package's bom-ref" "path+file://$work/here#two@0.1.0" "$(sed -n 3p seen)"

tools/bin/pip -q download --no-deps --only-binary=:all: --python-version 3.15 --implementation cp \
    --abi cp315 --abi abi3 --abi abi3t --platform manylinux_2_34_x86_64 -d published cryptography==50.0.2
tools/bin/python - published/*.whl >seen <<'PY'
import json, re, sys, zipfile

wheel = zipfile.ZipFile(sys.argv[1])
(document,) = [n for n in wheel.namelist() if n.endswith("-rust.cyclonedx.json")]
ref = json.loads(wheel.read(document))["metadata"]["component"]["bom-ref"]
print(re.sub(r"/\.tmp\w+/", "/.tmpXXXXXX/", ref.split("/tmpwheelhouse", 1)[1]))
PY
expect "published" "/.tmpXXXXXX/cryptography-50.0.2/src/rust#cryptography-rust@0.50.2" "$(cat seen)"
