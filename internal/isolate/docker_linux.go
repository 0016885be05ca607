package isolate

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// container runs the helper in a container whose image is empty: the root
// directory's entries are those of this system, bound one by one, so every
// program finds the libraries it was linked to and nothing is downloaded. The
// compilers are covered as in the other methods.
type container struct {
	box    *Box
	tool   string // docker or podman
	image  string
	mounts []string
	names  int
	helper *helper
}

// innerSelf is where the own binary lies in the image.
const innerSelf = "/.binary-buildout-isolate"

// The directories that the container has of its own.
var containerOwn = []string{"proc", "sys", "dev"}

func newDocker(b *Box) (launcher, error) {
	tool, err := containerTool()
	if err != nil {
		return nil, err
	}
	c := &container{box: b, tool: tool, image: "binary-buildout-isolate:" + strings.ToLower(filepath.Base(b.dir))}
	layout, dirs, err := rootLayout("/")
	if err != nil {
		return nil, err
	}
	if err := c.importImage(layout); err != nil {
		return nil, err
	}
	b.closer = append(b.closer, c.removeImage)
	if c.mounts, err = c.mountFlags(dirs); err != nil {
		return nil, err
	}
	c.helper = &helper{box: b, command: c.command, stop: c.kill}
	return c, nil
}

// containerTool finds one that answers.
func containerTool() (string, error) {
	var errs []error
	for _, name := range []string{"docker", "podman"} {
		path, err := exec.LookPath(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("no %s here", name))
			continue
		}
		if out, err := runTool(nil, path, "info"); err != nil {
			errs = append(errs, fmt.Errorf("%s info: %w: %s", name, err, lastOf(out)))
			continue
		}
		return path, nil
	}
	return "", errors.Join(errs...)
}

func runTool(stdin io.Reader, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdin = stdin
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func lastOf(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return lines[len(lines)-1]
}

// rootLayout gives a tar file with what has to be in the image, and the
// directories that are bound.
func rootLayout(root string) (image []byte, dirs []string, err error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, nil, err
	}
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	put := func(h *tar.Header) {
		if err == nil {
			err = tw.WriteHeader(h)
		}
	}
	for _, e := range entries {
		switch {
		case e.Type()&os.ModeSymlink != 0:
			link, readErr := os.Readlink(filepath.Join(root, e.Name()))
			if readErr == nil {
				put(&tar.Header{Typeflag: tar.TypeSymlink, Name: e.Name(), Linkname: link, Mode: 0o777})
			}
		case e.IsDir():
			put(&tar.Header{Typeflag: tar.TypeDir, Name: e.Name() + "/", Mode: 0o755})
			if !slices.Contains(containerOwn, e.Name()) {
				dirs = append(dirs, filepath.Join(root, e.Name()))
			}
		}
	}
	put(&tar.Header{Typeflag: tar.TypeReg, Name: innerSelf[1:], Mode: 0o755})
	if err == nil {
		err = tw.Close()
	}
	return buf.Bytes(), dirs, err
}

func (c *container) importImage(layout []byte) error {
	if out, err := runTool(bytes.NewReader(layout), c.tool, "import", "-", c.image); err != nil {
		return fmt.Errorf("making an empty image: %w: %s", err, lastOf(out))
	}
	return nil
}

func (c *container) removeImage() error {
	if out, err := runTool(nil, c.tool, "rmi", "-f", c.image); err != nil {
		return fmt.Errorf("removing the image %s: %w: %s", c.image, err, lastOf(out))
	}
	return nil
}

// mountFlags gives the mounts, parents before children, as the engine wants
// them; it sorts by depth itself too.
func (c *container) mountFlags(dirs []string) ([]string, error) {
	var flags []string
	add := func(from, to string, readOnly bool) {
		fields := []string{"type=bind", "source=" + from, "target=" + to}
		if readOnly {
			fields = append(fields, "readonly")
		}
		flags = append(flags, "--mount", csvLine(fields))
	}
	for _, d := range dirs {
		add(d, d, false)
	}
	add(c.box.cfg.Self, innerSelf, true)
	covered := []string{}
	for i, h := range c.box.cfg.Hide {
		if under(h, covered) {
			continue
		}
		covered = append(covered, h)
		fi, err := os.Stat(h)
		if err != nil {
			continue
		}
		if !fi.IsDir() {
			add(c.box.maskFile(), h, true)
			continue
		}
		empty, err := c.skeleton(i, h)
		if err != nil {
			return nil, err
		}
		add(empty, h, true)
	}
	for _, b := range c.box.cfg.Binds {
		add(b.From, b.To, b.ReadOnly)
	}
	for _, m := range c.box.masks {
		add(c.box.maskFile(), m, true)
	}
	return flags, nil
}

// skeleton makes a directory that is empty but for the places of binds.
func (c *container) skeleton(i int, hidden string) (string, error) {
	dir := filepath.Join(c.box.dir, "empty", strconv.Itoa(i))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, b := range c.box.cfg.Binds {
		if b.To == hidden || !within(b.To, hidden) {
			continue
		}
		fi, err := os.Stat(b.From)
		if err != nil {
			return "", err
		}
		if err := makePlace(bind{Bind: Bind{To: dir + strings.TrimPrefix(b.To, hidden)}, IsDir: fi.IsDir()}); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// csvLine writes one record, as --mount is read.
func csvLine(fields []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(fields)
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

func (c *container) name() string { return filepath.Base(c.box.dir) + "-" + strconv.Itoa(c.names) }

func (c *container) command(_ *spec, socket string) *exec.Cmd {
	c.names++
	args := []string{
		"run", "--rm", "--name", c.name(), "--network", "none", "--security-opt", "no-new-privileges", "--security-opt", "label=disable",
		"--env", nestedVar + "=1", "--workdir", "/", "--user", fmt.Sprintf("%d:%d", os.Geteuid(), os.Getegid()),
	}
	if os.Geteuid() != 0 {
		args = append(args, "--cap-drop", "ALL")
		if filepath.Base(c.tool) == "podman" {
			args = append(args, "--userns", "keep-id")
		}
	}
	groups, _ := os.Getgroups() // without them the command can do less
	for _, g := range groups {
		args = append(args, "--group-add", strconv.Itoa(g))
	}
	args = append(args, c.mounts...)
	args = append(args, c.image, innerSelf, childArg, roleRun, socket)
	return exec.Command(c.tool, args...)
}

func (c *container) kill() { _, _ = runTool(nil, c.tool, "kill", c.name()) }

func (c *container) result() Result {
	return Result{Network: Enforced, Compiler: Enforced, OldPlace: Enforced, Method: Docker, Binds: true}
}

func (c *container) run(ctx context.Context, s *spec, stdout, stderr io.Writer) (*report, error) {
	s.Verify = true
	return c.helper.exchange(ctx, s, stdout, stderr)
}
