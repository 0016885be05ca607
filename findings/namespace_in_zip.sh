#!/bin/sh
# A namespace can be imported from one backend's wheel, and not from another's.
#
# A wheel of pure Python is a zip file that can stand on sys.path. zipimport takes a directory
# without __init__.py for a namespace if the archive has an entry for the directory itself; that
# files lie in it counts from CPython 3.14 on. A zip file needs no such entries: uv_build
# 0.13.6 writes them, and flit, hatchling, pdm-backend and setuptools don't, no more than
# "zip -D" does. So one module is found in one wheel and missing in four others, which
# all have the same files, and which all work once they are unpacked.
#
# Seen 2026-11-30, CPython 3.12 and 3.13; 3.13.5 is so too, 3.14.8 and 3.15.0 import each.
. "$(dirname "$0")/lib.sh"

venv tools 3.12 pip==25.3 hatchling==1.33.0 pdm-backend==2.5.0 flit-core==4.2.0 setuptools==81.0.0 uv-build==0.13.6

# project NAME BACKEND: a module in a namespace, whose pyproject.toml ends with standard input.
project() {
    mkdir -p "$1/src/space/ordinary"
    echo 'found = True' >"$1/src/space/ordinary/__init__.py"
    {
        printf '[build-system]\nrequires = []\nbuild-backend = "%s"\n' "$2"
        printf '[project]\nname = "space.ordinary"\nversion = "1"\ndescription = "x"\n'
        cat
    } >"$1/pyproject.toml"
}
project uv uv_build <<'TOML'
[tool.uv.build-backend]
module-name = "space.ordinary"
TOML
project flit flit_core.buildapi </dev/null
project pdm pdm.backend <<'TOML'
[tool.pdm.build]
includes = ["src/space"]
TOML
project setuptools setuptools.build_meta </dev/null
project hatchling hatchling.build <<'TOML'
[tool.hatch.build.targets.wheel]
packages = ["src/space"]
TOML

# found MINOR PATH: whether that Python imports the module from there.
found() { PYTHONPATH=$2 "$(python "$1")" -c 'import space.ordinary; print(space.ordinary.found)' 2>&1 | tail -n 1; }
for name in uv flit pdm setuptools hatchling; do
    PATH=$work/tools/bin:$PATH tools/bin/pip -q --disable-pip-version-check wheel --no-build-isolation --no-deps \
        -w "of-$name" "./$name"
    wheel=$(echo of-"$name"/*.whl)
    tools/bin/python -m zipfile -e "$wheel" "unpacked-$name"
    case $name in
        uv) directories=2 wanted=True ;;
        *) directories=0 wanted="ModuleNotFoundError: No module named 'space'" ;;
    esac
    expect "$name, entries of directories" $directories "$(tools/bin/python -m zipfile -l "$wheel" | grep -c '^space[a-z/]*/ ' || :)"
    for minor in 3.12 3.13; do
        expect "$minor, from the wheel" "$wanted" "$(found $minor "$wheel")"
        expect "$minor, unpacked" True "$(found $minor "unpacked-$name")"
    done
done
