// Package plural says how many there are of something.
package plural

import "strconv"

// Of is a number and its noun: "1 archive", "2 archives". many is the plural of
// a noun that doesn't get an s; without it, one gets an s.
func Of(n int, one string, many ...string) string {
	word := one + "s"
	if len(many) > 0 {
		word = many[0]
	}
	if n == 1 {
		word = one
	}
	return strconv.Itoa(n) + " " + word
}

// Is is the verb to a number: "is" or "are".
func Is(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
