package workflow

import (
	"os"
	"strings"
	"testing"

	yaml "github.com/oasdiff/yaml3"
)

func checkout() Checkout {
	return Checkout{
		Directory: "my site", Config: "etc/production: 1.cfg", Pythons: []string{"3.12", "3.13"}, From: "init --pythons", Image: "debian:12",
		Compiled: []Compiled{{"python-ldap", []string{"ldap.h", "lber.h"}, false}}, Install: "apt-get update && apt-get install -y libldap-dev",
		SSH: true, Index: "https://pypi.example.com/simple",
	}
}

// What it passes are inputs and secrets of the reusable workflow, and each value
// is what was meant, however it looks.
func TestText(t *testing.T) {
	data, err := os.ReadFile("../../.github/workflows/buildout.yml")
	if err != nil {
		t.Fatal(err)
	}
	var reusable struct {
		On struct {
			Call struct{ Inputs, Secrets map[string]any } `yaml:"workflow_call"`
		}
	}
	if err := yaml.Unmarshal(data, &reusable); err != nil || len(reusable.On.Call.Inputs) == 0 {
		t.Fatal(err)
	}
	var made struct {
		Jobs map[string]struct{ With, Secrets map[string]string }
	}
	if err := yaml.Unmarshal([]byte(checkout().Text()), &made); err != nil {
		t.Fatal(err)
	}
	job := made.Jobs["buildout"]
	for name := range job.With {
		if _, ok := reusable.On.Call.Inputs[name]; !ok {
			t.Errorf("buildout.yml has no input %s", name)
		}
	}
	for name := range job.Secrets {
		if _, ok := reusable.On.Call.Secrets[name]; !ok {
			t.Errorf("buildout.yml has no secret %s", name)
		}
	}
	c := checkout()
	for name, want := range map[string]string{"directory": c.Directory, "config": c.Config, "pythons": "3.12 3.13", "bundle_python": "true", "images": c.Image, "before": c.Install} {
		if job.With[name] != want {
			t.Errorf("%s is %q, want %q", name, job.With[name], want)
		}
	}
	if len(job.Secrets) != 3 {
		t.Errorf("secrets %q", job.Secrets)
	}
}

// What the section says isn't said again.
func TestSettings(t *testing.T) {
	c := checkout()
	c.Settings = []string{"pythons", "bundle-python", "images", "before", "system-libraries"}
	text := c.Text()
	for _, key := range []string{"pythons", "bundle_python", "images", "before", "system_libraries"} {
		if !strings.Contains(text, "      # "+key+": as [binary-buildout] of etc/production: 1.cfg says.\n") || strings.Contains(text, "\n      "+key+":") {
			t.Errorf("%s in\n%s", key, text)
		}
	}
}

func TestDiff(t *testing.T) {
	old := "a\nb\nc\nd\ne\nf\ng\nh\ni\n"
	want := "diff x x, as init would write it\n--- x\n+++ x, as init would write it\n@@ -1,4 +1,3 @@\n-a\n b\n c\n d\n@@ -6,4 +5,5 @@\n f\n g\n h\n-i\n+j\n+k\n"
	if got := Diff("x", old, "b\nc\nd\ne\nf\ng\nh\nj\nk\n"); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := Diff("x", old, old); got != "" {
		t.Error(got)
	}
}
