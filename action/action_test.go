// Package action tests the scripts of the action, as they are shipped.
package action

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	yaml "github.com/oasdiff/yaml3"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// shells are those that the scripts have to run in: Debian's sh, bash as the
// runners have it, and busybox with its own tools.
func shells(t *testing.T) map[string][]string {
	t.Helper()
	m := map[string][]string{}
	for name, args := range map[string][]string{"sh": {"sh"}, "bash": {"bash", "--posix"}, "busybox": {"busybox", "sh"}} {
		if testtool.Has(t, args[0]) {
			m[name] = append([]string{testtool.Program(t, args[0])}, args[1:]...)
		}
	}
	return m
}

type run struct {
	out, stderr string
	code        int
}

// script runs a script of this directory in a bare environment.
func script(t *testing.T, shell []string, dir, name string, env map[string]string) run {
	t.Helper()
	path, err := filepath.Abs(name) // an absolute one stays
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(shell[0], append(slices.Clone(shell[1:]), path)...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent"}
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	var out, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err = cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return run{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func write(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// recorder is a program that writes down how it was called.
const recorder = `#!/bin/sh
for a in "$@"; do printf '[%s]\n' "$a"; done
env | grep -E '^(BB_|BINARY_|HOME|MY_|PIP_CONFIG|GIT_SSH|GITHUB_TOKEN)' | LC_ALL=C sort >"$RECORD_ENV"
if [ "$HOME" != /nonexistent ]; then
	ls -l "$HOME" "$HOME/.ssh" | awk 'NF > 8 {print $1, $9}'
	cat "$HOME/.netrc"
fi
exit "${RECORD_CODE:-0}"
`

func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  map[string]string
		want string // the arguments
		code int
	}{
		{"pack", map[string]string{}, "[pack]\n[.]\n", 0},
		{"one of each", map[string]string{"BB_PYTHON": "/opt/my python", "BB_SMOKE": "bin/a --b\nbin/c 'd e'\n", "BB_IN_PLACE": "true", "BB_NO_IMPORT": "false", "BB_BUILDOUT_VERSION": "5.2.0", "BB_SYSTEM_LIBRARIES": "libldap*", "BB_DIRECTORY": "my dir"},
			"[pack]\n[--python=/opt/my python]\n[--buildout-version=5.2.0]\n[--smoke=bin/a --b]\n[--smoke=bin/c 'd e']\n[--system-libraries=libldap*]\n[--in-place]\n[my dir]\n", 0},
		{"nothing is expanded", map[string]string{"BB_NAME": "$(touch hacked)`id`", "BB_BEFORE": "echo \"$HOME\"; rm -rf '*'\n-x", "BB_EXCLUDE": "*.log"},
			"[pack]\n[--name=$(touch hacked)`id`]\n[--before=echo \"$HOME\"; rm -rf '*']\n[--before=-x]\n[--exclude=*.log]\n[.]\n", 0},
		{"reuse", map[string]string{"BB_REUSE": "/tmp/last/a.tar.gz", "BB_SINCE": "/tmp/last/a.tar.gz"}, "[pack]\n[--reuse=/tmp/last/a.tar.gz]\n[--since=/tmp/last/a.tar.gz]\n[.]\n", 0},
		{"exit code", map[string]string{"RECORD_CODE": "1"}, "[pack]\n[.]\n", 1},
		{"prove", map[string]string{"BB_COMMAND": "prove", "BB_ARCHIVE": "dist/*.tar.* dist/*.zip", "BB_SMOKE": "bin/x", "BB_VOLATILE": "daily"}, "[prove]\n[--smoke=bin/x]\n[--volatile=daily]\n[dist/a-1.tar.gz]\n", 0},
		{"prove a name with a space", map[string]string{"BB_COMMAND": "prove", "BB_ARCHIVE": `my dist\a-1.zip`}, "[prove]\n[my dist\\a-1.zip]\n", 0},
		{"not a switch", map[string]string{"BB_IN_PLACE": "yes"}, "", 2},
		{"no release", map[string]string{"BB_RELEASE": "yes"}, "", 2},
		{"no draft", map[string]string{"BB_RELEASE": "true", "BB_DRAFT": "1"}, "", 2},
		{"a release later", map[string]string{"BB_RELEASE": "true", "BB_DRAFT": "false"}, "[pack]\n[.]\n", 0},
		{"no command", map[string]string{"BB_COMMAND": "build"}, "", 2},
		{"no variable", map[string]string{"BB_ENV": "A B=1"}, "", 2},
		{"no variable either", map[string]string{"BB_ENV": "just words"}, "", 2},
	} {
		for name, shell := range shells(t) {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				dir := t.TempDir()
				write(t, dir+"/dist/a-1.tar.gz", "x", 0o644)
				write(t, dir+`/my dist\a-1.zip`, "x", 0o644)
				tt.env["BB_PATH"] = write(t, dir+"/bin/binary buildout", recorder, 0o755)
				tt.env["RECORD_ENV"] = dir + "/env"
				got := script(t, shell, dir, "run.sh", tt.env)
				if got.out != tt.want && tt.code != 2 || got.code != tt.code {
					t.Errorf("code %d\n%s\nwant\n%s\n%s", got.code, got.out, tt.want, got.stderr)
				}
				if tt.code == 2 && !strings.Contains(got.out, "::error::") {
					t.Errorf("no annotation: %s", got.out)
				}
				if _, err := os.Stat(dir + "/hacked"); err == nil {
					t.Error("an input was run as a command")
				}
			})
		}
	}
}

