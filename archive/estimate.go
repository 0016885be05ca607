package archive

import (
	"github.com/klauspost/compress/flate"

	"github.com/binary-buildout/binary-buildout/internal/bindiff"
)

// A sample is what an estimate looks at of a text, of which it looks at every fourth
// one if there is more than sampledAbove.
const (
	sample       = 64 << 10
	sampledAbove = 1 << 20
)

// An estimate says how many bytes texts take when they are compressed. Its zero value
// can be used; the tables are made once, which takes longer than most files do.
type estimate struct {
	z    *flate.Writer
	size counter
}

// worth says whether a patch is at most half of the file, both compressed.
func (e *estimate) worth(p bindiff.Patch, data []byte) bool {
	return 2*e.compressed(steps(p), p.Diff, p.New) <= e.compressed(data)
}

// compressed is how many bytes texts take, about.
func (e *estimate) compressed(texts ...[]byte) int {
	e.reset()
	size := 0
	for _, text := range texts {
		size += len(text)
	}
	every := 1
	if size > sampledAbove {
		every = 4
	}
	for _, text := range texts {
		for at := 0; at < len(text); at += every * sample {
			_, _ = e.z.Write(text[at:min(at+sample, len(text))])
		}
	}
	_ = e.z.Close()
	return int(e.size) * every
}

func (e *estimate) reset() {
	e.size = 0
	if e.z != nil {
		e.z.Reset(&e.size)
		return
	}
	var err error
	if e.z, err = flate.NewWriter(&e.size, flate.BestSpeed); err != nil {
		panic(err) // the level is one
	}
}

// A counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
