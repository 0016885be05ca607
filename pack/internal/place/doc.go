// Package place finds the build's paths in bytes: the forms in which a path is
// written, the boundaries that make it one, and the search for all of them.
package place
