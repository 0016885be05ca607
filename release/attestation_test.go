package release

import (
	"encoding/json"
	"strings"
	"testing"
)

// bundle is of the files that SHA256SUMS lists.
func bundle(t *testing.T, sums string) []byte {
	t.Helper()
	var subjects []map[string]any
	for line := range strings.Lines(sums) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		subjects = append(subjects, map[string]any{"name": name, "digest": map[string]string{"sha256": sum}})
	}
	payload, err := json.Marshal(map[string]any{"subject": subjects})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]any{"dsseEnvelope": map[string]any{"payload": payload}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCheckAttestation(t *testing.T) {
	set := gathered(t)
	all := files(t, set)
	sums := string(byName(all, SumsName).Data)
	set.Tag = "v1.1"
	other := string(byName(files(t, set), SumsName).Data)
	for _, tt := range []struct {
		name   string
		bundle []byte
		want   string
	}{
		{"of all", bundle(t, sums), ""},
		{"of more", bundle(t, sums+strings.Repeat("0", 64)+"  manual.pdf\n"), ""},
		{"of another tag's", bundle(t, other), "it is not of index.json"},
		{"of one", bundle(t, sums[:strings.Index(sums, "\n")+1]), "it is not of install.sh, "},
		{"empty", []byte("{}"), "no Sigstore bundle"},
		{"no JSON", []byte("signed"), "no Sigstore bundle"},
	} {
		err := CheckAttestation(tt.bundle, all)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
