package job

import (
	"context"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/verify"
	"github.com/binary-buildout/binary-buildout/pack"
)

func TestSettleTarget(t *testing.T) {
	python := archive.Python{ABI: "cp313", Platform: "linux_x86_64"}
	for _, tt := range []struct {
		planned, want string
		code          int
	}{
		{"", "cp313-linux_x86_64", 0},
		{"cp313-manylinux_2_28_x86_64", "cp313-manylinux_2_28_x86_64", 0},
		{"cp312-manylinux_2_28_x86_64", "", 2},
		{"cp313-manylinux_2_28_aarch64", "", 2},
		{"cp313-macosx_13_0_x86_64", "", 2},
	} {
		got, err := settleTarget(tt.planned, python)
		if tt.code == 0 && (err != nil || got.String() != tt.want) || tt.code != 0 && fault.CodeOf(err, 0) != tt.code {
			t.Errorf("%q: %v, %v", tt.planned, got, err)
		}
	}
}

func TestLeaked(t *testing.T) {
	if err := leaked(nil); err != nil {
		t.Error(err)
	}
	err := leaked([]pack.Leak{{Path: "etc/x", Kind: "the variable TOKEN"}, {Path: "y", Kind: "a password of .netrc"}})
	if fault.CodeOf(err, 0) != 1 || fault.HintOf(err, "") == "" || !strings.Contains(err.Error(), "etc/x holds the variable TOKEN; y holds a password of .netrc") {
		t.Error(err)
	}
}

// TestRelocateNeedsAGoodReport: nothing is planned of a tree whose extensions are missing.
func TestRelocateNeedsAGoodReport(t *testing.T) {
	report := &verify.Report{Missing: []verify.Item{{Module: "demo._speed", Problems: []verify.Problem{{Kind: "missing", Message: "it is missing"}}}}}
	if report.Err() == nil {
		t.Fatal("the report is good")
	}
	if p, err := Relocate(context.Background(), &Verified{Report: report}); p != nil || err == nil {
		t.Errorf("%v, %v", p, err)
	}
}
