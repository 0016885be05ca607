package fetch

import "context"

// Attested is Last of an archive that is here already: it has to have the
// attestation that the options ask for, lying beside it, by the repository that
// w names where they name none.
func Attested(ctx context.Context, o Request, w Wanted) (*LastArchive, error) {
	if o.SourceRepo == "" {
		o.SourceRepo = w.Repo
	}
	f, err := fetchFile(ctx, o)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return &LastArchive{Path: o.Source, Warnings: f.Warnings}, nil
}
