// Package pyc makes bytecode that depends on the source alone.
package pyc
