#!/bin/sh
# Two of five build backends take the version from the docstring.
#
# A module's docstring shows a line of somebody's TOML, version = "0.3"; below it stands
# __version__ = "2.0". Asked to read the version from that file, flit, pdm-backend
# and setuptools build 2.0. hatchling and scikit-build-core's regex provider build 0.3: both
# look for the first line that begins with __version__ or VERSION in *either case*, in
# the text and not in the code. With __version__ = "0.3" in the docstring pdm-backend,
# which searches the text too, changes sides. Only flit and setuptools parse Python.
#
# Seen 2026-11-30.
. "$(dirname "$0")/lib.sh"

venv tools 3.12 pip==25.3 flit-core==4.2.0 hatchling==1.33.0 pdm-backend==2.5.0 setuptools==81.0.0 \
    scikit-build-core==1.1.2

# project NAME BACKEND: a project whose pyproject.toml ends with standard input.
project() {
    mkdir "$1"
    {
        printf '[build-system]\nrequires = []\nbuild-backend = "%s"\n' "$2"
        printf '[project]\nname = "mod"\ndescription = "x"\ndynamic = ["version"]\n'
        cat
    } >"$1/pyproject.toml"
}
project flit flit_core.buildapi </dev/null
project hatchling hatchling.build <<'TOML'
[tool.hatch.version]
path = "mod.py"
[tool.hatch.build]
include = ["mod.py"]
TOML
project pdm pdm.backend <<'TOML'
[tool.pdm.version]
source = "file"
path = "mod.py"
TOML
project setuptools setuptools.build_meta <<'TOML'
[tool.setuptools]
py-modules = ["mod"]
dynamic.version.attr = "mod.__version__"
TOML
project scikit scikit_build_core.build <<'TOML'
[tool.scikit-build]
wheel.cmake = false
metadata.version.provider = "scikit_build_core.metadata.regex"
metadata.version.input = "mod.py"
TOML

# built LINE: the versions that the backends build with that line in the docstring.
built() {
    for backend in flit setuptools pdm hatchling scikit; do
        printf '"""Reads a table such as\n\n%s\n"""\n__version__ = "2.0"\n' "$1" >"$backend/mod.py"
        rm -rf "of-$backend" "$backend/build"
        tools/bin/pip -q --disable-pip-version-check wheel --no-build-isolation --no-deps -w "of-$backend" "./$backend"
        wheel=$(echo of-"$backend"/mod-*.whl)
        wheel=${wheel#*/mod-}
        echo "$backend ${wheel%%-*}"
    done | paste -sd' '
}
expect 'with nothing' "flit 2.0 setuptools 2.0 pdm 2.0 hatchling 2.0 scikit 2.0" "$(built '')"
expect 'with version = "0.3"' "flit 2.0 setuptools 2.0 pdm 2.0 hatchling 0.3 scikit 0.3" "$(built 'version = "0.3"')"
expect 'with __version__ = "0.3"' "flit 2.0 setuptools 2.0 pdm 0.3 hatchling 0.3 scikit 0.3" "$(built '__version__ = "0.3"')"
