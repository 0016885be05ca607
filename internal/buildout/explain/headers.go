package explain

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/syspackages"
)

var (
	missingHeader = regexp.MustCompile(`fatal error: ['"]?([\w./+-]+\.h(?:pp)?)['"]?(?::| file not found)`)
	noCompiler    = regexp.MustCompile(`(?i)unable to execute '?\S*(gcc|cc|clang)|command '?\S*(gcc|cc|clang)\S*'? failed: No such file|no acceptable C compiler|C compiler cannot create executables|No such file or directory: '\S*(gcc|cc|clang|g\+\+)'`)
)

// lacks gives the header of the library that a build looked for by the library's own program, and didn't find.
func lacks(said string) string {
	for _, l := range []struct{ words, header string }{
		{"pg_config executable not found", "libpq-fe.h"}, {"mysql_config: not found", "mysql.h"}, {"Can not find valid pkg-config name", "mysql.h"},
		{"libxml2 and libxslt development packages", "libxml/xmlversion.h"}, {"could not be found for jpeg", "jpeglib.h"}, {"could not be found for zlib", "zlib.h"},
		{"krb5-config: not found", "krb5.h"},
	} {
		if strings.Contains(said, l.words) {
			return l.header
		}
	}
	return ""
}

// headerTip is what to do where a header is missing.
func headerTip(header, goos string) string {
	if line := syspackages.HeaderHint(header, goos); line != "" {
		return "install the development package of " + header + ": " + line
	}
	return "install the development package that has " + header
}

// KnownHeader gives the header that a compiler's line misses, if it is known what brings it.
func KnownHeader(line string) string {
	for _, m := range missedHeader.FindAllStringSubmatch(line, -1) {
		name := cmp.Or(m[1], m[2])
		if syspackages.Knows(name) {
			return name
		}
	}
	return ""
}

// missedHeader is how gcc and clang (group 1), and MSVC (group 2), name a header that isn't there.
var missedHeader = regexp.MustCompile(`['"<]?([A-Za-z0-9_][\w./+-]*\.h)['">]?:? (?:No such file|file not found|not found)|Cannot open include file: '([^']+)'`)

// goneHeader is a header that Python itself had: longintrepr.h went in 3.11, those of the old parser in 3.10.
var goneHeader = regexp.MustCompile(`fatal error: ['"]?(?:longintrepr|pyfpe|node|graminit|parsetok|grammar)\.h`)

// GoneHeader reports whether a compiler misses a header that older Pythons had.
func GoneHeader(line string) bool { return goneHeader.MatchString(line) }
