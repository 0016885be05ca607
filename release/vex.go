package release

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

const vexEnding = ".vex.json"

// VEXName is the file name of the release's VEX document.
func VEXName(name, version string) string { return name + "-" + version + vexEnding }

// AddVEX takes a document along that says which vulnerabilities concern the
// release, and which don't: CycloneDX with vulnerabilities, OpenVEX, or CSAF's
// profile vex, as JSON. Its statements are its author's: they aren't read.
func (s *Set) AddVEX(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the VEX document: %w", err)
	}
	if !isVEX(data) {
		return fail(exitUsage, "give JSON of CycloneDX with vulnerabilities, OpenVEX or CSAF (csaf_vex)", "reading the VEX document: %s isn't one", path)
	}
	first := s.Archives[0].Info
	s.Extra = append(s.Extra, NewFile(VEXName(first.Name, first.Version), data))
	return nil
}

func isVEX(data []byte) bool {
	var v struct {
		BOMFormat       string            `json:"bomFormat"`
		Vulnerabilities []json.RawMessage `json:"vulnerabilities"`
		Context         string            `json:"@context"`
		Document        struct {
			Category string `json:"category"`
		} `json:"document"`
	}
	if json.Unmarshal(data, &v) != nil {
		return false
	}
	return v.BOMFormat == "CycloneDX" && len(v.Vulnerabilities) > 0 ||
		strings.HasPrefix(v.Context, "https://openvex.dev/ns") || v.Document.Category == "csaf_vex"
}
