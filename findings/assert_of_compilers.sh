#!/bin/sh
# Four lines of Python, three compilers, three meanings of "assert".
#
# CPython leaves assertions out with -O. Compiled by Cython 3.2.1 a function asks at run time how Python
# was started, and does as the source would. mypyc 1.19.0 compiles the assertion in, and it
# fails with -O too: what the source doesn't do. pythran 0.18.1 compiles it out, and it never
# fails: -O or not, half(3) is 1. Each is right by its own book. A package with an optional compiled
# form, such as those on the index with a compiled and a pure wheel, has an AssertionError in one
# of them that the other hasn't, and tests that expect it pass or fail by the wheel.
#
# Seen 2026-12-01, CPython 3.12, gcc and g++ 12.2 of Debian 12.
. "$(dirname "$0")/lib.sh"
need g++ g++

venv tools 3.12 mypy==1.19.0 cython==3.2.1 pythran==0.18.1 numpy==2.3.5 setuptools==81.0.0
export PATH="$work/tools/bin:$PATH"
for name in source mypyc cython pythran; do
    cat >of_$name.py <<'PY'
# pythran export half(int)
def half(n):
    assert n % 2 == 0
    return n // 2
PY
done
mypyc of_mypyc.py >log 2>&1
cythonize -q -i of_cython.py >log 2>&1
pythran of_pythran.py >log 2>&1
rm of_mypyc.py of_cython.py of_pythran.py
# half NAME OPTION...: half(3) of that module.
half() {
    _name=$1
    shift
    tools/bin/python "$@" -c "import of_$_name as m; print(m.half(3))" 2>&1 | tail -n 1
}
expect "source" AssertionError "$(half source)"
expect "source, -O" 1 "$(half source -O)"
expect "Cython" AssertionError "$(half cython)"
expect "Cython, -O" 1 "$(half cython -O)"
expect "mypyc" AssertionError "$(half mypyc)"
expect "mypyc, -O" AssertionError "$(half mypyc -O)"
expect "pythran" 1 "$(half pythran)"
expect "pythran, -O" 1 "$(half pythran -O)"
