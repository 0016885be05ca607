// Package job packs a buildout in steps, each a function from value to value:
// build, gate, list, verify, relocate, write, prove. A step takes the value that
// the one before it returned, so the compiler knows their order. The package knows no flag
// and no terminal.
//
//	Request, Build: Built, Gate: Gated, List: Listed, Verify: Verified,
//	Relocate: Planned, Write: Written, whose ProofOptions package prove takes
package job
