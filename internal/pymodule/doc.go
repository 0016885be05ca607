// Package pymodule says what makes a file an extension module of CPython: its
// file's name, and the function that Python calls. It reads no file, so that
// whoever has a file's symbols, or a source's text, asks the same rules.
package pymodule
