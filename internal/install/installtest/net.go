package installtest

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Flaky serves a directory, and breaks off in the middle of its archives: of
// the first request for one it sends 503, of the second 1000 bytes.
type Flaky struct {
	files http.Handler
	mu    sync.Mutex
	// Ranges are those that were asked of archives, in order.
	Ranges []string
}

// NewFlaky serves a directory.
func NewFlaky(dir string) *Flaky { return &Flaky{files: http.FileServer(http.Dir(dir))} }

func (f *Flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, ".json") {
		f.files.ServeHTTP(w, r)
		return
	}
	f.mu.Lock()
	f.Ranges = append(f.Ranges, r.Header.Get("Range"))
	n := len(f.Ranges)
	f.mu.Unlock()
	switch n {
	case 1:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	case 2:
		f.files.ServeHTTP(&cut{ResponseWriter: w, left: 1000}, r)
	default:
		f.files.ServeHTTP(w, r)
	}
}

// cut ends a connection after so many bytes.
type cut struct {
	http.ResponseWriter
	left int
}

func (c *cut) Write(p []byte) (int, error) {
	p = p[:min(len(p), c.left)]
	n, err := c.ResponseWriter.Write(p)
	if c.left -= n; c.left == 0 {
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// Proxy is a proxy that knows CONNECT alone, and leads every host to one address.
type Proxy struct {
	*httptest.Server
	mu    sync.Mutex
	hosts []string
}

// NewProxy leads to the address.
func NewProxy(t testing.TB, address string) *Proxy {
	p := &Proxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
			return
		}
		p.mu.Lock()
		p.hosts = append(p.hosts, r.Host)
		p.mu.Unlock()
		to, err := net.Dial("tcp", address)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		from, began, err := w.(http.Hijacker).Hijack()
		if err != nil {
			to.Close()
			return
		}
		go func() {
			// The server may have read the first of it already.
			_, _ = io.Copy(to, began)
			to.Close()
		}()
		_, _ = io.Copy(from, to)
		from.Close()
	}))
	t.Cleanup(p.Close)
	return p
}

// Hosts are those that were asked for.
func (p *Proxy) Hosts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.hosts...)
}
