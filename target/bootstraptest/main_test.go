package bootstraptest

import (
	"os"
	"testing"

	"github.com/binary-buildout/binary-buildout/target/packtest"
)

func TestMain(m *testing.M) { os.Exit(packtest.Main(m)) }
