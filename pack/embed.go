package pack

import _ "embed"

// bootstrapPy and launcherPy travel byte for byte in every archive.
var (
	//go:embed bootstrap.py
	bootstrapPy []byte
	//go:embed launcher.py
	launcherPy []byte
)

// Bootstrap is the bootstrap.py of every archive.
func Bootstrap() []byte { return append([]byte(nil), bootstrapPy...) }

// Launcher is the .binary-buildout/launcher.py of every stage and archive.
func Launcher() []byte { return append([]byte(nil), launcherPy...) }
