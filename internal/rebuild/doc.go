// Package rebuild says how an archive is built again, in what two builds of it
// differ, and what can be attested of that.
//
// What an archive says is data here: names, versions, digests, a commit, globs.
// None of it is run, and an address is given to git only if it is one that git
// can't take for a command.
package rebuild