// On Linux the commands of before are run by root, where the runner's user can be.
func TestRunBefore(t *testing.T) {
	for _, tt := range []struct{ system, id, sudo, want string }{
		{"Linux", "1001", "true", "BINARY_BUILDOUT_BEFORE_BY=sudo\n"}, {"Linux", "1001", "false", ""}, {"Linux", "0", "true", ""}, {"macOS", "501", "true", ""},
	} {
		for name, shell := range shells(t) {
			dir := t.TempDir()
			write(t, dir+"/path/id", "#!/bin/sh\necho "+tt.id+"\n", 0o755)
			write(t, dir+"/path/sudo", "#!/bin/sh\n[ \"$*\" = '-n true' ] && "+tt.sudo+"\n", 0o755)
			got := script(t, shell, dir, "run.sh", map[string]string{
				"PATH": dir + "/path:" + os.Getenv("PATH"), "RUNNER_OS": tt.system, "BB_PATH": write(t, dir+"/b", recorder, 0o755), "RECORD_ENV": dir + "/env", "BB_BEFORE": "apt-get install -y libldap2-dev",
			})
			said := regexp.MustCompile(`BINARY_BUILDOUT_BEFORE_BY=.*\n`).FindString(read(t, dir+"/env"))
			if said != tt.want || got.out != "[pack]\n[--before=apt-get install -y libldap2-dev]\n[.]\n" {
				t.Errorf("%s: %+v: %+v, %s", name, tt, got, said)
			}
		}
	}
}

