package redirect

import (
	"errors"
	"net/http"
	"testing"
)

func TestSecure(t *testing.T) {
	request := func(address string) *http.Request {
		r, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	secure, plain := request("https://example.org/a"), request("http://example.org/a")
	var many []*http.Request
	for range 10 {
		many = append(many, secure)
	}
	for _, c := range []struct {
		to   *http.Request
		via  []*http.Request
		want bool
	}{
		{secure, []*http.Request{secure}, true},
		{secure, []*http.Request{plain}, true},
		{plain, []*http.Request{plain}, true},
		{plain, []*http.Request{secure}, false},
		{plain, []*http.Request{plain, secure}, false},
		{secure, many, false},
	} {
		err := Secure(c.to, c.via)
		if (err == nil) != c.want || len(c.via) < 10 && err != nil && !errors.Is(err, ErrDowngraded) {
			t.Errorf("to %s after %d: %v", c.to.URL, len(c.via), err)
		}
	}
}
