package buildout

import (
	"context"
	"os/exec"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/osrelease"
)

// digestMark starts what stands for a value: flags name directories of the
// build machine, which an archive must not hold.
const digestMark = "sha256:"

// flagVariables change what compilers make.
var flagVariables = []string{"CC", "CXX", "CPP", "CFLAGS", "CPPFLAGS", "CXXFLAGS", "LDFLAGS", "LDSHARED", "LIBS", "AR", "ARFLAGS", "ARCHFLAGS", "FFLAGS",
	"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "LD_RUN_PATH", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR",
	"MACOSX_DEPLOYMENT_TARGET", "SDKROOT", "RUSTFLAGS", "CARGO_BUILD_TARGET", "CMAKE_ARGS", "SETUPTOOLS_USE_DISTUTILS"}

// madeWith says what decides about compiled files beside their sources:
// compilers, system, flags, what `before` ran. Flags stand as digests.
func (b *builder) madeWith(ctx context.Context, path string) map[string]string {
	made := map[string]string{}
	set := func(name, value string) {
		if value != "" {
			made[name] = value
		}
	}
	hide := func(name, value string) {
		if value != "" {
			made[name] = digestMark + digest.Of([]byte(value))[:16]
		}
	}
	named := noted()
	paths := make([]string, len(named))
	for i, name := range named {
		paths[i] = lookIn(path, name)
	}
	said := askAll(paths, func(compiler string) string { return compilerVersion(ctx, compiler) })
	for i, name := range named {
		set(name, said[paths[i]])
	}
	set("system", osrelease.Read().Name)
	set("libc", b.in.LibcVersion)
	hide("python's compiler", b.in.CC+"\x00"+b.in.CXX)
	for _, name := range flagVariables {
		hide(name, environ.Get(b.o.environ(), name))
	}
	hide("before", strings.Join(b.o.Before, "\x00"))
	return made
}

// compilerVersion is the first line of what a compiler says of itself.
func compilerVersion(ctx context.Context, path string) string {
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(out), "\n")
	_, version, ok := strings.Cut(strings.TrimSpace(line), " ") // without the name that it was called by
	if !ok {
		return line
	}
	return version
}
