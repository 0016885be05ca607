package cli

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install"
)

// trustFlags are the flags that say who must have made an archive.
type trustFlags struct {
	fs               *flag.FlagSet
	trust            fetch.Trust
	root, signerRepo string
}

func registerTrust(fs *flag.FlagSet) *trustFlags {
	f := &trustFlags{fs: fs}
	fs.BoolVar(&f.trust.RequireAttestation, fetch.SaidRequire, false, "fail if the archive has no attestation")
	fs.StringVar(&f.trust.SourceRepo, fetch.SaidSourceRepo, "", "the repository `OWNER/REPO` that the archive was built from (default the repository installed from)")
	fs.StringVar(&f.trust.SourceRef, fetch.SaidSourceRef, "", "the `REF` that it was built for (default the release's tag, refs/tags/TAG)")
	fs.StringVar(&f.trust.SignerWorkflow, fetch.SaidSignerWorkflow, "", "the workflow `OWNER/REPO/PATH` that signed (default binary-buildout's, or one of the source's repository)")
	fs.BoolVar(&f.trust.DenySelfHosted, fetch.SaidDenySelfHosted, false, "refuse what was signed by a runner that isn't GitHub's")
	fs.StringVar(&f.root, fetch.SaidTrustedRoot, "", "a `FILE` of further trusted roots, as gh attestation trusted-root writes it")
	fs.StringVar(&f.signerRepo, "signer-repo", "", "the old name of --source-repo `OWNER/REPO`")
	return f
}

// handed is the file that root hands to another user's process.
func (f *trustFlags) handed(c *Command) []string {
	if f.root == "" {
		return nil
	}
	return []string{c.abs(f.root)}
}

// settle fills in what was said.
func (f *trustFlags) settle(c *Command, o *install.Options, ui *ui) error {
	t := f.trust
	f.fs.Visit(func(x *flag.Flag) { o.TrustSaid = append(o.TrustSaid, x.Name) })
	if f.signerRepo != "" {
		ui.warn("--signer-repo is called --source-repo: for gh it is the repository of the workflow that signs")
		if t.SourceRepo != "" && t.SourceRepo != f.signerRepo {
			return usageError("--signer-repo and --source-repo name two repositories", "leave --signer-repo out")
		}
		t.SourceRepo = f.signerRepo
	}
	if f.root != "" {
		data, err := c.readHanded(c.abs(f.root))
		if err != nil {
			return usageError(fmt.Sprintf("reading the trusted root: %v", err), "make it with: gh attestation trusted-root >FILE")
		}
		t.TrustedRoot = string(data)
	}
	o.Trust = t
	return t.Check()
}

// maxTrustedRoot bounds what is read of a file of trusted roots, in bytes.
const maxTrustedRoot = 4 << 20

// readHanded reads a file, which root may have opened for this process.
func (c *Command) readHanded(path string) ([]byte, error) {
	if c.parent != nil && c.parent.files[path] != nil {
		return io.ReadAll(io.NewSectionReader(c.parent.files[path], 0, maxTrustedRoot))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxTrustedRoot))
}
