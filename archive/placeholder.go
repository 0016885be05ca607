package archive

// Placeholders stand in the archive's text files for what differs between two
// machines. They hold no character that any syntax quotes, so bootstrap.py can
// find them without knowing the file's syntax; the form says how the value has
// to be written there.
//
// A file in UTF-16 holds the placeholder in UTF-16 too. A tree that holds the
// text "@binary-buildout-" of its own can't be packed.
const (
	PlaceholderMark = "@binary-buildout-"

	Root        = PlaceholderMark + "root@"   // the directory that bootstrap.py lies in
	Interpreter = PlaceholderMark + "python@" // sys.executable, made absolute, not resolved
	Prefix      = PlaceholderMark + "prefix@" // sys.base_prefix of the interpreter
)

// The forms of a placeholder, put before its last "@": "@binary-buildout-root+url@".
const (
	FormPlain   = ""         // as it is
	FormURL     = "+url"     // percent-encoded UTF-8, "/" kept: after file:// and in %2F texts
	FormJSON    = "+json"    // as in a JSON string
	FormPython  = "+python"  // as in a Python string literal: quotes, backslashes, and for Python 2 non-ASCII, escaped
	FormBytes   = "+bytes"   // as in a literal of Python's bytes, which is ASCII: its UTF-8 escaped
	FormUnicode = "+unicode" // as in a literal of Python 2's unicode; to Python 3 it is one as any other
	FormShell   = "+sh"      // where a shell word stands unquoted: backslash-escaped

	// Of a path of Windows, where a text has no syntax that says more.
	FormSlash  = "+slash"  // with slashes
	FormDouble = "+double" // with each backslash twice

	// FormLower comes after one of these: in lower case and with backslashes, as
	// zc.buildout writes paths into scripts on Windows.
	FormLower = "+lower"
)

// Form gives the placeholder p in the form f.
func Form(p, f string) string {
	return p[:len(p)-1] + f + "@"
}
