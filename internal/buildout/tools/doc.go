// Package tools gets pip for a build: the interpreter's own, that of a wheel that
// the system brings, or the newest one of the index. It says why pip failed.
package tools
