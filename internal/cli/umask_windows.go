package cli

// settleUmask does nothing: files have no modes here.
func settleUmask() {}
