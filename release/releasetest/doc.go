// Package releasetest is GitHub's release API in memory, for tests. It keeps
// state as GitHub does where that hurts: drafts are hidden from look-ups by
// tag and from those who may not write, two assets can't have one name, lists
// lag behind, a broken upload leaves an asset in state "starter", immutable
// releases refuse. Fault makes the n-th request fail, before or after it did
// its work. It serves downloads of published releases too, by the URLs that
// installers use.
//
// Guard checks each request and each answer against GitHub's own OpenAPI
// description. CheckSBOM checks a bill of materials against CycloneDX's schema.
package releasetest
