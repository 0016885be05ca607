package fetch

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// sidecarFormat is the highest format number of a sidecar that is understood.
const sidecarFormat = 1

// sidecar is what install needs of the document NAME.json beside an archive.
type sidecar struct {
	Format  int    `json:"format"`
	Archive string `json:"archive"` // file name
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`
}

// SumsName is the file of all digests, as sha256sum writes it.
const SumsName = "SHA256SUMS"

// ArchiveSuffix matches the end of an archive's name.
var ArchiveSuffix = regexp.MustCompile(`\.(tar\.gz|tar\.zst|zip)$`)

// ParseDigest reads --sha256, also as GitHub shows digests: sha256:ab12....
func ParseDigest(text string) (string, error) {
	digest := strings.TrimPrefix(strings.ToLower(text), "sha256:")
	if text != "" && !isDigest(digest) {
		return "", fault.Usage(fmt.Errorf("--sha256 %s: a SHA-256 digest has 64 hexadecimal digits", text), "copy the archive's from the release page, or its line in SHA256SUMS")
	}
	return digest, nil
}

// expectedDigest gives the digest that an archive on disk should have: the one
// asked for, the sidecar's, or the one in SHA256SUMS beside it; "" if nothing
// says.
func expectedDigest(o Request, path, asked string) (string, error) {
	if asked != "" {
		return asked, nil
	}
	side := ArchiveSuffix.ReplaceAllString(path, "") + ".json"
	data, err := o.readFile(side)
	if err == nil {
		return sidecarDigest(data, side)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fault.Surroundings(fmt.Errorf("reading the sidecar: %w", err), "")
	}
	name := filepath.Join(filepath.Dir(path), SumsName)
	sums, err := o.readFile(name)
	if err != nil {
		return "", nil
	}
	all, err := readSums(bytes.NewReader(sums))
	if err != nil {
		return "", fault.Failed(fmt.Errorf("reading %s: %w", name, err), "")
	}
	return all[filepath.Base(path)], nil
}

func sidecarDigest(data []byte, name string) (string, error) {
	var s sidecar
	if err := json.Unmarshal(data, &s); err != nil {
		return "", fault.Failed(fmt.Errorf("reading %s: %w", name, err), "fetch archive and sidecar again")
	}
	if s.Format > sidecarFormat {
		return "", fault.Usage(fmt.Errorf("reading %s: its format is %d, and this program knows up to %d", name, s.Format, sidecarFormat), "install a newer binary-buildout")
	}
	if !isDigest(s.SHA256) {
		return "", fault.Failed(fmt.Errorf("reading %s: no SHA-256 digest of the archive", name), "fetch archive and sidecar again")
	}
	return s.SHA256, nil
}

// readSums reads the format of sha256sum.
func readSums(r io.Reader) (map[string]string, error) {
	out := map[string]string{}
	sc := bufio.NewScanner(io.LimitReader(r, 4<<20))
	for sc.Scan() {
		line := strings.TrimRight(sc.Text(), "\r")
		if line == "" {
			continue
		}
		digest, name, ok := strings.Cut(line, " ")
		name = strings.TrimPrefix(strings.TrimPrefix(name, " "), "*")
		if !ok || !isDigest(digest) || name == "" {
			return nil, fmt.Errorf("line %q isn't one of sha256sum", line)
		}
		out[name] = digest
	}
	return out, sc.Err()
}

func isDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && s == strings.ToLower(s)
}

// ctxReader ends reading when its context does.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}
