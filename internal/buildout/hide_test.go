package buildout

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/environ"
)

// What a failed build leaves for people, its log, what is shown as it runs and
// its error, holds no credential of the build, neither whole nor in two pieces.
func TestLogHidesCredentials(t *testing.T) {
	home := write(t, map[string]string{".netrc": "machine example.com login me password n3trc-word\n"})
	dir := write(t, map[string]string{"buildout.cfg": "[buildout]\nparts =\n"})
	var shown bytes.Buffer
	o := Options{Dir: dir, OS: "linux", Python: python(t, "3.13"), Stage: filepath.Join(t.TempDir(), "stage"), Launcher: launcher(t), Verbose: &shown,
		Env:    environ.Set(os.Environ(), "HOME="+home, "PIP_INDEX_URL=https://joe:s3cr3t%2Fpw@pypi.example.com/simple", "DEPLOY_TOKEN=t0ken-and-more"),
		Before: []string{`printf 'token %.6s' "$DEPLOY_TOKEN"; sleep 0.1; echo "${DEPLOY_TOKEN#??????}"; echo "s3cr3t/pw s3cr3t%2Fpw n3trc-word https://a:b@example.com/"; printf 'last: %s' "$DEPLOY_TOKEN"; false`}}
	_, err := Run(context.Background(), o)
	if err == nil {
		t.Fatal("it didn't fail")
	}
	log, _ := os.ReadFile(filepath.Join(filepath.Dir(o.Stage), "stage.log", "build.log"))
	const want = "token ***\n*** *** *** https://***@example.com/\nlast: ***"
	for name, text := range map[string]string{"the log": string(log), "what is shown": shown.String(), "the error": err.Error()} {
		for _, secret := range []string{"t0ken", "s3cr3t", "n3trc", "a:b"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %s: %s", name, secret, text)
			}
		}
		if name != "the error" && !strings.Contains(text, want) {
			t.Errorf("%s: %s", name, text)
		}
	}
}
