package buildout

import (
	"slices"
	"testing"
)

// What pack brings has a pin where picking is forbidden, unless somebody pins it.
func TestToolPins(t *testing.T) {
	brought := toolset{Eggs: []madeEgg{{Name: "zc.buildout", Version: "6.0.1"}, {Name: "setuptools", Version: "82.0.1"}, {Name: "importlib_metadata", Version: "8.0"}, {Name: "wheel", Version: "0.45"}}}
	c := config{Buildout: map[string]string{"allow-picked-versions": "false", "versions": "pins"}, Versions: map[string]string{"Wheel": "0.45", "zc.recipe.egg": "4.0.0"}}
	if got, want := toolPins(brought, c), []string{"pins:importlib-metadata=8.0", "pins:setuptools=82.0.1", "pins:zc.buildout=6.0.1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	c.Buildout["allow-picked-versions"] = "true"
	if got := toolPins(brought, c); got != nil {
		t.Errorf("got %q where picking is allowed", got)
	}
}
