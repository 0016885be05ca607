package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/install"
)

// TestPlain: no control character of somebody else's text reaches a terminal or a log.
func TestPlain(t *testing.T) {
	foreign := "a\x1b]0;x\a\r\u009b2J\u202eb\x7f ü\tn"
	const want = `a\x1b]0;x\x07\x0d\x9b2J\u202eb\x7f ü` + "\tn"
	if got := plain(foreign); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := plainLine("a\ngood b\x1b"); got != `a\x0agood b\x1b` {
		t.Errorf("%q", got)
	}
	var out, err bytes.Buffer
	c := &Command{Stdout: &out, Stderr: &err, Getenv: func(string) string { return "" }}
	u := &ui{w: &err, now: time.Now}
	u.say("%s", foreign)
	u.warn(foreign)
	u.progress("%s", foreign)
	u.heading(foreign)
	c.exit(fault.Usage(errors.New(foreign), foreign))
	c.exit(errors.New(foreign))
	if e := c.showUpdated(&install.Updated{Result: install.Result{Changed: true, Name: foreign, Version: foreign, Warnings: []string{foreign}}, From: foreign, Report: []string{foreign}}, nil, &common{}, false); e != nil {
		t.Fatal(e)
	}
	if e := c.writeJSON(map[string]string{"name": foreign}); e != nil {
		t.Fatal(e)
	}
	var back map[string]string
	document := out.String()[strings.LastIndex(out.String(), "\n{"):]
	if e := json.Unmarshal([]byte(document), &back); e != nil || back["name"] != foreign {
		t.Errorf("%v: %s", e, document)
	}
	out.WriteString(strings.Repeat(`\x1b]0;x`, 2))
	for _, text := range []string{out.String(), err.String()} {
		if strings.ContainsFunc(text, steers) || strings.Count(text, `\x1b]0;x`) < 5 {
			t.Errorf("%q", text)
		}
	}
}
