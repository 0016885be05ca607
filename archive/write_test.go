package archive

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

func TestCompareSaysWhat(t *testing.T) {
	one := files{"same": "x", "gone": "x", "other": "x", "mode": "x", "link": "-> same"}
	two := files{"same": "x", "new": "x", "other": "y", "mode*": "x", "link": "-> other"}
	diff, err := Compare(save(t, one.written(t, FormatTarGz), "a"), save(t, two.written(t, FormatZip), "b"))
	check(t, err)
	var got []string
	for _, d := range diff {
		got = append(got, d.Path+" "+d.What)
	}
	if s := fmt.Sprint(got); s != "[gone removed link link mode mode new added other content]" {
		t.Error(s)
	}
}

type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

func TestFullDisk(t *testing.T) {
	c, err := Seal(testManifest(), files{"a/b": "x", "c": "y", "l": "-> c"}.list())
	check(t, err)
	for _, format := range []string{FormatTarGz, FormatTarZst, FormatZip} {
		for _, left := range []int{0, 5, 300} {
			_, err := Write(t.Context(), &full{left}, c, format, time.Unix(DefaultEpoch, 0), nil)
			var e *fault.Error
			if !errors.As(err, &e) || e.ExitCode() != 3 {
				t.Errorf("%s, %d: %v", format, left, err)
			}
		}
	}
}
