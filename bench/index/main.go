// Command index serves a directory of wheels and sdists as a package index (PEP
// 503, with digests) on loopback. It prints its address, and when it gets a
// signal, how many requests it answered with how many bytes.
package main

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
)

var separators = regexp.MustCompile(`[-_.]+`)

func main() {
	pages, err := readPages(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	var requests, size atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/simple/{name}/", func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.PathValue("name")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, page)
	})
	mux.Handle("/files/", http.StripPrefix("/files/", http.FileServer(http.Dir(os.Args[1]))))
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		mux.ServeHTTP(counter{w, &size}, r)
	}))
	fmt.Printf("http://%s/simple/\n", listener.Addr())
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
	fmt.Printf("%d requests, %d bytes\n", requests.Load(), size.Load())
}

// counter counts the bytes of answers.
type counter struct {
	http.ResponseWriter
	size *atomic.Int64
}

func (c counter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.size.Add(int64(n))
	return n, err
}

// readPages makes the page of each project of the files in a directory.
func readPages(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	pages := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		project, _, _ := strings.Cut(e.Name(), "-")
		name := separators.ReplaceAllString(strings.ToLower(project), "-")
		pages[name] += fmt.Sprintf("<a href=\"/files/%s#sha256=%x\">%s</a>\n", e.Name(), sha256.Sum256(data), e.Name())
	}
	return pages, nil
}
