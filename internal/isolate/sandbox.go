package isolate

import (
	"strings"
)

// profile gives the policy for sandbox-exec (SBPL). The last rule that matches
// wins, so what is allowed again comes last. Loopback and sockets in the file
// system stay: an instance's port must be reachable, and the helper's socket.
func profile(hide []string, binds []Bind, masks []string, self, scratch string) string {
	var b strings.Builder
	rule := func(parts ...string) { b.WriteString("(" + strings.Join(parts, " ") + ")\n") }
	rule("version 1")
	rule("allow default")
	rule("deny network*")
	rule(`allow network-bind (local ip "localhost:*")`)
	rule(`allow network-inbound (local ip "localhost:*")`)
	rule(`allow network-outbound (remote ip "localhost:*")`)
	rule("allow network* (remote unix-socket)")
	rule("allow network* (local unix-socket)")
	for _, m := range masks {
		rule("deny process-exec*", "(literal "+quoteSBPL(m)+")")
		rule("deny file-read-data", "(literal "+quoteSBPL(m)+")")
	}
	for _, h := range hide {
		rule("deny file-read* file-write* process-exec*", "(subpath "+quoteSBPL(h)+")")
	}
	for _, bd := range binds {
		if bd.From != bd.To {
			continue
		}
		rule("allow file-read* process-exec*", "(subpath "+quoteSBPL(bd.From)+")")
		if !bd.ReadOnly {
			rule("allow file-write*", "(subpath "+quoteSBPL(bd.From)+")")
		}
	}
	rule("allow file-read* process-exec*", "(literal "+quoteSBPL(self)+")")
	rule("allow file-read* file-write*", "(subpath "+quoteSBPL(scratch)+")")
	return b.String()
}

func quoteSBPL(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
