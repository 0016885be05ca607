#!/bin/sh
# Asked for a newer Linux, pip finds less.
#
# "pip download --platform" fetches wheels for another machine. MarkupSafe 2.1.5 has one for
# manylinux_2_17, which each newer glibc runs. pip 26.3 finds it when asked for manylinux_2_17 or
# manylinux2014, and not for manylinux_2_28, which is what a builder with a newer image would
# write: that tag stands for itself alone, as musllinux_1_2 does, and no wheel fits. A macOS tag and
# the old names of manylinux stand for all before them too, and on a system with
# glibc 2.36 pip itself takes that wheel. uv 0.13.9, asked for the same, installs it.
#
# Seen 2026-12-01.
. "$(dirname "$0")/lib.sh"

venv tools 3.12 pip==26.3 uv==0.13.9
# fetched PLATFORM: the wheel that pip downloads for it, or "none".
fetched() {
    rm -rf got
    mkdir got
    tools/bin/pip -q --disable-pip-version-check download --no-deps --only-binary :all: -d got --python-version 3.12 \
        --platform "$1" MarkupSafe==2.1.5 >log 2>&1 || grep -q '^ERROR: No matching distribution' log
    _wheel=$(ls got)
    echo "${_wheel:-none}"
}
linux=MarkupSafe-2.1.5-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
expect "manylinux2014" $linux "$(fetched manylinux2014_x86_64)"
expect "manylinux_2_17" $linux "$(fetched manylinux_2_17_x86_64)"
expect "manylinux_2_28" none "$(fetched manylinux_2_28_x86_64)"
expect "musllinux_1_1" MarkupSafe-2.1.5-cp312-cp312-musllinux_1_1_x86_64.whl "$(fetched musllinux_1_1_x86_64)"
expect "musllinux_1_2" none "$(fetched musllinux_1_2_x86_64)"
expect "macosx_14_0" MarkupSafe-2.1.5-cp312-cp312-macosx_10_9_universal2.whl "$(fetched macosx_14_0_arm64)"
tools/bin/uv pip install -q --no-deps --only-binary :all: --target of-uv --python-version 3.12 \
    --python-platform x86_64-manylinux_2_28 MarkupSafe==2.1.5
expect "uv, manylinux_2_28" "cp312-cp312-manylinux_2_17_x86_64" "$(sed -n 's/^Tag: //p' of-uv/*.dist-info/WHEEL | grep 2_17)"
