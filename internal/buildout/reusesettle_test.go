package buildout

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What is installed anew although zc.buildout would say "Updating": parts that
// were made with what changed, and compiled eggs where libraries or flags did.
func TestReuseSettles(t *testing.T) {
	type options map[string]string
	type parts map[string]options
	// low is a library, tool is linked to it, alone is not; fast is a compiled egg's part.
	old := func() parts {
		return parts{
			"low":   {"recipe": "zc.recipe.cmmi", "url": "low.tar.gz", "location": "/s/parts/low", "__buildout_installed__": "/s/parts/low", "__buildout_signature__": "zc.recipe.cmmi-1 zc-buildout-e0"},
			"tool":  {"recipe": "zc.recipe.cmmi", "extra_options": "--with-low=/s/parts/low/lib", "__buildout_installed__": "/s/parts/tool"},
			"alone": {"recipe": "zc.recipe.cmmi", "extra_options": "--with-x=/s/parts/lower", "__buildout_installed__": "/s/parts/alone"},
			"fast":  {"recipe": "zc.recipe.egg:custom", "__buildout_installed__": "/s/develop-eggs/fast.egg"},
			"env":   {"recipe": "own", "LDFLAGS": "-Lx", "__buildout_installed__": ""},
			"web":   {"recipe": "zc.recipe.egg", "eggs": "a", "__buildout_installed__": "/s/bin/web"},
		}
	}
	for _, c := range []struct {
		name        string
		change      func(parts)
		touched     []string
		again, eggs string
	}{
		{"nothing", func(parts) {}, nil, "[]", "[compiled.egg fast.egg pure.egg]"},
		{"a pure part", func(p parts) { p["web"]["eggs"] = "b" }, nil, "[]", "[compiled.egg fast.egg pure.egg]"},
		{"a library", func(p parts) { p["low"]["url"] = "low2.tar.gz" }, nil, "[fast low tool]", "[pure.egg]"},
		{"a virtualenv made anew", func(p parts) { p["low"]["__buildout_signature__"] = "zc.recipe.cmmi-1 zc-buildout-e1" }, nil, "[]", "[compiled.egg fast.egg pure.egg]"},
		{"its recipe", func(p parts) { p["low"]["__buildout_signature__"] = "zc.recipe.cmmi-2 zc-buildout-e0" }, nil, "[fast low tool]", "[pure.egg]"},
		{"its source", func(parts) {}, []string{"low"}, "[fast low tool]", "[pure.egg]"},
		{"a library that is gone", func(p parts) { delete(p, "low") }, nil, "[fast low tool]", "[pure.egg]"},
		{"a compiled egg", func(p parts) { p["fast"]["egg"] = "faster" }, nil, "[fast]", "[compiled.egg pure.egg]"},
		{"flags", func(p parts) { p["env"]["LDFLAGS"] = "-Ly" }, nil, "[alone fast low tool]", "[pure.egg]"},
		{"a new library", func(p parts) { p["new"] = options{"recipe": "zc.recipe.cmmi"} }, nil, "[alone fast low tool]", "[pure.egg]"},
		{"a new script", func(p parts) { p["new"] = options{"recipe": "zc.recipe.egg", "eggs": "c"} }, nil, "[]", "[compiled.egg fast.egg pure.egg]"},
	} {
		now := old()
		c.change(now)
		for _, p := range now {
			delete(p, "__buildout_installed__")
		}
		for _, minor := range []string{"2.7", "3.13"} {
			dir := write(t, map[string]string{"eggs/compiled.egg/x": "", "eggs/pure.egg/x": "", "eggs/fast.egg/x": ""})
			job := reuseJob{Eggs: []string{}, Compiled: []string{filepath.Join(dir, "eggs/compiled.egg")}, Old: "whole", Touched: append([]string{}, c.touched...),
				Parts: []string{"low", "tool", "alone", "fast"}, Libs: []string{"low", "tool", "alone"}, EggParts: map[string][]string{"fast": {filepath.Join(dir, "eggs/fast.egg")}}, Develop: map[string]*reusableDevelop{}, Site: []string{"zc-buildout"}, Report: filepath.Join(dir, "report")}
			if err := writeJSON(filepath.Join(dir, "reuse.json"), job); err != nil {
				t.Fatal(err)
			}
			source, _ := scripts.ReadFile("py/reuse.py")
			if err := os.WriteFile(filepath.Join(dir, "reuse.py"), source, 0o644); err != nil {
				t.Fatal(err)
			}
			settle, err := filepath.Abs("testdata/reuse_settle.py")
			if err != nil {
				t.Fatal(err)
			}
			input, _ := json.Marshal(map[string]any{"old": old(), "new": now, "stage": job.Parts})
			cmd := exec.Command(python(t, minor), settle, filepath.Join(dir, "reuse.py"), string(input))
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			var got struct{ Again, Eggs []string }
			if err == nil {
				err = json.Unmarshal(out, &got)
			}
			if err != nil || fmt.Sprint(got.Again) != c.again || fmt.Sprint(got.Eggs) != c.eggs {
				t.Errorf("%s, %s: %v %v, want %s %s (%v %s)", c.name, minor, got.Again, got.Eggs, c.again, c.eggs, err, out)
			}
		}
	}
}