// TestLast: the last release's archive is looked for with what pack gets, and
// not finding it fails no build.
func TestLast(t *testing.T) {
	for _, tt := range []struct {
		name, want, said string
		env              map[string]string
	}{
		{"as pack", "[last]\n[--out=TEMP/binary-buildout-last]\n[--name=site]\n[--target=cp313-linux_x86_64]\n[my dir]\n", "",
			map[string]string{"BB_NAME": "site", "BB_TARGET": "cp313-linux_x86_64", "BB_DIRECTORY": "my dir", "BB_IMAGE": "debian:12", "GITHUB_TOKEN": "secret"}},
		{"three", "[last]\n[--out=TEMP/binary-buildout-last]\n[--deltas=3]\n[.]\n", "", map[string]string{"BB_DELTAS": "3"}},
		{"an image's Python", "", "nothing is reused: what the image's Python builds for isn't known", map[string]string{"BB_IMAGE": "debian:12"}},
		{"attested", "[last]\n[--out=TEMP/binary-buildout-last]\n[--require-attestation]\n[.]\n", "", map[string]string{"BB_ATTEST": "true"}},
		{"attested, one that is named", "[last]\n[--out=TEMP/binary-buildout-last]\n[--require-attestation]\n[--archive=a.tar.gz]\n[.]\n", "",
			map[string]string{"BB_ATTEST": "true", "BB_LAST": "false", "BB_REUSE": "a.tar.gz", "BB_IMAGE": "debian:12"}},
		{"one that is named", "[last]\n[--out=TEMP/binary-buildout-last]\n[.]\n", "", map[string]string{"BB_REUSE": "a.tar.gz"}},
		{"none", "", "", map[string]string{"BB_ATTEST": "true", "BB_LAST": "false"}},
		{"a failure", "[last]\n[--out=TEMP/binary-buildout-last]\n[.]\n", "nothing is reused: looking for it failed", map[string]string{"RECORD_CODE": "2"}},
	} {
		for name, shell := range shells(t) {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				dir := t.TempDir()
				tt.env["BB_PATH"], tt.env["RECORD_ENV"], tt.env["RUNNER_TEMP"] = write(t, dir+"/binary buildout", recorder, 0o755), dir+"/env", dir
				got := script(t, shell, dir, "last.sh", tt.env)
				if got.out != strings.ReplaceAll(tt.want, "TEMP", dir) || got.code != 0 || !strings.Contains(got.stderr, tt.said) {
					t.Errorf("code %d\n%s%s", got.code, got.out, got.stderr)
				}
			})
		}
	}
}

// TestLastDeltas: a wrong number of deltas is refused before anything is fetched.
func TestLastDeltas(t *testing.T) {
	for _, deltas := range []string{"0", "-1", "three", "3 4", "1.5"} {
		for name, shell := range shells(t) {
			dir := t.TempDir()
			env := map[string]string{"BB_DELTAS": deltas, "BB_PATH": write(t, dir+"/b", recorder, 0o755), "RECORD_ENV": dir + "/env", "RUNNER_TEMP": dir}
			if got := script(t, shell, dir, "last.sh", env); got.code != 2 || got.out != "::error::the input deltas is a number from 1 on, not "+deltas+"\n" {
				t.Errorf("%s, %s: %+v", name, deltas, got)
			}
		}
	}
}

func TestRunPlan(t *testing.T) {
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			got := script(t, shell, dir, "run.sh", map[string]string{
				"BB_COMMAND": "plan", "BB_PATH": write(t, dir+"/b", "#!/bin/sh\nprintf '{\"args\":\"%s\"}\\n' \"$*\"\n", 0o755), "BB_PYTHONS": "3.12 3.13", "BB_IMAGES": "debian:12\nhost",
				"BB_PLAN": "the-plan.json", "GITHUB_OUTPUT": dir + "/output",
			})
			want := `{"args":"plan --pythons=3.12 3.13 --images=debian:12 --images=host --json ."}`
			if got.code != 0 || read(t, dir+"/the-plan.json") != want+"\n" || read(t, dir+"/output") != "plan="+want+"\n" {
				t.Errorf("%+v\n%s%s", got, read(t, dir+"/the-plan.json"), read(t, dir+"/output"))
			}
		})
	}
}

const netrc = "machine index.example.org login ci password s3cret\n"

