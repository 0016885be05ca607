package matrix

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// combination is one Python on one platform, on Linux in one image.
type combination struct {
	python   string
	platform tablePlatform
	floor    string // of macOS, where the platform names one: "13.0"
	asked    string // the platform as it was asked for
	image    string // empty but for Linux
}

func combinations(o Options, t table) []combination {
	var all []combination
	for _, name := range o.Platforms {
		p, floor, _ := t.findPlatform(name)
		images := []string{""}
		if strings.HasPrefix(p.Name, "linux_") {
			images = o.Images
			if len(images) == 0 {
				images = []string{t.defaultImage(p)}
			}
		}
		for _, image := range images {
			for _, python := range o.Pythons {
				all = append(all, combination{python, p, floor, name, image})
			}
		}
	}
	return all
}

// findPlatform finds a platform by its name, or by a tag that names macOS's
// floor: macosx_13_0_arm64.
func (t table) findPlatform(name string) (tablePlatform, string, bool) {
	if p, ok := t.platform(name); ok {
		return p, "", true
	}
	m := macPattern.FindStringSubmatch(name)
	if m == nil {
		return tablePlatform{}, "", false
	}
	p, ok := t.platform("macosx_" + m[3])
	return p, m[1] + "." + m[2], ok
}

// entry makes the job. problem is why it can't be had; the entry then has its
// ID all the same, so that it can be left out by it.
func (c combination) entry(o Options, t table) (e Entry, problem string) {
	target := Target{ABI: c.abi(), Platform: c.tag(t)}
	label := Label(c.image)
	if im, ok := t.image(c.image); ok && im.Tag != "" {
		label = ""
	}
	e = Entry{ID: target.String(), Target: target.String(), Label: label, Platform: c.platform.Name, Runner: c.platform.Runner, Emulated: c.platform.Emulated}
	if label != "" {
		e.ID += "-" + label
	}
	if r := o.Runners[c.platform.Name]; r != "" {
		e.Runner, e.Emulated = r, false
	}
	format := o.Format
	if format == "" {
		format = FormatTarGz
		switch {
		case target.OS() == "windows":
			format = FormatZip
		case o.Smallest:
			format = FormatTarZst
		}
	}
	e.Format = format
	e.Archive = ArchiveName(o.Name, o.Version, target, label, format)
	if c.image == "" || c.image == ImageHost {
		return c.onRunner(e, t)
	}
	return c.inImage(e, t)
}

func (c combination) abi() string {
	// Only Linux distributions and the python images build a wide Python 2.
	abi, _ := ABITag(c.python, strings.HasPrefix(c.platform.Name, "linux_"))
	return abi
}

// tag is the platform tag that the archive gets.
func (c combination) tag(t table) string {
	os, arch, _ := strings.Cut(c.platform.Name, "_")
	switch os {
	case "macosx":
		floor := c.floor
		if floor == "" {
			floor = t.macosFloor(arch, c.python)
		}
		return "macosx_" + strings.ReplaceAll(floor, ".", "_") + "_" + arch
	case "linux":
		if im, ok := t.image(c.image); ok && im.Tag != "" {
			return im.Tag + "_" + arch
		}
	}
	return c.platform.Name
}

func (c combination) onRunner(e Entry, t table) (Entry, string) {
	if !slices.Contains(c.platform.Pythons, c.python) {
		return e, c.refuse(e, c.platform.Runner+" has Python "+strings.Join(c.platform.Pythons, ", "), t)
	}
	if problem := c.wrongFloor(e, t); problem != "" {
		return e, problem
	}
	e.Python = Python{Version: c.python, How: FromSetupPython, Arch: c.platform.SetupPythonArch}
	e.Image.Name = ImageHost
	e.Prove.Name = ImageHost
	if strings.HasPrefix(c.platform.Name, "macosx_") {
		e.Env = c.macosEnv(t)
	}
	return e, ""
}

// wrongFloor is why a floor of macOS that was asked for can't be had: older
// than CPython's own, or newer than the runner, where nothing could be proved.
func (c combination) wrongFloor(e Entry, t table) string {
	if c.floor == "" {
		return ""
	}
	_, arch, _ := strings.Cut(c.platform.Name, "_")
	lowest, highest := t.macosFloor(arch, c.python), ""
	if m := macRunner.FindStringSubmatch(e.Runner); m != nil {
		highest = m[1]
	}
	switch {
	case CompareVersions(c.floor, lowest) < 0:
		return fmt.Sprintf("%s: Python %s for %s runs on macOS %s and newer", e.ID, c.python, c.platform.Name, lowest)
	case highest != "" && CompareVersions(c.floor, highest+".99") > 0:
		return fmt.Sprintf("%s: it is proved on %s, which has macOS %s: %s to %s can be had", e.ID, e.Runner, highest, lowest, highest)
	}
	return ""
}

