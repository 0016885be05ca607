package why

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestAnswer(t *testing.T) {
	const hash1, hash2 = "-0123456789abcdef0123456789abcdef", "-fedcba9876543210fedcba9876543210"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "there"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	options := func(pairs ...string) map[string]string {
		m := map[string]string{"recipe": "r"}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	tests := []struct {
		name     string
		old, new map[string]string
		does     Does
		options  []Change
		eggs     []Change
		gone     []string
	}{
		{"nothing", options("a", "1", installedKey, "there"), options("a", "1"), Updates, nil, nil, nil},
		{"what is gone", options(installedKey, "there\n"+filepath.Join(dir, "gone")), options(), Updates, nil, nil, []string{filepath.Join(dir, "gone")}},
		{"an option", options("a", "1", "b", "1"), options("a", "2", "c", ""), InstallsAgain, []Change{{"a", "1", "2"}, {"b", "1", ""}, {"c", "", ""}}, nil, nil},
		{"an egg", options(signatureKey, "zc.recipe.egg-1-py3.egg six-1.egg"), options(signatureKey, "zc_recipe_egg-2-py3.egg six-1.egg"), InstallsAgain,
			nil, []Change{{"zc.recipe.egg", "zc.recipe.egg-1-py3.egg", "zc_recipe_egg-2-py3.egg"}}, nil},
		{"a develop egg", options(signatureKey, "my-recipe"+hash1), options(signatureKey, "my-recipe"+hash2), InstallsAgain,
			nil, []Change{{"my-recipe", "my-recipe" + hash1, "my-recipe" + hash2}}, nil},
		{"their order", options(signatureKey, "a-1 b-1"), options(signatureKey, "b-1 a-1"), InstallsAgain, nil, nil, nil},
		{"a password", options("db-password", "x", "index", "https://me:pw@host/"), options("db-password", "y", "index", "https://host/"), InstallsAgain,
			[]Change{{"db-password", "(not shown)", "(not shown)"}, {"index", "https://host/", "https://host/"}}, nil, nil},
		{"a login", options("user", "admin:x"), options("user", "admin:y"), InstallsAgain, []Change{{"user", "admin:(not shown)", "admin:(not shown)"}}, nil, nil},
		{"passwords in lines", options("env", "A 1\nDB_PASSWORD x\nurl https://a:b@host/x", "eggs", "a\nPasswordReset"), options("env", "A 2\ndsn password='y'\ntoken: z", "eggs", "a\nPasswordReset >= 2\nb"), InstallsAgain,
			[]Change{{"eggs", "a\nPasswordReset", "a\nPasswordReset >= 2\nb"}, {"env", "A 1\n(not shown)\nurl https://host/x", "A 2\n(not shown)\n(not shown)"}}, nil, nil},
		{"a new part", nil, options(), Installs, nil, nil, nil},
	}
	for _, tt := range tests {
		a := answer(Question{Dir: dir, Part: "p"}, &found{Parts: []string{"p"}, Old: tt.old, New: tt.new})
		same := func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }
		if a.Does != tt.does || !same(a.Options, tt.options) || !same(a.Signature, tt.eggs) || !same(a.Gone, tt.gone) || a.Recipe != "r" {
			t.Errorf("%s: %+v", tt.name, a)
		}
	}
	if a := answer(Question{Part: "p"}, &found{Parts: []string{"q"}, Old: options()}); a.Does != Removes {
		t.Errorf("a part that is no longer wanted: %+v", a)
	}
}

// The first line of bin/buildout says which Python runs it.
func TestInterpreter(t *testing.T) {
	program := filepath.Join(t.TempDir(), "buildout")
	for text, want := range map[string][]string{
		"#!/usr/bin/python3 -S\nimport sys\n":   {"/usr/bin/python3", "-S"},
		"#! /opt/python3.13\n":                  {"/opt/python3.13"},
		"#!/usr/bin/env python3\n":              {"/usr/bin/env", "python3"},
		"#!\"C:\\A b\\Python.exe\" -S\r\nx\r\n": {`C:\A b\Python.exe`, "-S"},
		"#!/bin/sh\nexec python\n":              nil,
		"import sys\n":                          nil,
	} {
		if err := os.WriteFile(program, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		got, err := interpreter(filepath.Dir(program), program)
		if !reflect.DeepEqual(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

// A damaged state.json names no program; on Windows bin has buildout.exe and its text.
func TestInterpreterOfTree(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{".binary-buildout/state.json": `{"format": 1}`, ".binary-buildout/launch.json": `{"format": 1}`, "bin/buildout.exe": "", "bin/buildout-script.py": ""} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program, err := starter(dir)
	if err != nil || program != filepath.Join(dir, "bin", "buildout-script.py") {
		t.Errorf("%s, %v", program, err)
	}
	if argv, err := interpreter(dir, program); err == nil {
		t.Errorf("%q", argv)
	}
}