// Credentials are files of the build alone, and gone afterwards, also when the
// build fails.
func TestRunCredentials(t *testing.T) {
	for name, shell := range shells(t) {
		for _, code := range []string{"0", "1"} {
			t.Run(name+"/"+code, func(t *testing.T) {
				dir := t.TempDir()
				got := script(t, shell, dir, "run.sh", map[string]string{
					"BB_PATH": write(t, dir+"/b", recorder, 0o755), "RECORD_ENV": dir + "/env", "RECORD_CODE": code, "RUNNER_TEMP": dir,
					"BB_NETRC": netrc, "BB_PIP_CONF": "[global]\nindex-url = https://u:p4ss@index.example.org/simple\n", "BB_SSH_KEY": "KEY", "BB_SSH_KNOWN_HOSTS": "h ssh-ed25519 AAAA",
					"BB_ENV": "MY_FLAG=a b=c\nMY_OTHER=1\nHTTPS_PROXY=http://u:pr0%25xy@proxy.example.org:3128\nACME_INDEX=https://glpat-0123456789:@git.example.org/simple\nACME_REPO=ssh://git@git.example.org/x.git",
				})
				for _, want := range []string{"[pack]\n", "-rw------- id\n", "-rw------- known_hosts\n", "-rw------- pip.conf\n", netrc, "::add-mask::s3cret\n", "::add-mask::p4ss\n", "::add-mask::pr0%2525xy\n", "::add-mask::glpat-0123456789\n"} {
					if !strings.Contains(got.out, want) {
						t.Errorf("%q is not in %s%s", want, got.out, got.stderr)
					}
				}
				if n := strings.Count(got.out, "::add-mask::"); n != 4 {
					t.Errorf("%d masks:\n%s", n, got.out)
				}
				env := read(t, dir+"/env")
				if !strings.Contains(env, "HOME="+dir+"/binary-buildout-home.") || !strings.Contains(env, "MY_FLAG=a b=c\nMY_OTHER=1\n") || !strings.Contains(env, "BINARY_BUILDOUT_CREDENTIALS="+dir+"/binary-buildout-home.") || !strings.Contains(env, "PIP_CONFIG_FILE=") || !strings.Contains(env, "UserKnownHostsFile") {
					t.Error(env)
				}
				if strings.Contains(env, "s3cret") || strings.Contains(env, "KEY\n") {
					t.Errorf("a secret is in the environment: %s", env)
				}
				left, _ := filepath.Glob(dir + "/binary-buildout-home*")
				if len(left) > 0 || got.code != map[string]int{"0": 0, "1": 1}[code] {
					t.Errorf("left: %v, code %d", left, got.code)
				}
			})
		}
	}
}

