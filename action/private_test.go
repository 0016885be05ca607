package action

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// The passwords of a company, each for one way in.
const (
	netrcPassword = "netrc-s3cret"
	pipPassword   = "pip-p4ssword"
	proxyPassword = "pr0xy-pw-xyz"
)

// company is a network that a build can only use with credentials: an index and
// files behind passwords, with a certificate of a private CA, under a name that
// nothing but a proxy with a password resolves; and a Git server behind SSH.
type company struct {
	dir, ca, proxy string
	key, knownHost string // of SSH
	repository     string
	mu             sync.Mutex
	connects       map[string]int
}

const companyHost = "index.acme.test"

func newCompany(t *testing.T, packages string) *company {
	t.Helper()
	c := &company{dir: t.TempDir(), connects: map[string]int{}}
	cert, ca := certificate(t)
	c.ca = write(t, c.dir+"/ca.pem", string(ca), 0o644)
	s := httptest.NewUnstartedServer(companyFiles(packages))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.StartTLS()
	t.Cleanup(s.Close)
	p := httptest.NewServer(c.connect(s.Listener.Addr().String()))
	t.Cleanup(p.Close)
	c.proxy = strings.Replace(p.URL, "://", "://ci:"+proxyPassword+"@", 1)
	c.startSSH(t)
	return c
}

// certificate is one for companyHost, and the authority that signed it.
func certificate(t *testing.T) (tls.Certificate, []byte) {
	t.Helper()
	sign := func(c, parent *x509.Certificate, public any, with *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, c, parent, public, with)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	caKey, leafKey := key(), key()
	from, to := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Acme CA"}, NotBefore: from, NotAfter: to, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: companyHost}, DNSNames: []string{companyHost}, NotBefore: from, NotAfter: to}
	caDER := sign(ca, ca, &caKey.PublicKey, caKey)
	parent, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	der := sign(leaf, parent, &leafKey.PublicKey, caKey)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: leafKey}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
}

// companyFiles is an index (PEP 503) for pip and buildout, with one password,
// and a configuration with another.
func companyFiles(packages string) http.Handler {
	normal := regexp.MustCompile(`[-_.]+`)
	behind := func(password string, h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if u, p, _ := r.BasicAuth(); u != "ci" || p != password {
				w.Header().Set("WWW-Authenticate", `Basic realm="acme"`)
				http.Error(w, "who?", http.StatusUnauthorized)
				return
			}
			h(w, r)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/index.cfg", behind(netrcPassword, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "[buildout]\nindex = https://ci:%s@%s/simple/\n", pipPassword, companyHost)
	}))
	mux.HandleFunc("/simple/{name}/", behind(pipPassword, func(w http.ResponseWriter, r *http.Request) {
		entries, err := os.ReadDir(packages)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		for _, e := range entries {
			name, _, _ := strings.Cut(e.Name(), "-")
			if strings.EqualFold(normal.ReplaceAllString(name, "-"), normal.ReplaceAllString(r.PathValue("name"), "-")) {
				fmt.Fprintf(w, "<a href=\"/files/%s\">%s</a>\n", e.Name(), e.Name())
			}
		}
	}))
	mux.HandleFunc("/files/{name}", behind(pipPassword, func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(packages, filepath.Base(r.PathValue("name"))))
	}))
	return mux
}

// connect is the proxy: it lets those with its password through to the company's server alone.
func (c *company) connect(server string) http.Handler {
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("ci:"+proxyPassword))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Proxy-Authorization") != want:
			w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
			http.Error(w, "who?", http.StatusProxyAuthRequired)
			return
		case r.Method != http.MethodConnect || r.Host != companyHost+":443":
			http.Error(w, "not for you: "+r.Host, http.StatusForbidden)
			return
		}
		there, err := net.Dial("tcp", server)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			there.Close()
			return
		}
		c.mu.Lock()
		c.connects[r.Host]++
		c.mu.Unlock()
		io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { io.Copy(there, here); there.Close() }()
		go func() { io.Copy(here, there); here.Close() }()
	})
}

// startSSH starts a sshd of its own, with a repository.
func (c *company) startSSH(t *testing.T) {
	t.Helper()
	sshd := testtool.Program(t, "sshd", "/usr/sbin/sshd")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if me.Uid == "0" { // where it confines itself to
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"host", "id"} {
		sh(t, c.dir, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name)
	}
	port := freePort(t)
	write(t, c.dir+"/sshd_config", fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/id.pub\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n", port, c.dir, c.dir), 0o600)
	cmd := exec.Command(sshd, "-D", "-e", "-f", c.dir+"/sshd_config")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			break
		}
		if time.Now().After(until) {
			t.Fatalf("sshd doesn't answer: %s", said.String())
		}
	}
	c.key, c.knownHost = read(t, c.dir+"/id"), fmt.Sprintf("[127.0.0.1]:%d %s", port, read(t, c.dir+"/host.pub"))
	source := c.dir + "/acme.private"
	write(t, source+"/setup.py", "from setuptools import setup\nsetup(name='acme.private', version='1.0', py_modules=['acme_private'], entry_points={'console_scripts': ['private = acme_private:main']})\n", 0o644)
	write(t, source+"/acme_private.py", "def main():\n    print('private code')\n", 0o644)
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "x"}} {
		sh(t, source, "git", args...)
	}
	c.repository = fmt.Sprintf("ssh://%s@%s%s", me.Username, address, source)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// A build that needs all four secrets, a proxy and a private CA: it gets them,
