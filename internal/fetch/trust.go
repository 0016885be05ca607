package fetch

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// Trust is what is asked of an archive's attestation. It is a member of
// install.json, and holds for each update.
type Trust struct {
	// RequireAttestation makes a missing attestation an error.
	RequireAttestation bool `json:"require,omitempty"`
	// SourceRepo is OWNER/REPO, of which the run was that built the archive;
	// default: the repository that the archive is taken from.
	SourceRepo string `json:"source_repo,omitempty"`
	// SourceRef is the ref that the run was for; default: the release's tag.
	SourceRef string `json:"source_ref,omitempty"`
	// SignerWorkflow is OWNER/REPO/PATH[@REF] of the workflow that signed;
	// default: ReusableWorkflow, or any of SourceRepo.
	SignerWorkflow string `json:"signer_workflow,omitempty"`
	// DenySelfHosted refuses what a runner signed that isn't GitHub's own.
	DenySelfHosted bool `json:"deny_self_hosted_runners,omitempty"`
	// TrustedRoot is the text of a file of further trusted roots of Sigstore, one
	// JSON document or one a line, as "gh attestation trusted-root" writes them.
	TrustedRoot string `json:"trusted_root,omitempty"`
}

// ReusableWorkflow is the workflow that binary-buildout's users call.
const ReusableWorkflow = "binary-buildout/binary-buildout/.github/workflows/buildout.yml"

// The names under which Over is told what was said, as those of the flags are.
const (
	SaidRequire        = "require-attestation"
	SaidSourceRepo     = "source-repo"
	SaidSourceRef      = "source-ref"
	SaidSignerWorkflow = "signer-workflow"
	SaidDenySelfHosted = "deny-self-hosted-runners"
	SaidTrustedRoot    = "trusted-root"
)

// Over is what holds where this is asked now, and earlier was asked before:
// what wasn't said now, and has no value, is as it was.
func (t Trust) Over(earlier Trust, said ...string) Trust {
	keep(&t.RequireAttestation, earlier.RequireAttestation, said, SaidRequire)
	keep(&t.SourceRepo, earlier.SourceRepo, said, SaidSourceRepo)
	keep(&t.SourceRef, earlier.SourceRef, said, SaidSourceRef)
	keep(&t.SignerWorkflow, earlier.SignerWorkflow, said, SaidSignerWorkflow)
	keep(&t.DenySelfHosted, earlier.DenySelfHosted, said, SaidDenySelfHosted)
	keep(&t.TrustedRoot, earlier.TrustedRoot, said, SaidTrustedRoot)
	return t
}

func keep[T comparable](now *T, earlier T, said []string, name string) {
	var none T
	if *now == none && !slices.Contains(said, name) {
		*now = earlier
	}
}

// asks is whether more is asked than the attestation that lies where the archive does.
func (t Trust) asks() bool {
	return t.RequireAttestation || t.SourceRepo != "" || t.SourceRef != "" || t.SignerWorkflow != "" || t.DenySelfHosted
}

var (
	ownerRepo    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$`)
	workflowPath = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100})/(\.github/workflows/[^@/]+)(@.+)?$`)
)

// Check refuses what can't be asked.
func (t Trust) Check() error {
	if t.SourceRepo != "" && !ownerRepo.MatchString(t.SourceRepo) {
		return fault.Usage(fmt.Errorf("checking the attestation: %q isn't OWNER/REPO", t.SourceRepo), "")
	}
	if t.SourceRef != "" && !strings.HasPrefix(t.SourceRef, "refs/") {
		return fault.Usage(fmt.Errorf("checking the attestation: %q isn't a ref", t.SourceRef), "a ref is refs/tags/TAG or refs/heads/BRANCH")
	}
	if t.SignerWorkflow != "" && !workflowPath.MatchString(t.SignerWorkflow) {
		return fault.Usage(fmt.Errorf("checking the attestation: %q isn't a workflow", t.SignerWorkflow), "name it as OWNER/REPO/.github/workflows/NAME.yml, perhaps with @REF")
	}
	if t.TrustedRoot == "" {
		return nil
	}
	_, err := loadRoots(t.TrustedRoot)
	return err
}

// signedBy holds the workflow that signed, as OWNER/REPO/PATH@REF, to what was
// asked: GitHub doesn't tell letters of names apart.
func (t Trust) signedBy(workflow, source string) error {
	got := workflowPath.FindStringSubmatch(workflow)
	if got == nil {
		return fmt.Errorf("it was signed by %q, which isn't a workflow", workflow)
	}
	if t.SignerWorkflow == "" {
		if strings.EqualFold(got[1], source) || sameWorkflow(got, workflowPath.FindStringSubmatch(ReusableWorkflow)) {
			return nil
		}
		return fmt.Errorf("it was signed by the workflow %s, which is neither %s nor one of %s", workflow, ReusableWorkflow, source)
	}
	if want := workflowPath.FindStringSubmatch(t.SignerWorkflow); want == nil || !sameWorkflow(got, want) {
		return fmt.Errorf("it was signed by the workflow %s, not by %s", workflow, t.SignerWorkflow)
	}
	return nil
}

// sameWorkflow compares matches of workflowPath. Without a ref any is wanted.
func sameWorkflow(got, want []string) bool {
	return strings.EqualFold(got[1], want[1]) && got[2] == want[2] && (want[3] == "" || got[3] == want[3])
}

// ofRef compares the ref of the run with what was asked, else with the release's tag,
// else to being one of a tag.
func (t Trust) ofRef(ref, tag string) error {
	switch {
	case t.SourceRef != "" && ref != t.SourceRef:
		return fmt.Errorf("it was made for %s, not for %s", ref, t.SourceRef)
	case t.SourceRef != "":
		return nil
	case tag != "" && ref != "refs/tags/"+tag:
		return fmt.Errorf("it was made for %s, and the release is %s", ref, tag)
	case !strings.HasPrefix(ref, "refs/tags/"):
		return fmt.Errorf("it was made for %s, which isn't a tag", ref)
	}
	return nil
}

// onRunner refuses another runner than GitHub's, where that was asked.
func (t Trust) onRunner(environment string) error {
	if t.DenySelfHosted && environment != "github-hosted" {
		return errors.New("a runner signed it that isn't GitHub's own")
	}
	return nil
}
