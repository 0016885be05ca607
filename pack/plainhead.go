package pack

import (
	"bytes"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
	"github.com/binary-buildout/binary-buildout/pack/internal/text"
)

// ShHead is how a script starts that sh runs.
type ShHead = text.ShHead

// ParseShHead reads how a script starts that sh runs; nil if it isn't such a script.
func ParseShHead(script []byte) *ShHead { return text.ParseShHead(script) }

// plainHead replaces such a start by a #! line with a placeholder, of which
// bootstrap.py makes what the target's paths need. It gives the offset up to
// which hits are done with.
func (w *worker) plainHead(f *File, head *text.ShHead, hits []place.Hit) int64 {
	if head == nil || head.Start < 0 {
		return 0
	}
	for _, h := range hits {
		pl := w.search.Places[max(h.Place, 0)]
		if h.Place == place.Mark || h.Offset != int64(head.Start) || h.Bound != place.Whole || pl.Placeholder == "" || h.N > len(head.Interpreter) {
			continue
		}
		line := "#!" + archive.Form(pl.Placeholder, archive.FormPlain) + head.Interpreter[h.N:]
		if head.Arguments != "" {
			line += " " + head.Arguments
		}
		f.texts = append(f.texts, textEdit{n: int64(head.End), text: line + "\n" + head.Kept()})
		return int64(head.End)
	}
	return 0
}

// shHeadOf reads the start of a text file that sh runs.
func shHeadOf(src *source) *text.ShHead {
	if !bytes.HasPrefix(src.head(), []byte("#!/bin/sh\n")) {
		return nil
	}
	data := make([]byte, min(src.size, text.MaxShHead))
	if n, _ := src.ReadAt(data, 0); int64(n) < int64(len(data)) {
		data = data[:n]
	}
	return text.ParseShHead(data)
}
