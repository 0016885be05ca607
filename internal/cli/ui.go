package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/sethvargo/go-githubactions"
	"golang.org/x/term"

	"github.com/binary-buildout/binary-buildout/internal/plural"
)

// ui is what a person sees while a command runs: one line a step on a log, a
// line that rewrites itself on a terminal, groups under GitHub Actions. It
// writes to standard error, so that --json owns standard output.
type ui struct {
	w       io.Writer
	quiet   bool
	live    bool // a terminal: the current line may be rewritten
	actions *githubactions.Action
	now     func() time.Time

	mu      sync.Mutex
	begun   time.Time
	pending bool // a line without newline is on the screen
	last    time.Time
	waited  time.Duration // for another process, which isn't a step's own time
}

func (c *Command) ui(common *common) *ui {
	u := &ui{w: c.Stderr, quiet: common.quiet, now: time.Now}
	u.begun = u.now()
	if f, ok := c.Stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		u.live = true
	}
	if c.underActions() {
		u.actions = c.actions()
		u.live = false
	}
	return u
}

func (c *Command) underActions() bool { return c.Getenv("GITHUB_ACTIONS") == "true" }

func (c *Command) actions() *githubactions.Action {
	return githubactions.New(githubactions.WithWriter(c.Stderr), githubactions.WithGetenv(c.Getenv))
}

// summary adds to the page that a workflow's run shows.
func (c *Command) summary(markdown string) {
	if c.underActions() && c.Getenv("GITHUB_STEP_SUMMARY") != "" {
		c.actions().AddStepSummary(markdown)
	}
}

// annotate shows an error beside the workflow's run.
func (c *Command) annotate(err error) {
	if c.underActions() {
		c.actions().Errorf("%s", err)
	}
}

// step runs f under a heading and says how long it took.
func (u *ui) step(title string, f func() error) error {
	_, err := u.timed(title, f)
	return err
}

// timed is step, and gives the time.
func (u *ui) timed(title string, f func() error) (time.Duration, error) {
	start := u.now()
	u.heading(title)
	before := u.waited
	err := f()
	took := u.now().Sub(start) - (u.waited - before)
	u.finish(title, took, err)
	return took, err
}

// idle takes time that a step waited for another process out of the step's.
func (u *ui) idle(d time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waited += d
}

func (u *ui) heading(title string) {
	if u.quiet {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clear()
	if u.actions != nil {
		u.actions.Group(title)
		return
	}
	fmt.Fprintf(u.w, "%s\n", plain(title))
}

func (u *ui) finish(title string, d time.Duration, err error) {
	if u.quiet {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clear()
	if u.actions != nil {
		u.actions.EndGroup()
	}
	word, after := "done", "in"
	if err != nil {
		word = "failed"
	}
	if errors.Is(err, context.Canceled) {
		word, after = "interrupted", "after"
	}
	fmt.Fprintf(u.w, "  %s %s %.1f s\n", word, after, d.Seconds())
}

// say writes one line that stays.
func (u *ui) say(format string, args ...any) {
	if u.quiet {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clear()
	fmt.Fprintf(u.w, "  %s\n", plain(fmt.Sprintf(format, args...)))
}

// warn writes a warning; it stays.
func (u *ui) warn(text string) { u.say("warning: %s", text) }

// progress writes a line that the next one replaces; on a log it is left out,
// but for one every ten seconds, so that nobody thinks the program hangs.
func (u *ui) progress(format string, args ...any) {
	if u.quiet {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	line := plain(fmt.Sprintf(format, args...))
	if !u.live {
		if u.now().Sub(u.last) >= 10*time.Second {
			u.last = u.now()
			fmt.Fprintf(u.w, "  %s\n", line)
		}
		return
	}
	if u.now().Sub(u.last) < 100*time.Millisecond {
		return
	}
	u.last = u.now()
	if width := terminalWidth(u.w); len(line) > width-3 {
		line = line[:max(0, width-3)]
	}
	fmt.Fprintf(u.w, "\r\x1b[K  %s", line)
	u.pending = true
}

// bytes is a progress function for done of total bytes.
func (u *ui) bytes(what string) func(done, total int64) {
	return func(done, total int64) {
		u.progress("%s: %s of %s", what, plural.Bytes(done), plural.Bytes(total))
	}
}

func (u *ui) clear() {
	if u.pending {
		fmt.Fprint(u.w, "\r\x1b[K")
		u.pending = false
	}
}

func terminalWidth(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 10 {
			return width
		}
	}
	return 80
}
