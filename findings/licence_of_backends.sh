#!/bin/sh
# license = "apache-2.0" is refused by one build backend of six, and "LGPL-2.1" by two.
#
# The field is the same for all of them (PEP 639), and by SPDX the case of an identifier doesn't
# matter, and a deprecated one such as LGPL-2.1 is still one. uv_build 0.13.6 takes neither, and
# its message for the first is "not a valid SPDX expression". flit 4.2.0 turns apache-2.0 into
# Apache-2.0, but knows no deprecated identifier, and pdm-backend 2.5.0 copies the text into
# the metadata, even in lower case. hatchling, setuptools and poetry-core take all
# three and write them as SPDX does. So a valid file no longer builds, or gives other metadata,
# when nothing but its backend is changed.
#
# Seen 2026-11-30.
. "$(dirname "$0")/lib.sh"

venv tools 3.12 hatchling==1.33.0 poetry-core==2.5.0 pdm-backend==2.5.0 flit-core==4.2.0 setuptools==81.0.0 \
    uv-build==0.13.6
mkdir -p project/src/pkg
touch project/src/pkg/__init__.py
cat >build.py <<'PY'
import glob, importlib, sys, tempfile, zipfile

backend = importlib.import_module(sys.argv[1])
with tempfile.TemporaryDirectory() as out:
    backend.build_wheel(out)
    (wheel,) = glob.glob(out + "/*.whl")
    (metadata,) = [n for n in zipfile.ZipFile(wheel).namelist() if n.endswith("/METADATA")]
    print([line for line in zipfile.ZipFile(wheel).read(metadata).decode().splitlines() if "icense" in line])
PY
# licence EXPRESSION: what each backend writes.
licence() {
    for backend in hatchling.build poetry.core.masonry.api setuptools.build_meta pdm.backend flit_core.buildapi uv_build; do
        printf '[build-system]\nrequires = []\nbuild-backend = "%s"\n[project]\nname = "pkg"\nversion = "1"\ndescription = "x"\nlicense = "%s"\n' \
            "$backend" "$1" >project/pyproject.toml
        (cd project && PATH=$work/tools/bin:$PATH ../tools/bin/python ../build.py "$backend" 2>&1) |
            sed -n "s/^\['License-Expression: \(.*\)'\]$/\1/p" | grep . || echo refused
    done | paste -sd,
}
# In that order: hatchling, poetry-core, setuptools, pdm-backend, flit, uv_build.
expect "Apache-2.0" "Apache-2.0,Apache-2.0,Apache-2.0,Apache-2.0,Apache-2.0,Apache-2.0" "$(licence Apache-2.0)"
expect "apache-2.0" "Apache-2.0,Apache-2.0,Apache-2.0,apache-2.0,Apache-2.0,refused" "$(licence apache-2.0)"
expect "LGPL-2.1" "LGPL-2.1,LGPL-2.1,LGPL-2.1,LGPL-2.1,refused,refused" "$(licence LGPL-2.1)"
