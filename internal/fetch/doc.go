// Package fetch gets an archive: it reads the index of a release or a mirror,
// chooses what fits this system and its Pythons, checks the attestation, and
// downloads the archive. It knows nothing of the directory that the archive is
// for but what the caller's functions say.
package fetch