// TestRunBorder: a build has nothing of what lets a step change those after it,
// or speak in the workflow's name.
func TestRunBorder(t *testing.T) {
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			env := map[string]string{"BB_PATH": write(t, dir+"/bin", "#!/bin/sh\nenv | grep -E '^(GITHUB|ACTIONS)_' | LC_ALL=C sort\n", 0o755), "GITHUB_OUTPUT": dir + "/output"}
			for _, name := range []string{"GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"} {
				env[name] = dir + "/" + name
			}
			if got := script(t, shell, dir, "run.sh", env); got.code != 0 || got.out != "GITHUB_OUTPUT="+dir+"/output\n" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// In an image: the checkout and the outputs are mounted, and no token is passed.
func TestRunInImage(t *testing.T) {
	const docker = "#!/bin/sh\nfor a in \"$@\"; do printf '[%s]' \"$a\"; done >>\"$DOCKER_LOG\"\nprintf ' %s\\n' \"$BINARY_BUILDOUT_IMAGE\" >>\"$DOCKER_LOG\"\n[ \"$2\" != inspect ] || echo debian@sha256:12ab\n"
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir+"/path/docker", docker, 0o755)
			files := t.TempDir()
			output, summary := write(t, files+"/out", "", 0o644), write(t, files+"/summary", "", 0o644)
			got := script(t, shell, dir, "run.sh", map[string]string{
				"PATH": dir + "/path:" + os.Getenv("PATH"), "DOCKER_LOG": dir + "/log", "BB_PATH": "/x/binary-buildout", "GITHUB_WORKSPACE": dir, "GITHUB_TOKEN": "ghs_secret",
				"GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": summary, "GITHUB_ENV": files + "/env", "BB_IMAGE": "debian:12", "BB_IMAGE_PLATFORM": "linux/386", "BB_IMAGE_SETUP": "apt-get install -y gcc", "BB_PYTHON": "/usr/bin/python3.11", "BB_ENV": "MY_FLAG=1",
				"BB_REUSE": "/temp/last/a.tar.gz", "BB_SINCE": "/temp/last/a.tar.gz", "BB_KEPT": "/temp/kept",
			})
			log := read(t, dir+"/log")
			box := regexp.MustCompile(`\[run\]\[--name\]\[(binary-buildout-[0-9a-f]{16})\]\[--platform\]\[linux/386\]\[debian:12\]\[sh\]\[-ec\]\[apt-get install -y gcc\]`).FindStringSubmatch(log)
			if got.code != 0 || box == nil {
				t.Fatalf("%+v\n%s", got, log)
			}
			for _, want := range []string{"[run][--rm][-v][" + dir + ":" + dir + "][-w][" + dir + "]", "[-v][/x/binary-buildout:/usr/local/bin/binary-buildout:ro]", "[-v][" + output + ":" + output + "]", "[-v][" + summary + ":" + summary + "]", "[-v][/temp/last/a.tar.gz:/temp/last/a.tar.gz:ro]", "[-v][/temp/kept/pip:/temp/kept/pip]", "[-e][PIP_CACHE_DIR]", "[-e][MY_FLAG]", "[-e][GITHUB_OUTPUT]", "[" + box[1] + "][sh][-c]", "[-e][BINARY_BUILDOUT_IMAGE]", "[.] debian:12@sha256:12ab\n", "[/usr/local/bin/binary-buildout][pack][--python=/usr/bin/python3.11][--reuse=/temp/last/a.tar.gz][--since=/temp/last/a.tar.gz][.]"} {
				if !strings.Contains(log, want) {
					t.Errorf("%s is not in\n%s", want, log)
				}
			}
			if strings.Contains(log, "TOKEN") || strings.Contains(log, "ghs_secret") || strings.Contains(log, "--network") || strings.Contains(log, "["+files+":") || strings.Contains(log, "GITHUB_ENV") {
				t.Error(log)
			}
			got = script(t, shell, dir, "run.sh", map[string]string{"PATH": dir + "/path:" + os.Getenv("PATH"), "DOCKER_LOG": dir + "/log2", "BB_PATH": "/x/b", "BB_COMMAND": "prove", "BB_ARCHIVE": "none", "BB_IMAGE": "python:3.13-slim-bookworm"})
			if log := read(t, dir+"/log2"); got.code != 0 || !strings.Contains(log, "[--network][none]") || strings.Count(log, "\n") != 4 || strings.Contains(log, "PIP_CACHE") {
				t.Error(got, log)
			}
		})
	}
}

