package fetch

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/redirect"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// Remote says how archives are fetched. The zero value takes everything from
// the environment.
type Remote struct {
	// Client sends the requests; default: one with the environment's proxies,
	// and with the certificates of SSL_CERT_FILE beside the system's.
	Client *http.Client
	// Server is the base of the addresses that browsers use; default
	// GITHUB_SERVER_URL, else https://github.com.
	Server string
	// API is the base of the API, used with a token only; default
	// GITHUB_API_URL, else https://api.github.com.
	API string
	// Token is for private repositories; default GH_TOKEN, else GITHUB_TOKEN.
	Token string
	// Attempts is how often a request is tried; default 5.
	Attempts int
	// Wait waits between attempts; default: really.
	Wait func(ctx context.Context, d time.Duration) error
	// Stall is how long a transfer may stand still; default a minute.
	Stall time.Duration

	// tell says what is waited for; may be nil.
	tell func(Event)
}

// remote is o.Remote with what is empty filled in.
func (o Request) remote() (Remote, error) {
	r, err := o.Remote.withDefaults(o.Env)
	r.tell = o.tell
	return r, err
}

// withDefaults fills in what is empty.
func (r Remote) withDefaults(env []string) (Remote, error) {
	def := func(p *string, values ...string) {
		for _, v := range values {
			if *p == "" {
				*p = strings.TrimRight(v, "/")
			}
		}
	}
	def(&r.Server, environ.Get(env, "GITHUB_SERVER_URL"), "https://github.com")
	def(&r.API, environ.Get(env, "GITHUB_API_URL"), "https://api.github.com")
	def(&r.Token, environ.Get(env, "GH_TOKEN"), environ.Get(env, "GITHUB_TOKEN"))
	if r.Attempts == 0 {
		r.Attempts = 5
	}
	if r.Wait == nil {
		r.Wait = Wait
	}
	if r.Stall == 0 {
		r.Stall = time.Minute
	}
	if r.Client != nil && r.Client.CheckRedirect == nil {
		c := *r.Client
		c.CheckRedirect = redirect.Secure
		r.Client = &c
	}
	if r.Client == nil {
		c, err := newClient(env)
		if err != nil {
			return r, err
		}
		r.Client = c
	}
	return r, nil
}

func newClient(env []string) (*http.Client, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.OnProxyConnectResponse = proxyAnswered
	t.ResponseHeaderTimeout = time.Minute
	either := func(upper, lower string) string {
		return cmp.Or(environ.Get(env, upper), environ.Get(env, lower))
	}
	proxies := httpproxy.Config{HTTPProxy: either("HTTP_PROXY", "http_proxy"), HTTPSProxy: either("HTTPS_PROXY", "https_proxy"), NoProxy: either("NO_PROXY", "no_proxy")}
	proxy := proxies.ProxyFunc()
	t.Proxy = func(r *http.Request) (*url.URL, error) { return proxy(r.URL) }
	if certFile := environ.Get(env, "SSL_CERT_FILE"); certFile != "" {
		pem, err := os.ReadFile(certFile)
		if err != nil {
			return nil, fault.Surroundings(fmt.Errorf("reading SSL_CERT_FILE: %w", err), "")
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fault.Surroundings(fmt.Errorf("reading SSL_CERT_FILE: %s holds no certificate", certFile), "")
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: t, CheckRedirect: redirect.Secure}, nil
}

func Wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// statusError is an answer that isn't 2xx.
type statusError struct {
	url        string
	code       int
	retryAfter time.Duration
}

func (e *statusError) Error() string {
	return fmt.Sprintf("fetching %s: %d %s", e.url, e.code, http.StatusText(e.code))
}

// errProxyPassword is a proxy's answer to CONNECT, of which net/http gives no more than the text.
var errProxyPassword = errors.New(http.StatusText(http.StatusProxyAuthRequired))

// proxyAnswered gives the answer to CONNECT a type.
func proxyAnswered(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusProxyAuthRequired {
		return errProxyPassword
	}
	return nil
}

// wantsProxyPassword is whether a proxy asked for a user and a password.
func wantsProxyPassword(err error) bool {
	var s *statusError
	return errors.Is(err, errProxyPassword) || errors.As(err, &s) && s.code == http.StatusProxyAuthRequired
}

// again is whether another attempt may help.
func again(err error) bool {
	var ours *fault.Error
	if errors.As(err, &ours) {
		return false
	}
	var s *statusError
	if wantsProxyPassword(err) || errors.Is(err, redirect.ErrDowngraded) {
		return false
	}
	if errors.As(err, &s) {
		return s.code >= 500 || s.code == http.StatusTooManyRequests || s.code == http.StatusRequestTimeout ||
			s.code == http.StatusForbidden && s.retryAfter > 0
	}
	var cert *tls.CertificateVerificationError
	return !errors.As(err, &cert)
}

// attempts runs f until it succeeds, fails for good, or has failed often enough.
func (r Remote) attempts(ctx context.Context, f func() error) error {
	for n := 1; ; n++ {
		err := f()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fault.Surroundings(context.Cause(ctx), "run the command again: it resumes where this one stopped")
		}
		if n >= r.Attempts || !again(err) {
			return r.explain(err)
		}
		delay := time.Second << (n - 1)
		delay += rand.N(delay / 2)
		var s *statusError
		if errors.As(err, &s) && s.retryAfter > delay {
			delay = min(s.retryAfter, 5*time.Minute)
		}
		if r.tell != nil {
			r.tell(Event{Step: "wait", Text: fmt.Sprintf("%s; trying again in %s", err, max(delay.Round(time.Second), time.Second))})
		}
		if err := r.Wait(ctx, delay); err != nil {
			return fault.Surroundings(err, "run the command again: it resumes where this one stopped")
		}
	}
}

