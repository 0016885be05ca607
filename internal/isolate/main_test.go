package isolate

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if handled, code := Child(os.Args); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}
