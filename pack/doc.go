// Package pack turns a built tree into the list that an archive is written from:
// it scans the tree, relocates files, compiles bytecode, and checks what can be
// packed. The formats are specified in docs/design.md.
package pack
