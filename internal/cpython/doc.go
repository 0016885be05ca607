// Package cpython says what each version of CPython 3 has that a build depends
// on: the type codes of its marshal, the ends of an extension's name, the
// functions that it looks for in one. It is a table; bench/next.py makes a line of it.
package cpython
