// Package verify says whether a tree has every compiled extension that it must
// have, and whether each is there, is the right one, and can be loaded.
//
// It reads each file by its header, never by its name, for any platform on any
// platform. What is expected comes from witnesses, and each finding names its
// own: what the builds of this run declared (see InstallWitness), sources in the
// tree that define a module, metadata of eggs and wheels, the compilers' log,
// and the user's expect and waive.
package verify
