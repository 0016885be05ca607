package binfmt

import "testing"

// What the first bytes say: four of them, or eight.
func TestMagic(t *testing.T) {
	for head, want := range map[string]Kind{
		"\x7fELF": ELF, "\x7fELF\x02\x01\x01\x00": ELF,
		"\xcf\xfa\xed\xfe": MachO, "\xce\xfa\xed\xfe": MachO, "\xfe\xed\xfa\xce": MachO, "\xfe\xed\xfa\xcf": MachO,
		"\xca\xfe\xba\xbf": MachO, "\xca\xfe\xba\xbe": MachO, "\xca\xfe\xba\xbe\x00\x00\x00\x02": MachO,
		"\xca\xfe\xba\xbe\x00\x00\x00\x34": "", // Java 8
		"\xca\xfe\xba\xbe\x00\x00\x00\x00": "",
		"MZ\x90\x00":                       PE, "MZ\x90\x00\x03\x00\x00\x00": PE,
		"!<ar": Ar, "!<arch>\n": Ar, "!<arch>x": "", "!<thin>\n": "",
		"#!/b": "", "ELF\x7f": "", "\x7fEL": "", "": "",
	} {
		if got := Magic([]byte(head)); got != want {
			t.Errorf("%q: %q, want %q", head, got, want)
		}
	}
}
