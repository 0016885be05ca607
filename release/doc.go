// Package release gathers the archives of a plan and attaches them to a GitHub
// release. Gather decides what belongs to the release and checks it; Publish
// and Step write, and the last thing they do is the only one that shows: a
// draft is published when all of it is there, with the digests it should have.
//
// It is the only importer of go-github and oauth2. Of GitHub's answers it
// decodes its own structs, since go-github v57 knows neither an asset's digest
// nor an immutable release.
package release
