// Package archive is the format of an archive and nothing else: its documents,
// how its files are written and read, checked and unpacked, and what two
// archives differ in. The format is specified in docs/design.md.
package archive
