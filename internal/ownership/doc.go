// Package ownership says who else could change what a path leads to, and
// follows links as a kernel does. On Windows it asks nothing of owners.
package ownership
