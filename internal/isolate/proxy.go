package isolate

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/environ"
)

// refuser is a proxy that refuses: it accepts connections on loopback and
// answers each request with 403, so that nobody waits for a timeout.
type refuser struct{ listener net.Listener }

func newRefuser() (*refuser, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the refusing proxy: %w", err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go refuse(conn)
		}
	}()
	return &refuser{l}, nil
}

// refuse answers one request, a CONNECT too.
func refuse(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Read(make([]byte, 64<<10)); err != nil {
		return
	}
	_, _ = conn.Write([]byte("HTTP/1.1 403 Refused by binary-buildout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
}

// proxyEnv gives the variables by which well-behaved programs use the refusing
// proxy and no compiler. shadow is a directory of programs that fail.
func (r *refuser) env(env []string, shadow, none string) []string {
	url := "http://" + r.listener.Addr().String()
	for _, name := range []string{"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY"} {
		env = environ.Set(env, name+"="+url)
	}
	for _, name := range []string{"no_proxy", "NO_PROXY"} {
		env = environ.Set(env, name+"=localhost,127.0.0.1,::1")
	}
	for _, name := range []string{"CC", "CXX", "CPP", "LD", "AS", "LDSHARED", "RUSTC"} {
		env = environ.Set(env, name+"="+none)
	}
	env = environ.Set(env, "PIP_NO_INDEX=1")
	if shadow != "" {
		env = environ.Set(env, "PATH="+shadow+string(filepath.ListSeparator)+environ.Get(env, "PATH"))
	}
	return env
}

// shadowNames are the names under which a command would call a compiler.
func shadowNames(masks []string) []string {
	names := []string{"cc", "gcc", "g++", "c++", "clang", "clang++", "cpp", "ld", "as"}
	for _, m := range masks {
		if base := filepath.Base(m); compilerName.MatchString(base) {
			names = append(names, base)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
