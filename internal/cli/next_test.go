package cli

import "testing"

// That the lines work when they are pasted, testdata/script/readme.txtar shows.
func TestTryLines(t *testing.T) {
	for _, tt := range []struct{ goos, archive, python, first, second string }{
		{
			"linux", "/x/dist/a-1.tar.gz", "python3.13",
			`cd "$(mktemp -d)" && tar -xzf /x/dist/a-1.tar.gz && cd a-1`, "python3.13 bootstrap.py && bin/buildout",
		},
		{
			"linux", "/x y/it's/a-1.tar.zst", "/my py/bin/python",
			`cd "$(mktemp -d)" && tar -xf '/x y/it'\''s/a-1.tar.zst' && cd a-1`, "'/my py/bin/python' bootstrap.py && bin/buildout",
		},
		{
			"darwin", "/x/dist/a-1.zip", "python3.13",
			`cd "$(mktemp -d)" && unzip -q /x/dist/a-1.zip && cd a-1`, "python3.13 bootstrap.py && bin/buildout",
		},
		{
			"windows", `D:\it's\a-1.zip`, "python",
			`cd (New-Item -ItemType Directory (Join-Path $env:TEMP (New-Guid))); tar -xf 'D:\it''s\a-1.zip'; cd 'a-1'`, `& 'python' bootstrap.py; if ($?) { bin\buildout }`,
		},
	} {
		if got := tryLines(tt.goos, tt.archive, "a-1", tt.python); got != [2]string{tt.first, tt.second} {
			t.Errorf("%s on %s:\n%s\n%s", tt.archive, tt.goos, got[0], got[1])
		}
	}
}

func TestPythonCommand(t *testing.T) {
	if got := pythonCommand(t.Context(), "linux", "1.5", "cp15", "/x/python1.5"); got != "/x/python1.5" {
		t.Errorf("%s: no such command is in PATH", got)
	}
}
