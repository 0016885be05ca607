// Package interpreter finds this system's Pythons, and the one that fits an
// archive. It asks each to describe itself, and says what is missing where none
// fits.
package interpreter
