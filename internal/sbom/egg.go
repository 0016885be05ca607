package sbom

// Egg is a Python distribution of an archive, as the sidecar has it.
type Egg struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Develop bool   `json:"develop,omitempty"` // made from a checkout, so no index has it

	// The licence, as an expression of SPDX, or else as identifiers of SPDX's
	// list and other names.
	LicenseExpression string   `json:"license_expression,omitempty"`
	LicenseIDs        []string `json:"license_ids,omitempty"`
	LicenseNames      []string `json:"license_names,omitempty"`

	Authors  []Person `json:"authors,omitempty"`
	Supplier *Person  `json:"supplier,omitempty"`

	// Requires are other eggs of the archive, as "NAME VERSION".
	Requires []string `json:"requires,omitempty"`

	// Contains is what lies inside of the egg that others made.
	Contains []Contained `json:"contains,omitempty"`
}

// Key is how other eggs name this one.
func (e Egg) Key() string { return e.Name + " " + e.Version }

// Person is somebody who made a distribution, or an organisation.
type Person struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

// Contained is a component inside of an egg: a library that was put into its
// wheel, or what the wheel's own bill of materials names.
type Contained struct {
	Ref      string   `json:"ref"` // no other of the egg has it
	Name     string   `json:"name"`
	Version  string   `json:"version,omitempty"`
	PURL     string   `json:"purl,omitempty"`
	Licenses []string `json:"licenses,omitempty"` // expressions of SPDX, or names
	SHA256   string   `json:"sha256,omitempty"`
	From     string   `json:"from"`               // the file, or the document that names it: "sboms/auditwheel.cdx.json"
	Requires []string `json:"requires,omitempty"` // other components' Ref
}
