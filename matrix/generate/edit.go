package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// inputs are what others publish; nil is nothing new.
type inputs struct {
	images, pythons, runners []byte
	date                     string // of this look, 2026-11-30
}

// edit gives the table's text with what is new in it, and what a person has to
// look at. The text is edited, not written anew: its lines are laid out by hand.
func (in inputs) edit(table string) (string, []string, error) {
	var notes []string
	var err error
	sources := map[string]string{}
	if in.images != nil {
		if table, err = withImages(table, string(in.images)); err != nil {
			return "", nil, fmt.Errorf("reading the pinned images: %w", err)
		}
		sources["manylinux and musllinux images: pypa/cibuildwheel, pinned_docker_images.cfg"] = newestImage(string(in.images))
	}
	if in.pythons != nil {
		if table, err = withPythons(table, in.pythons); err != nil {
			return "", nil, fmt.Errorf("reading the Pythons of the runners: %w", err)
		}
		sources["pythons of runners: actions/python-versions, versions-manifest.json"] = in.date
	}
	if in.runners != nil {
		if notes, err = lookAtRunners(table, string(in.runners)); err != nil {
			return "", nil, fmt.Errorf("reading the list of runners: %w", err)
		}
		sources["hosted runners: GitHub's list"] = in.date
	}
	for _, source := range slices.Sorted(maps.Keys(sources)) {
		if table, err = replaced(table, regexp.QuoteMeta(source)+` of ([\d-]+)`, sources[source]); err != nil {
			return "", nil, err
		}
	}
	if table, err = replaced(table, `"date": "([\d-]*)"`, in.date); err != nil {
		return "", nil, err
	}
	if !json.Valid([]byte(table)) {
		return "", nil, errors.New("the result isn't JSON")
	}
	return table, notes, nil
}

// replaced replaces the first group of a pattern, which has to be there once.
func replaced(text, pattern, value string) (string, error) {
	found := regexp.MustCompile(pattern).FindAllStringSubmatchIndex(text, -1)
	if len(found) != 1 {
		return "", fmt.Errorf("the table has %q %d times", pattern, len(found))
	}
	return text[:found[0][2]] + value + text[found[0][3]:], nil
}

// pinnedImage is a line of pinned_docker_images.cfg: an image's reference, by
// digest or by tag, and of which day it is.
var pinnedImage = regexp.MustCompile(`(?m)^\w+ *= *(quay\.io/pypa/\w+)([@:]\S+)(?: *# *(\d{4})\.(\d\d)\.(\d\d))?`)

// withImages takes over the references of the images that the table has.
func withImages(table, pinned string) (string, error) {
	found := pinnedImage.FindAllStringSubmatch(pinned, -1)
	if len(found) == 0 {
		return "", errors.New("it lists no image")
	}
	refs := map[string]string{}
	for _, m := range found {
		refs[m[1]] = m[2]
	}
	var gone []string
	table = regexp.MustCompile(`"(quay\.io/pypa/\w+)[@:][^"]+"`).ReplaceAllStringFunc(table, func(old string) string {
		name := old[1:strings.IndexAny(old, "@:")]
		if refs[name] == "" {
			gone = append(gone, name)
			return old
		}
		return `"` + name + refs[name] + `"`
	})
	if len(gone) > 0 {
		return "", fmt.Errorf("it no longer has %s: take it out of the table", strings.Join(gone, " and "))
	}
	return table, nil
}

// newestImage is the day of the newest image, 2026-08-15.
func newestImage(pinned string) string {
	newest := ""
	for _, m := range pinnedImage.FindAllStringSubmatch(pinned, -1) {
		newest = max(newest, m[3]+"-"+m[4]+"-"+m[5])
	}
	return newest
}

// release is an entry of versions-manifest.json.
type release struct {
	Version string
	Files   []struct {
		Arch, Platform string
		Version        string `json:"platform_version"` // of Ubuntu
	}
}

// oldest is the oldest minor version of Python 3 that the program builds for.
const oldest = 6

var minor = regexp.MustCompile(`^3\.(\d+)\.\d+(-rc\.\d+)?$`) // a release, or a candidate, whose ABI is final

// withPythons fills in the Pythons of each platform's runner.
func withPythons(table string, manifest []byte) (string, error) {
	var releases []release
	if err := json.Unmarshal(manifest, &releases); err != nil {
		return "", err
	}
	platforms, err := platformsOf(table)
	if err != nil {
		return "", err
	}
	for _, p := range platforms {
		if p.Arch == "" {
			continue // built in images alone
		}
		pythons := p.pythons(releases)
		if len(pythons) == 0 {
			return "", fmt.Errorf("it has no Python for %s on %s", p.Name, p.Runner)
		}
		pattern := `"name": "` + p.Name + `",\n(?: .*\n)*? +"pythons": \[([^\]]*)\]`
		if table, err = replaced(table, pattern, `"`+strings.Join(pythons, `", "`)+`"`); err != nil {
			return "", err
		}
	}
	return table, nil
}

// platform is what is read of a platform of the table.
type platform struct {
	Name, Runner string
	Others       []string `json:"other_runners"`
	Arch         string   `json:"setup_python_arch"`
}

func platformsOf(table string) ([]platform, error) {
	var t struct{ Platforms []platform }
	err := json.Unmarshal([]byte(table), &t)
	return t.Platforms, err
}

// pythons are those that the platform's runner gets of actions/setup-python, in
// order: "3.13", "3.13t".
func (p platform) pythons(releases []release) []string {
	system, version, _ := strings.Cut(p.Runner, "-")
	system = map[string]string{"ubuntu": "linux", "macos": "darwin", "windows": "win32"}[system]
	version, _, _ = strings.Cut(version, "-")
	found := map[int]map[string]bool{}
	for _, r := range releases {
		m := minor.FindStringSubmatch(r.Version)
		if m == nil {
			continue
		}
		n, _ := strconv.Atoi(m[1])
		for _, f := range r.Files {
			arch, free := strings.CutSuffix(f.Arch, "-freethreaded")
			if n < oldest || f.Platform != system || arch != p.Arch || system == "linux" && f.Version != version {
				continue
			}
			if found[n] == nil {
				found[n] = map[string]bool{}
			}
			found[n][map[bool]string{true: "t"}[free]] = true
		}
	}
	var names []string
	for _, n := range slices.Sorted(maps.Keys(found)) {
		for _, suffix := range slices.Sorted(maps.Keys(found[n])) {
			names = append(names, fmt.Sprintf("3.%d%s", n, suffix))
		}
	}
	return names
}

// lookAtRunners says which of the table's runners the list doesn't have, or has
// as deprecated. Which one takes such a one's place is for a person to say.
func lookAtRunners(table, list string) ([]string, error) {
	rows := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\|.*\|$`).FindAllString(list, -1) {
		for _, m := range regexp.MustCompile("`([a-z0-9.-]+)`").FindAllStringSubmatch(row, -1) {
			rows[m[1]] = row
		}
	}
	if len(rows) == 0 {
		return nil, errors.New("it has no table of labels")
	}
	platforms, err := platformsOf(table)
	if err != nil {
		return nil, err
	}
	var notes []string
	for _, p := range platforms {
		for _, runner := range append([]string{p.Runner}, p.Others...) {
			row, ok := rows[runner]
			note := ""
			if !ok {
				note = "runner " + runner + ": it isn't in GitHub's list"
			} else if strings.Contains(strings.ToLower(row), "deprecat") {
				note = "runner " + runner + ": GitHub calls it deprecated"
			}
			if note != "" && !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return notes, nil
}
