package cli

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/release"
)

// notInScripts are the flags of install that its scripts lack: they know no
// attestations, give no files away, and have no report.
var notInScripts = []string{"json", "quiet", "hide", "owner", "systemd",
	"require_attestation", "source_repo", "signer_repo", "source_ref", "signer_workflow", "deny_self_hosted_runners", "trusted_root"}

// ownOfScripts is what the scripts have instead of install's SOURCE.
var ownOfScripts = []string{"tag", "from", "update", "help"}

// TestInstallersOptions: install.sh, install.ps1 and install have the same
// options by the same names, and the scripts' help lists each.
func TestInstallersOptions(t *testing.T) {
	files, err := release.Installers("https://github.example", "acme/site", "v1")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, name := range append(flagsOf(t, "install"), ownOfScripts...) {
		want[name] = !slices.Contains(notInScripts, name)
	}
	maps.DeleteFunc(want, func(_ string, has bool) bool { return !has })
	sh, ps1 := string(files[0].Data), string(files[1].Data)

	check := func(what string, got []string) {
		t.Helper()
		slices.Sort(got)
		if wanted := slices.Sorted(maps.Keys(want)); !slices.Equal(got, wanted) {
			t.Errorf("%s: %q, want %q", what, got, wanted)
		}
	}
	all := func(text, pattern string) (out []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			out = append(out, strings.ToLower(m[1]))
		}
		return slices.Compact(out)
	}
	between := func(text, from, to string) string {
		_, rest, ok := strings.Cut(text, from)
		part, _, ok2 := strings.Cut(rest, to)
		if !ok || !ok2 {
			t.Fatalf("no %q before %q", from, to)
		}
		return part
	}
	// AsFile is between the script and its function.
	check("install.sh takes", append(all(sh, `(?m)^\t\t--([a-z0-9]+)\) [a-z0-9]+=\$value ;;$`), "help"))
	check("install.sh keeps", append(all(sh, `(?m)^\t\t--[a-z0-9]+\) ([a-z0-9]+)=\$value ;;$`), "help"))
	check("install.sh's help", all(between(sh, "<<'HELP'\n", "\nHELP\n"), `(?m)^  --([a-z0-9]+)`))
	check("install.ps1 takes", all(between(ps1, "\nparam(", "\n)"), `\$([A-Z][a-z0-9]+)`))
	check("install.ps1's function takes", all(between(ps1, "param([switch]$Help", "\n")+"$Help", `\$([A-Z][a-z0-9]+)\b`))
	check("install.ps1 hands on", all(between(ps1, "$given = @{", "}"), `[ ;]([A-Z][a-z0-9]+) = `))
	check("install.ps1's help", all(between(ps1, "return @'\n", "\n'@"), `(?m)^  -([A-Z][a-z0-9]+)`))
}