func TestRelease(t *testing.T) {
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			bin := write(t, dir+"/b", recorder, 0o755)
			for _, tt := range []struct {
				env  map[string]string
				want string
			}{
				{map[string]string{"BB_STEP": "true", "BB_EXPECT_ARCHIVES": "4", "BB_REPLACE": "true"}, "[release]\n[--dir=dist]\n[--replace]\n[--step]\n[--expect-archives=4]\n"},
				{map[string]string{"BB_STEP": "false", "BB_PLAN": "plan.json", "BB_TAG": "v1", "BB_OUT": "o", "BB_PREPARE": "true"}, "[release]\n[--dir=o]\n[--tag=v1]\n[--prepare]\n[--plan=plan.json]\n"},
			} {
				tt.env["BB_PATH"], tt.env["RECORD_ENV"], tt.env["GITHUB_TOKEN"] = bin, dir+"/env", "t"
				if got := script(t, shell, dir, "release.sh", tt.env); got.out != tt.want || got.code != 0 {
					t.Errorf("%+v, want %s", got, tt.want)
				}
			}
			for _, name := range []string{"REPLACE", "DRAFT", "PRERELEASE", "PREPARE"} {
				env := map[string]string{"BB_PATH": bin, "RECORD_ENV": dir + "/env", "GITHUB_TOKEN": "t", "BB_" + name: "yes"}
				if got := script(t, shell, dir, "release.sh", env); got.code != 2 || got.out != "::error::the input "+strings.ToLower(name)+" is true or false, not yes\n" {
					t.Errorf("%s: %+v", name, got)
				}
			}
			if got := script(t, shell, dir, "release.sh", map[string]string{"BB_PATH": bin}); got.code == 0 {
				t.Error("no token, and it runs")
			}
		})
	}
}

type actionFile struct {
	Inputs map[string]struct{ Description, Default string } `yaml:"inputs"`
	Runs   struct {
		Steps []struct {
			Name, Shell, Run, Uses string
			Env                    map[string]string
		}
	}
}

// Each input reaches a script, each variable of a script comes from an input,
// and no input is put into a script's text.
func TestActionYML(t *testing.T) {
	var a actionFile
	if err := yaml.Unmarshal([]byte(read(t, "../action.yml")), &a); err != nil {
		t.Fatal(err)
	}
	mapped := map[string]bool{}
	variables := map[string]bool{}
	for _, s := range a.Runs.Steps {
		if s.Uses == "" && s.Shell != "bash" || strings.Contains(s.Run, "${{") {
			t.Errorf("step %s: shell %q, run %s", s.Name, s.Shell, s.Run)
		}
		for k, v := range s.Env {
			variables[k] = true
			for _, m := range regexp.MustCompile(`inputs\.([a-z_]+)`).FindAllStringSubmatch(v, -1) {
				mapped[m[1]] = true
				if _, ok := a.Inputs[m[1]]; !ok {
					t.Errorf("step %s: there is no input %s", s.Name, m[1])
				}
			}
			if strings.Contains(strings.ToUpper(k), "TOKEN") && s.Name != "Release" && s.Name != "Fetch the last release's archive" {
				t.Errorf("step %s sees a token", s.Name)
			}
		}
	}
	// What act can't say: the number of jobs, and the job's own token.
	for name, want := range map[string]string{"expect_archives": "${{ strategy.job-total }}", "token": "${{ github.token }}", "release": "false", "command": "pack"} {
		if got := a.Inputs[name].Default; got != want {
			t.Errorf("the default of %s is %s, want %s", name, got, want)
		}
	}
	for name, in := range a.Inputs {
		if !mapped[name] && name != "command" || in.Description == "" || strings.Contains(name, "-") {
			t.Errorf("input %s: mapped %v, described as %q", name, mapped[name], in.Description)
		}
	}
	for _, script := range []string{"run.sh", "release.sh", "binary.sh", "last.sh", "kept.sh"} {
		text := read(t, script)
		for _, m := range regexp.MustCompile(`(?m)^\s*(?:one|lists|switches)='([A-Z_ ]+)'`).FindAllStringSubmatch(text, -1) {
			for _, name := range strings.Fields(m[1]) {
				if !variables["BB_"+name] {
					t.Errorf("%s reads BB_%s, and action.yml doesn't set it", script, name)
				}
			}
		}
	}
}

func TestShellcheck(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("runs where CI runs")
	}
	scripts, err := filepath.Glob("*.sh")
	if err != nil || len(scripts) < 5 {
		t.Fatal(scripts, err)
	}
	if out, err := exec.Command(testtool.Program(t, "shellcheck"), append([]string{"-s", "sh"}, scripts...)...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
