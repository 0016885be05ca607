package install

// owner is whom the installed files shall belong to. A nil owner changes
// nothing.
type owner struct {
	uid, gid int
	groups   []uint32
}
