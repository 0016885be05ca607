package explain

import (
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/buildout/tools"
)

// What pip 24.2 says when it doesn't get zc.buildout, of which the last lines
// ("conflicting dependencies") blame the pins every time.
func TestOfPip(t *testing.T) {
	const resolver = "ERROR: Cannot install zc.buildout==6.9.9 because these package versions have conflicting dependencies.\n" +
		"ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/#dealing-with-dependency-conflicts\n"
	const retry = "WARNING: Retrying (Retry(total=1, connect=None, read=None, redirect=None, status=None)) after connection broken by "
	for _, c := range []struct {
		said, shown, tip string
		code             int
	}{
		{"ERROR: Could not find a version that satisfies the requirement zc.buildout==6.9.9 (from versions: 1.0.0, 2.0.0, 3.0.0, 4.0, 5.2.0, 6.0.0, 6.0.1)\n" +
			"ERROR: No matching distribution found for zc.buildout==6.9.9\n" + resolver,
			"(the newest ones are 3.0.0, 4.0, 5.2.0, 6.0.0, 6.0.1)\nERROR: No matching distribution found for zc.buildout==6.9.9", "correct the pin", 1},
		{strings.Repeat(retry+"'NewConnectionError('<HTTPConnection object>: Failed to establish a new connection: [Errno 111] Connection refused')': /simple/zc-buildout/\n", 5) +
			"ERROR: Could not find a version that satisfies the requirement zc.buildout==6.0.1 (from versions: none)\n" + resolver,
			"Connection refused", "can't be reached", 3},
		{retry + "'ProxyError('Cannot connect to proxy.', NewConnectionError('Connection refused'))': /simple/zc-buildout/\n" + resolver,
			"Cannot connect to proxy", "the proxy refuses", 3},
		{"ERROR: Could not find a version that satisfies the requirement zc.buildout==6.0.1 (from versions: none)\n" +
			"ERROR: No matching distribution found for zc.buildout==6.0.1\n" + resolver, "No matching", "has no such project", 3},
		{"Looking in links: /wheels\n" + resolver, "Cannot install zc.buildout==6.9.9", "correct the pin", 1},
		{"Collecting zc.buildout==2.13.8\n  Downloading zc.buildout-2.13.8-py2.py3-none-any.whl (154 kB)\n" +
			"ERROR: Cannot install setuptools and zc-buildout==2.13.8 because these package versions have conflicting dependencies.\n\nThe conflict is caused by:\n" +
			"    The user requested setuptools\n    zc-buildout 2.13.8 depends on setuptools<52 and >=8.0\n    The user requested (constraint) setuptools==7\n\n" +
			"To fix this you could try to:\n1. loosen the range of package versions you've specified\n",
			"conflicting dependencies.\nThe user requested setuptools\nzc-buildout 2.13.8 depends on setuptools<52 and >=8.0\nThe user requested (constraint) setuptools==7", "make the pins", 1},
	} {
		shown := tools.Reasons(c.said)
		if !strings.Contains(shown, c.shown) || strings.Contains(shown, "ResolutionImpossible") || strings.Count(shown, "Retrying") > 1 {
			t.Errorf("shown:\n%s", shown)
		}
		if a := OfPip(shown); !strings.Contains(a.Tip, c.tip) || a.Code != c.code {
			t.Errorf("%s\n%+v", shown, a)
		}
	}
}