// explain gives an error of the network its exit code and hint.
func (r Remote) explain(err error) error {
	var ours *fault.Error
	if errors.As(err, &ours) {
		return err
	}
	hint := "check the network, and HTTPS_PROXY if there is a proxy; running the command again resumes the download"
	var s *statusError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &s) && s.code == http.StatusNotFound:
		return fault.Usage(err, r.notThere(s.url))
	case errors.As(err, &s) && (s.code == http.StatusUnauthorized || s.code == http.StatusForbidden):
		hint = r.notAllowed(s.url)
	case wantsProxyPassword(err):
		hint = "give the proxy's user and password, as in HTTPS_PROXY=http://USER:PASSWORD@proxy.example.com:3128 (special characters as %40)"
	case errors.Is(err, redirect.ErrDowngraded):
		hint = inBetween
	case errors.As(err, &cert):
		hint = "name your certificate authority's file in SSL_CERT_FILE"
	}
	return fault.Surroundings(err, hint)
}

// of is whether an address is of the server of repositories, or its API.
func (r Remote) of(address string) bool {
	return strings.HasPrefix(address, r.API+"/") || strings.HasPrefix(address, r.Server+"/")
}

func (r Remote) notThere(address string) string {
	switch {
	case !r.of(address):
		return "check the address: a mirror is a copy of all assets of a release, index.json among them"
	case r.Token != "":
		return "check the name, that the release is published, and that the token in GH_TOKEN may read the repository"
	}
	return "check the name, and that the release is published; for a private repository set GH_TOKEN"
}

func (r Remote) notAllowed(address string) string {
	switch {
	case !r.of(address):
		return "if the mirror wants a password, put it into the address: https://USER:PASSWORD@HOST/... (special characters as %40)"
	case r.Token != "":
		return "check the token in GH_TOKEN"
	}
	return "set GH_TOKEN to a token that may read the repository"
}

// request sends a GET; the caller closes the body. Credentials go to the API
// only: a redirect to another host loses them, as net/http sees to.
func (r Remote) request(ctx context.Context, address, accept string, from int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, notAnAddress(address) // err quotes it
	}
	req.Header.Set("User-Agent", "binary-buildout")
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	if r.Token != "" && strings.HasPrefix(address, r.API+"/") {
		req.Header.Set("Authorization", "Bearer "+r.Token)
	}
	if from > 0 {
		req.Header.Set("Range", "bytes="+strconv.FormatInt(from, 10)+"-")
		req.Header.Set("Accept-Encoding", "identity")
	}
	resp, err := r.Client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address of a redirect, which holds a signature
		}
		return nil, fmt.Errorf("fetching %s: %w", secrets.Shown(address), err)
	}
	if resp.StatusCode/100 != 2 {
		_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
		resp.Body.Close()
		s := &statusError{url: secrets.Shown(address), code: resp.StatusCode}
		s.retryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
		return nil, s
	}
	return resp, nil
}

// retryAfter reads the header, which is a number of seconds or a date.
func retryAfter(header string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(header); err == nil {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(header); err == nil {
		return t.Sub(now)
	}
	return 0
}

// document fetches a small document.
func (r Remote) document(ctx context.Context, address, accept string) ([]byte, error) {
	const most = 16 << 20
	var data []byte
	err := r.attempts(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, r.Stall)
		defer cancel()
		resp, err := r.request(ctx, address, accept, 0)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		data, err = io.ReadAll(io.LimitReader(resp.Body, most+1))
		if err == nil && len(data) > most {
			return fault.Failed(fmt.Errorf("fetching %s: it is larger than %d MiB", secrets.Shown(address), most>>20), "")
		}
		return err
	})
	return data, err
}

// inBetween is what to do about an answer that isn't the server's.
const inBetween = "check the address; if it is right, something answers in the server's place: a proxy, or a network's login page"

func decode[T any](data []byte, name string) (*T, error) {
	v := new(T)
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("<")) {
		return nil, fault.Surroundings(fmt.Errorf("reading %s: it is a web page", name), inBetween)
	}
	err := archive.CheckDocument(name, data)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		return nil, fault.Failed(fmt.Errorf("reading %s: %w", name, err), "it is damaged: fetch or make it again")
	}
	return v, nil
}
