package isolate

import "errors"

func newLauncher(b *Box, m Method) (launcher, error) {
	switch m {
	case SandboxExec:
		return newSandboxExec(b)
	case Proxy:
		return newProxy(b)
	default:
		return nil, errors.New("not a method of macOS")
	}
}