// as files of its own HOME, which are gone afterwards; the log hides them, and
// the archive has none.
func TestActPrivate(t *testing.T) {
	e, more := newRealAct(t)
	interpreter, packages := testtool.PythonWith(t, "3.13", "pip"), t.TempDir()
	sh(t, packages, interpreter, "-m", "pip", "download", "-q", "-d", packages, "zc.buildout==6.0.1", "zc.recipe.egg==6.0.0", "mr.developer==3.0.0", "setuptools==81.0.0", "pip==26.3", "wheel==0.48.0")
	c := newCompany(t, packages)
	write(t, e.tree+"/buildout.cfg", `[buildout]
extends = index.cfg
extensions = mr.developer
sources = sources
auto-checkout = acme.private
parts = private

[sources]
acme.private = git `+c.repository+` branch=main

[private]
recipe = zc.recipe.egg
eggs = acme.private

[versions]
zc.buildout = 6.0.1
zc.recipe.egg = 6.0.0
mr.developer = 3.0.0
setuptools = 81.0.0
pip = 26.3
wheel = 0.48.0
`, 0o644)
	write(t, e.tree+"/before.sh", `set -eu
stat -c '%a %n' "$HOME/.netrc" "$PIP_CONFIG_FILE" "$HOME/.ssh/id" "$HOME/.ssh/known_hosts" | sed "s,$HOME,HOME," >"$SEEN"
echo "$HOME" >"$SEEN.home"
curl -fsS --netrc --cacert "$SSL_CERT_FILE" -o index.cfg https://`+companyHost+`/index.cfg
`, 0o644)
	seen := e.dir + "/seen"
	write(t, e.dir+"/leak", "leaks: "+netrcPassword+" "+pipPassword+"\n", 0o644)
	write(t, e.tree+"/step.yml", `on: push
permissions: {}
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
      - uses: ./
        id: bb
        with:
          binary: ${{ env.BB_BINARY_FOR_TESTS }}
          python: `+interpreter+`
          name: acmeprivate
          version: "1.0"
          stage: `+e.dir+`/stage
          before: sh before.sh
          smoke: bin/private
          netrc: ${{ secrets.NETRC_TEXT }}
          pip_conf: ${{ secrets.PIP_CONF }}
          ssh_key: ${{ secrets.SSH_KEY }}
          ssh_known_hosts: ${{ secrets.SSH_KNOWN_HOSTS }}
          env: |
            HTTPS_PROXY=${{ secrets.PROXY }}
            https_proxy=${{ secrets.PROXY }}
            SSL_CERT_FILE=`+c.ca+`
            PIP_CERT=`+c.ca+`
            SEEN=`+seen+`
      - run: |
          cat `+e.dir+`/leak
          test ! -e "$(cat `+seen+`.home)"
          cp "$A" `+e.dir+`/archive.tar.gz
        env: {A: "${{ steps.bb.outputs.archive }}"}
`, 0o644)
	for name, value := range map[string]string{
		"NETRC_TEXT": "machine " + companyHost + " login ci password " + netrcPassword,
		"PIP_CONF":   "[global]\nindex-url = https://ci:" + pipPassword + "@" + companyHost + "/simple/",
		"SSH_KEY":    c.key, "SSH_KNOWN_HOSTS": c.knownHost, "PROXY": c.proxy,
	} {
		e.env = append(e.env, name+"="+value)
		more = append(more, "-s", name) // its value is that of the variable
	}
	// Where these are set, pip's requests prefers them to what it is told.
	e.env = append(e.env, "REQUESTS_CA_BUNDLE=", "CURL_CA_BUNDLE=")
	log, err := e.run(t, e.tree, "step.yml", more...)
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if got, want := read(t, seen), "600 HOME/.netrc\n600 HOME/pip.conf\n600 HOME/.ssh/id\n600 HOME/.ssh/known_hosts\n"; got != want {
		t.Errorf("the build saw\n%s", got)
	}
	if c.connects[companyHost+":443"] == 0 {
		t.Error("nobody came through the proxy")
	}
	files := contents(t, e.dir+"/archive.tar.gz")
	if !strings.Contains(files["acmeprivate-1.0/src/acme.private/acme_private.py"], "private code") {
		t.Error("the private package is not in the archive")
	}
	for _, secret := range []string{netrcPassword, pipPassword, proxyPassword, strings.Split(c.key, "\n")[2]} {
		for name, data := range files {
			if strings.Contains(data, secret) {
				t.Errorf("%s in the archive holds %s", name, secret)
			}
		}
		if strings.Contains(log, secret) {
			t.Errorf("the log shows %s", secret)
		}
	}
	if !strings.Contains(log, "leaks: *** ***") {
		t.Errorf("the masks are not there:\n%s", log)
	}
}
