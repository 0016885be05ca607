package bundle

import (
	"bytes"
	"path"
	"regexp"
	"strings"
)

// opensslPlace is how OpenSSL 1.1 and newer says where it was compiled to look
// for openssl.cnf, engines and providers (crypto/cversion.c, OPENSSL_info).
var opensslPlace = regexp.MustCompile(`(?:OPENSSLDIR|ENGINESDIR|MODULESDIR): "(/[^"\x00]*)"\x00`)

// withoutPlaces has the OpenSSL in a binary file look for its configuration,
// engines and providers in directories that no system has: those that it was
// compiled with are another OpenSSL's on the server, or nobody's. OPENSSL_CONF
// and OPENSSL_MODULES count as before, and so do the places of certificates, which
// are strings of their own. As in withoutPrefix the last name stays.
func withoutPlaces(data []byte) []byte {
	found := opensslPlace.FindAllSubmatch(data, -1)
	if found == nil {
		return data
	}
	out := bytes.Clone(data)
	for _, m := range found {
		place := string(m[1])
		last := path.Base(place)
		old := []byte("\x00" + place + "\x00")
		now := []byte("\x00" + strings.Repeat("/", len(place)-len(last)) + last + "\x00")
		out = bytes.ReplaceAll(out, old, now)
	}
	return out
}
