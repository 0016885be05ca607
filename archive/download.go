package archive

// Download is a file that a build fetched, with the digest that it had. A
// later build that has to fetch files of these digests makes the same archive of them, or
// says which file is another one now.
type Download struct {
	Use DownloadUse `json:"use"`
	// Owner says for what a build requirement was fetched, "PROJECT VERSION" or
	// "./DIRECTORY" of a develop package, and which part fetched a file.
	Owner   string `json:"owner,omitempty"`
	Project string `json:"project,omitempty"` // of a distribution
	Version string `json:"version,omitempty"`
	File    string `json:"file"`          // its name: "six-1.17.0.tar.gz"
	URL     string `json:"url,omitempty"` // of what a part fetched; without credentials
	SHA256  string `json:"sha256"`
}

// DownloadUse says what became of a download.
type DownloadUse string

// The uses of a Download.
const (
	EggDownload   DownloadUse = "egg"   // a distribution that zc.buildout installed as an egg
	ToolDownload  DownloadUse = "tool"  // zc.buildout itself, or what it needs
	BuildDownload DownloadUse = "build" // what pip installed for a build, or into the virtualenv
	PartDownload  DownloadUse = "part"  // what a part fetched by zc.buildout.download
)
