// Package digest takes the SHA-256 of bytes and of files, in lower-case hex.
package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
)

// Of is the SHA-256 of data.
func Of(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Read is the SHA-256 of what r gives up to its end, and how many bytes that is.
func Read(r io.Reader) (sum string, size int64, err error) {
	h := sha256.New()
	if size, err = io.Copy(h, r); err != nil {
		return "", size, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// File is the SHA-256 of a file, and its size in bytes.
func File(path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	return Read(f)
}
