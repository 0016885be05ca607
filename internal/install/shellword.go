package install

import (
	"runtime"
	"strings"
)

// ShellWord quotes a word for a POSIX shell where it needs it, so that a hint
// can be pasted; what Windows' paths have needs none in its shells.
func ShellWord(s string) string {
	letters := "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"
	if runtime.GOOS == "windows" {
		letters += `\`
	}
	plain := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(letters, r) }) < 0
	if plain && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
