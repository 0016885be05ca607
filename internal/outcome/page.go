package outcome

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/plural"
)

//go:embed head.html
var head string

// shownEggs is how many eggs the picture of sizes has.
const shownEggs = 15

// Head is the outcome as the beginning of the report's page, whose styles it uses.
func (o Outcome) Head() (template.HTML, error) {
	return o.execute("head")
}

// Materials are the page's sections on the eggs: their sizes as a picture, and
// all of them with versions and licences.
func (o Outcome) Materials() (template.HTML, error) {
	if len(o.Eggs) == 0 {
		return "", nil
	}
	return o.execute("eggs")
}

func (o Outcome) execute(name string) (template.HTML, error) {
	t, err := template.New("outcome").Funcs(template.FuncMap{"size": plural.Bytes, "eggBar": o.eggBar, "stepBar": o.stepBar, "count": func(n int, one string) string { return plural.Of(n, one) }}).Parse(head)
	if err != nil {
		return "", fmt.Errorf("writing the report: %w", err)
	}
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, name, struct {
		Outcome
		Largest []Egg
	}{o, o.Largest(shownEggs)}); err != nil {
		return "", fmt.Errorf("writing the report: %w", err)
	}
	return template.HTML(b.String()), nil
}

// eggBar is the width of an egg's bar, in percent of the largest egg's.
func (o Outcome) eggBar(e Egg) int { return share(e.Size, o.Largest(1)[0].Size) }

// stepBar is the width of a step's bar, in percent of the longest step's.
func (o Outcome) stepBar(s Step) int {
	var most float64
	for _, other := range o.Steps {
		most = max(most, other.Seconds)
	}
	return share(s.Seconds, most)
}
