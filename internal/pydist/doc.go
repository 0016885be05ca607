// Package pydist reads what Python distributions say of themselves: who made
// them, under which licence, what they require in an environment, and what
// else their wheels hold.
package pydist
