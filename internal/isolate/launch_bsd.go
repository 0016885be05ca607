//go:build unix && !linux && !darwin

package isolate

import "errors"

func newLauncher(b *Box, m Method) (launcher, error) {
	if m == Proxy {
		return newProxy(b)
	}
	return nil, errors.New("not a method of this system")
}
