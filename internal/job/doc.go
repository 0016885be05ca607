// Package job packs a buildout as one way of values: build, gate, list, verify,
// relocate, write, prove. Each step takes what the one before it gave, so the
// compiler knows their order, and gives a new value. The package knows no flag
// and no terminal.
//
//	Request, Build: Built, Gate: Gated, List: Listed, Verify: Verified,
//	Relocate: Planned, Write: Written, whose ProofOptions package prove takes
package job