var macRunner = regexp.MustCompile(`^macos-([0-9]+)`)

// macosEnv keeps to one architecture and to the floor: python.org's builds
// would compile for both, and the runner's SDK for its own macOS.
func (c combination) macosEnv(t table) string {
	_, floor, _ := Target{ABI: c.abi(), Platform: c.tag(t)}.Floor()
	arch := strings.TrimPrefix(c.platform.Name, "macosx_")
	return "MACOSX_DEPLOYMENT_TARGET=" + floor + "\nARCHFLAGS=-arch " + arch + "\n_PYTHON_HOST_PLATFORM=macosx-" + floor + "-" + arch
}

func (c combination) inImage(e Entry, t table) (Entry, string) {
	im, known := t.image(c.image)
	if !known {
		// Someone's own image: what is in it is known there only.
		python := "python" + strings.TrimSuffix(c.python, "t")
		e.Image = Image{Name: c.image, Ref: c.image, Platform: c.platform.DockerPlatform, Python: python}
		e.Prove = e.Image
		e.Python = Python{Version: c.python, How: FromImage, Path: python}
		return e, ""
	}
	ref := c.image
	if len(im.Refs) > 0 {
		ref = im.Refs[c.platform.Name]
	}
	if !im.on(c.platform.Name) {
		return e, c.refuse(e, "it exists for "+strings.Join(im.platforms(), ", "), t)
	}
	py, ok := im.Pythons[c.python]
	if !ok {
		return e, c.refuse(e, "it has Python "+strings.Join(sortVersions(slices.Collect(maps.Keys(im.Pythons))), ", "), t)
	}
	if py.Path == "" {
		py.Path = strings.ReplaceAll(im.Path, "{abi_dir}", abiDir(c.abi()))
	}
	how := FromImage
	if py.Build != "" {
		how = FromPackage
	}
	e.Python = Python{Version: c.python, How: how, Path: py.Path}
	e.Image = Image{Name: c.image, Ref: ref, Platform: c.platform.DockerPlatform, Setup: py.Build, Python: py.Path}
	e.Prove = c.proveIn(im, e.Image, py)
	return e, ""
}

// proveIn is an image with the same Python and no compiler. There is none of
// free-threaded builds: they are proved where they were built.
func (c combination) proveIn(im tableImage, build Image, py imagePython) Image {
	prove := im.Prove
	if p := im.Proves[c.platform.Name]; p != "" {
		prove = p
	}
	if prove == "" || strings.HasSuffix(c.python, "t") {
		build.Setup = py.Run
		return build
	}
	ref := strings.ReplaceAll(prove, "{version}", c.python)
	return Image{Name: ref, Ref: ref, Platform: c.platform.DockerPlatform, Python: "/usr/local/bin/python" + c.python}
}

func (c combination) refuse(e Entry, has string, t table) string {
	where := c.platform.Name
	if c.image != "" {
		where = c.image + " on " + where
	}
	s := fmt.Sprintf("%s: there is no Python %s in %s: %s", e.ID, c.python, where, has)
	if with := t.imagesWith(c.python, c.platform.Name); c.image != "" && len(with) > 0 {
		s += fmt.Sprintf(" (Python %s is in %s)", c.python, strings.Join(with, ", "))
	}
	return s
}

// abiDir is the directory of a CPython in the manylinux images: cp313-cp313t
// for the free-threaded one, cp38-cp38, cp37-cp37m.
func abiDir(abi string) string {
	return strings.TrimRight(abi, "dmut") + "-" + abi
}

// Label is what an image adds to the archive's name, since the archives of two
// distributions have one target: "debian:12" gives "debian12". It is empty for
// the runner itself.
func Label(image string) string {
	if image == "" || image == ImageHost {
		return ""
	}
	image, _, _ = strings.Cut(image, "@")
	image = image[strings.LastIndexByte(image, '/')+1:]
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r == ':':
			return -1
		case r < 0x80 && wordPattern.MatchString("a"+string(r)):
			return r
		}
		return '-'
	}, image), "-._+")
}
