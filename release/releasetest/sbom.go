package releasetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// CheckSBOM holds a bill of materials to CycloneDX's own schema, and to what the
// schema doesn't see: no bom-ref is there twice, each one that is named is there,
// and no component depends on itself through others.
func CheckSBOM(data []byte) error {
	schema, err := cyclonedx()
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("reading the SBOM: %w", err)
	}
	return errors.Join(schema.Validate(v), checkGraph(data))
}

// component is what of one the graph needs.
type component struct {
	Ref        string      `json:"bom-ref"`
	Components []component `json:"components"`
}

func checkGraph(data []byte) error {
	var bom struct {
		Metadata struct {
			Component component `json:"component"`
		} `json:"metadata"`
		Components   []component `json:"components"`
		Dependencies []struct {
			Ref string   `json:"ref"`
			On  []string `json:"dependsOn"`
		} `json:"dependencies"`
	}
	if err := json.Unmarshal(data, &bom); err != nil {
		return fmt.Errorf("reading the SBOM: %w", err)
	}
	var wrong []error
	refs := map[string]bool{}
	var collect func(list []component)
	collect = func(list []component) {
		for _, c := range list {
			if c.Ref != "" && refs[c.Ref] {
				wrong = append(wrong, fmt.Errorf("bom-ref %s is there twice", c.Ref))
			}
			refs[c.Ref] = true
			collect(c.Components)
		}
	}
	collect(append([]component{bom.Metadata.Component}, bom.Components...))
	on := map[string][]string{}
	for _, d := range bom.Dependencies {
		if on[d.Ref] != nil {
			wrong = append(wrong, fmt.Errorf("the dependencies of %s are there twice", d.Ref))
		}
		on[d.Ref] = d.On
		for _, ref := range append([]string{d.Ref}, d.On...) {
			if !refs[ref] {
				wrong = append(wrong, fmt.Errorf("%s names %s, which isn't there", d.Ref, ref))
			}
		}
	}
	const open, done = 1, 2
	state := map[string]int{}
	var visit func(ref string)
	visit = func(ref string) {
		state[ref] = open
		for _, next := range on[ref] {
			switch state[next] {
			case open:
				wrong = append(wrong, fmt.Errorf("%s depends on itself, by %s", next, ref))
			case done:
			default:
				visit(next)
			}
		}
		state[ref] = done
	}
	for _, d := range bom.Dependencies {
		if state[d.Ref] == 0 {
			visit(d.Ref)
		}
	}
	return errors.Join(wrong...)
}

// cyclonedx is the format's own schema, which lies beside the library.
var cyclonedx = sync.OnceValues(func() (*jsonschema.Schema, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		return nil, fmt.Errorf("finding CycloneDX's schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	for url, name := range map[string]string{"spdx.schema.json": "spdx.schema.json", "jsf-0.82.schema.json": "jsf-0.82.schemax.json", "bom-1.6.schema.json": "bom-1.6.schema.json"} {
		data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "schema", name))
		if err != nil {
			return nil, fmt.Errorf("finding CycloneDX's schema: %w", err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("reading CycloneDX's schema: %w", err)
		}
		if err := c.AddResource("http://cyclonedx.org/schema/"+url, v); err != nil {
			return nil, err
		}
	}
	return c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
})
