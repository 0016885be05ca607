package matrix

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

//go:generate go run ./generate

//go:embed table.json
var tableJSON []byte

// table is table.json: what changes without us, in one dated file.
type table struct {
	Format       int             `json:"format"`
	Date         string          `json:"date"`
	Sources      []string        `json:"sources"`
	DefaultImage string          `json:"default_image"`
	Platforms    []tablePlatform `json:"platforms"`
	MacosFloors  []macosFloor    `json:"macos_floors"`
	Images       []tableImage    `json:"images"`
}

type tablePlatform struct {
	Name            string   `json:"name"`
	Runner          string   `json:"runner"`
	OtherRunners    []string `json:"other_runners"`
	SetupPythonArch string   `json:"setup_python_arch"` // actions/setup-python's word; empty where it has none
	DockerPlatform  string   `json:"docker_platform"`
	Emulated        bool     `json:"emulated"`      // the runner's processor is another one
	DefaultImage    string   `json:"default_image"` // where it isn't the table's
	Pythons         []string `json:"pythons"`       // those of actions/setup-python on the runner
}

// macosFloor is the oldest macOS that CPython's own builds run on, from the Python version First on.
type macosFloor struct{ Arch, First, Floor string }

type tableImage struct {
	Name    string                 `json:"name"`
	Tag     string                 `json:"tag"`  // what the image promises; empty: linux
	Refs    map[string]string      `json:"refs"` // platform -> reference; empty: Name on each of Platforms
	Path    string                 `json:"path"` // of Python; {abi_dir} is cp313-cp313
	Pythons map[string]imagePython `json:"pythons"`
	Prove   string                 `json:"prove"` // an image without a compiler; empty: the image itself

	Platforms []string          `json:"platforms"` // what the image is made for, where it has no Refs
	Proves    map[string]string `json:"proves"`    // platform -> what takes the place of Prove
}

type imagePython struct {
	Path  string `json:"path"`
	Build string `json:"build"` // a command run as root, before a build
	Run   string `json:"run"`   // the same, where only Python is wanted
}

func readTable() (table, error) {
	var t table
	if err := json.Unmarshal(tableJSON, &t); err != nil {
		return t, fmt.Errorf("reading the table of runners and images: %w", err)
	}
	return t, nil
}

func (t table) platform(name string) (tablePlatform, bool) {
	i := slices.IndexFunc(t.Platforms, func(p tablePlatform) bool { return p.Name == name })
	if i < 0 {
		return tablePlatform{}, false
	}
	return t.Platforms[i], true
}

func (t table) image(name string) (tableImage, bool) {
	i := slices.IndexFunc(t.Images, func(im tableImage) bool { return im.Name == name })
	if i < 0 {
		return tableImage{}, false
	}
	return t.Images[i], true
}

// imagesWith are the images of the table that bring the Python on the platform.
func (t table) imagesWith(python, platform string) []string {
	var names []string
	for _, im := range t.Images {
		if _, ok := im.Pythons[python]; ok && im.on(platform) {
			names = append(names, im.Name)
		}
	}
	if p, ok := t.platform(platform); ok && slices.Contains(p.Pythons, python) {
		names = append(names, ImageHost)
	}
	return names
}

// on says whether there is such an image for the platform.
func (im tableImage) on(platform string) bool {
	return slices.Contains(im.platforms(), platform)
}

func (im tableImage) platforms() []string {
	if len(im.Refs) == 0 {
		return im.Platforms
	}
	return slices.Sorted(maps.Keys(im.Refs))
}

// defaultImage is where an archive for the platform is built if nobody says.
func (t table) defaultImage(p tablePlatform) string {
	if p.DefaultImage != "" {
		return p.DefaultImage
	}
	return t.DefaultImage
}

func (t table) platformNames() []string {
	names := make([]string, len(t.Platforms))
	for i, p := range t.Platforms {
		names[i] = p.Name
	}
	return names
}

func (t table) imageNames() []string {
	names := []string{ImageHost}
	for _, im := range t.Images {
		names = append(names, im.Name)
	}
	return names
}

// macosFloor is the floor of CPython's own builds for an architecture.
func (t table) macosFloor(arch, python string) string {
	floor := ""
	for _, f := range t.MacosFloors {
		if f.Arch == arch && CompareVersions(f.First, strings.TrimSuffix(python, "t")) <= 0 {
			floor = f.Floor
		}
	}
	return floor
}

func sortVersions(versions []string) []string {
	out := slices.Clone(versions)
	slices.SortFunc(out, func(a, b string) int {
		if c := CompareVersions(strings.TrimSuffix(a, "t"), strings.TrimSuffix(b, "t")); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return out
}
