package install

// rootsAlone: there is no root.
func rootsAlone(string) bool { return true }
