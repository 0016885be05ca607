package verify

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
)

//go:embed report.html
var page string

// group is an egg with its items, as the page shows it.
type group struct {
	Name    string
	Version string
	Items   []row
	Bad     int
}

type row struct {
	Item
	List string // "compiled", "missing", "foreign", "waived"
}

// Page is what else a page shows, if the report is a part of more.
type Page struct {
	Title string
	Head  template.HTML   // before the report; it has the page's h1
	More  []template.HTML // further sections, after it
}

// WriteHTML writes the report as one page that loads no other file.
func (r *Report) WriteHTML(w io.Writer, p Page) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"shown": shown, "join": strings.Join,
		"label": func(list string) string {
			return map[string]string{"compiled": "there", "missing": "missing", "foreign": "can't be used", "waived": "waived"}[list]
		},
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return t.Execute(w, struct {
		*Report
		Page
		Groups []group
	}{r, p, r.groups()})
}

// groups are the items by egg, those with findings first.
func (r *Report) groups() []group {
	index := map[string]int{}
	var all []group
	add := func(list string, items []Item) {
		for _, i := range items {
			name := i.Egg
			if name == "" {
				name = "no egg"
			}
			key := name + " " + i.Version
			n, ok := index[key]
			if !ok {
				n = len(all)
				index[key] = n
				all = append(all, group{Name: name, Version: i.Version})
			}
			all[n].Items = append(all[n].Items, row{i, list})
			if list == "missing" || list == "foreign" {
				all[n].Bad++
			}
		}
	}
	add("missing", r.Missing)
	add("foreign", r.Foreign)
	add("waived", r.Waived)
	add("compiled", r.Compiled)
	slices.SortStableFunc(all, func(a, b group) int {
		if (a.Bad > 0) != (b.Bad > 0) {
			if a.Bad > 0 {
				return -1
			}
			return 1
		}
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return all
}
