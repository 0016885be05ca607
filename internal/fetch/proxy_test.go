package fetch

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// TestProxyPassword: that a proxy wants a password is known by its answer, to
// CONNECT as to a plain request.
func TestProxyPassword(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(at), OnProxyConnectResponse: proxyAnswered}
	_, err = (&http.Client{Transport: transport}).Get("https://example.invalid/")
	if !wantsProxyPassword(err) || again(err) {
		t.Errorf("of CONNECT: %v", err)
	}
	if err := (&statusError{code: http.StatusProxyAuthRequired}); !wantsProxyPassword(err) || again(err) {
		t.Errorf("of a request: %v", err)
	}
	if err := (&statusError{code: http.StatusBadGateway}); wantsProxyPassword(err) || !again(err) {
		t.Errorf("of another fault: %v", err)
	}
}
