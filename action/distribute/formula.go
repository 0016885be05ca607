package main

import (
	"bytes"
	"fmt"
)

// formulaText is Homebrew's formula: this repository is its own tap.
func formulaText(t table) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Written by action/distribute, from the digests in action/binaries.json.
class BinaryBuildout < Formula
  desc "Packs zc.buildout applications into relocatable archives"
  homepage "https://github.com/binary-buildout/binary-buildout"
  version "%s"
  license "MIT"
`, t.Version)
	for _, system := range []string{"on_macos", "on_linux"} {
		fmt.Fprintf(&b, "\n  %s do\n", system)
		for _, p := range platforms {
			if p.brew == system {
				fmt.Fprintf(&b, "    %s do\n      url \"%s%s\"\n      sha256 \"%s\"\n    end\n", p.arch, t.URL, p.asset(), t.Binaries[p.name])
			}
		}
		b.WriteString("  end\n")
	}
	b.WriteString(`
  def install
    bin.install Dir["binary-buildout-*"].first => "binary-buildout"
    generate_completions_from_executable(bin/"binary-buildout", "completion")
    system bin/"binary-buildout", "man", "--out", man1
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/binary-buildout --version")
  end
end
`)
	return b.Bytes()
}
