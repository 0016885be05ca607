package fetch

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// addressForm is one that curl, wget, Python and net/http read alike.
var addressForm = regexp.MustCompile(`^https?://(?:[^\s/?#@\\]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\\\[\]]+)(?::[0-9]*)?(?:[/?#][^\s\\]*)?$`)

// IsAddress is whether a source is an address of the one form that is taken.
func IsAddress(source string) bool { return addressForm.MatchString(source) }

// looksLikeAddress is whether a source was meant as one.
func looksLikeAddress(source string) bool {
	lower := strings.ToLower(source)
	return strings.HasPrefix(lower, "http:") || strings.HasPrefix(lower, "https:") || strings.Contains(source, "://")
}

func notAnAddress(source string) error {
	return fault.Usage(fmt.Errorf("installing %s: it isn't a URL", secrets.Shown(source)),
		"https://HOST/... or https://USER:PASSWORD@HOST/...; special characters of a password as %40")
}

// reason is an error of the file system without the path, which may be an
// address with a password.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
