package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/release"
)

// byteSize is a flag's value: bytes, or a number of KiB, MiB or GiB.
type byteSize int64

// orMost is the size, or GitHub's limit where none was given.
func (s byteSize) orMost() int64 {
	if s == 0 {
		return release.MaxAssetSize
	}
	return int64(s)
}

func (s *byteSize) String() string {
	for _, u := range byteUnits() {
		if u.bytes > 1 && *s > 0 && int64(*s)%u.bytes == 0 {
			return strconv.FormatInt(int64(*s)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Set reads a size. One of 0, or above GitHub's limit, is refused.
func (s *byteSize) Set(text string) error {
	for _, u := range byteUnits() {
		number, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil || n < 1 || n > release.MaxAssetSize/u.bytes {
			break
		}
		*s = byteSize(n * u.bytes)
		return nil
	}
	return fmt.Errorf("want a size as 500MiB, less than 2GiB")
}

type byteUnit struct {
	name  string
	bytes int64
}

// byteUnits are the units, the one without a name last.
func byteUnits() []byteUnit {
	return []byteUnit{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}}
}
