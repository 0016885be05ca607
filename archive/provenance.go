package archive

// Provenance is what somebody needs to build an archive again, beside what the
// manifest says anyway: name, version, target, Python, zc.buildout, downloads,
// and what each proof does.
type Provenance struct {
	Source *Source `json:"source,omitempty"` // nil where the buildout was in no git checkout

	// Parameters are the flags of pack that decide about an archive's bytes, by
	// name, as they were settled of flags and section. Commands aren't among
	// them: nothing that an archive says is run by a rebuild.
	Parameters map[string][]string `json:"parameters,omitempty"`

	// Epoch is SOURCE_DATE_EPOCH of the build, in seconds.
	Epoch int64 `json:"epoch"`

	// Image is the container's image, "REFERENCE@sha256:DIGEST", where who
	// started the build said so; empty for none.
	Image string `json:"image,omitempty"`

	// Compressor is the program that compressed the archive, as in "zstd 1.5.4";
	// empty where this program did.
	Compressor string `json:"compressor,omitempty"`
}

// Source is the git checkout that a buildout was built in.
type Source struct {
	URL       string `json:"url,omitempty"` // of its remote; without credentials, and no path of a machine
	Commit    string `json:"commit"`
	Directory string `json:"directory,omitempty"` // of the buildout in the checkout; empty for its top
	Changed   bool   `json:"changed,omitempty"`   // files that git tracks were not as in the commit
}
