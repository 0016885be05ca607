package archive

import "fmt"

// What a document may take in memory once it is decoded, bytes. files.json takes
// 288 for a file by the costs below, so that some 690,000 files are let pass.
const (
	maxDocument = 80 << 20
	maxListed   = 192 << 20 // files.json
)

// mayTake is the bound for the document of a name.
func mayTake(name string) int {
	if name == FilesName {
		return maxListed
	}
	return maxDocument
}

// What decoding takes for an object, an array and what follows a comma, at most.
// A relocation is the largest of what "{}" can become.
const (
	objectCost  = 160
	arrayCost   = 48
	elementCost = 32
)

// CheckDocument refuses a JSON document that would take far more memory than it
// has bytes, before it is decoded: what three bytes make can be a hundred.
func CheckDocument(name string, data []byte) error {
	if cost := weigh(data).cost; cost > mayTake(name) {
		return &Error{Path: name, Kind: ErrTooBig, Detail: fmt.Sprintf("it would take %d MiB of memory", cost>>20)}
	}
	return nil
}

// weight is how many objects a document has at most, and what it takes, bytes.
type weight struct{ objects, cost int }

func weigh(data []byte) weight {
	var w weight
	quoted := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			w.objects++
			w.cost += objectCost
		case c == '[':
			w.cost += arrayCost
		case c == ',':
			w.cost += elementCost
		}
	}
	return w
}

// readable refuses to write what no reader takes.
func readable(manifest, files []byte) error {
	err := CheckDocument(ManifestName, manifest)
	if err == nil {
		err = CheckDocument(FilesName, files)
	}
	if err != nil || len(manifest) > maxManifest || len(files) > maxFiles {
		return fail(exitUsage, "leave some out with --exclude", "writing the archive: %d MiB of files.json and %d MiB of manifest.json are more than can be read again", len(files)>>20, len(manifest)>>20)
	}
	return nil
}
