// Package text knows how a text file quotes: its syntax, its string literals, how
// a script starts, and where a space in a path would make two words.
package text
