// Package binfmt says what ELF, Mach-O and PE files say of themselves, and
// edits run-time library paths in them without changing a file's length.
//
// It takes constants and names from debug/elf, debug/macho and debug/pe, but
// reads by itself: those packages follow section headers where a loader follows
// program headers, decompress what a file asks them to, and copy every symbol's
// name, so that a small hostile file can make them allocate without bound.
// Here, one Read takes no more memory than a small multiple of the file's size.
//
// Names of architectures are the same for all formats: "x86_64", "aarch64",
// "i686", "armv7l", "ppc64le", "s390x", "riscv64", "arm64e"; what has no name
// is "unknown-N" with the format's number.
package binfmt
