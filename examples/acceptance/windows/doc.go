// Package windows packs a buildout by the program for Windows with a CPython
// for Windows, and takes its archive to other places, all under wine. Its test
// has the build tag "wine": .ci/wine.sh makes what it needs.
package windows
