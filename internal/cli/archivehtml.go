package cli

import (
	_ "embed"
	"html/template"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/prove"
	"github.com/binary-buildout/binary-buildout/pack"
)

//go:embed archive.html
var archivePage string

// omitted are the paths that were left out for one reason.
type omitted struct {
	Reason string
	Paths  []string
}

// archiveHTML are the report's sections on the archive: how it was proved, what
// was relocated and left out.
func (p *packing) archiveHTML() (template.HTML, error) {
	t, err := template.New("archive").Parse(archivePage)
	if err != nil {
		return "", err
	}
	data := struct {
		Warnings []string
		Proof    *prove.Proof
		Moved    *pack.Report
		Omitted  []omitted
	}{Warnings: p.built.Tree.Warnings, Proof: p.proof}
	if p.planned != nil {
		data.Moved = p.planned.Plan.Report
		data.Omitted = byReason(data.Moved.Omitted)
	}
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil
}

func byReason(list []pack.Omission) []omitted {
	var groups []omitted
	for _, o := range list {
		i := slices.IndexFunc(groups, func(g omitted) bool { return g.Reason == o.Reason })
		if i < 0 {
			groups = append(groups, omitted{Reason: o.Reason})
			i = len(groups) - 1
		}
		groups[i].Paths = append(groups[i].Paths, o.Path)
	}
	return groups
}
