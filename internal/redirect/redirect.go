// Package redirect follows no redirect from https to http.
package redirect

import (
	"errors"
	"net/http"
)

// ErrDowngraded is a redirect that anybody on the way could have written, or could
// change what it leads to.
var ErrDowngraded = errors.New("it is redirected from https to http, which anybody on the way can change")

// Secure is a client's CheckRedirect: once https, always https, and ten at most.
func Secure(r *http.Request, via []*http.Request) error {
	if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return ErrDowngraded
	}
	if len(via) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	return nil
}
