//go:build unix

package install

import "os"

func rename(from, to string) error { return os.Rename(from, to) }
