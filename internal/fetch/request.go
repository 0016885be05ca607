package fetch

import (
	"os"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/interpreter"
)

// Request says which archive is fetched, and what for.
type Request struct {
	// Source is an archive file, OWNER/REPO[@TAG], the URL of an archive, or
	// the URL or folder of a mirror.
	Source string
	// SHA256 is the digest that the archive must have, in hex; may be empty.
	SHA256 string
	// Label chooses between archives of one target, "debian12"; may be empty.
	Label string
	// Trust is what is asked of the attestation.
	Trust
	// Handed are files that are open already, by their paths, since this user
	// may not be able to open them; one that is nil isn't there.
	Handed map[string]*os.File
	// Search says which interpreters an archive may fit.
	interpreter.Search
	// Remote says how archives are fetched.
	Remote Remote
	// Progress is told what is being done; may be nil. It is called from one
	// goroutine at a time.
	Progress func(Event)

	// Into is the directory that the archive is for, as messages name it.
	Into string
	// Dir makes the directory that downloads lie in until they are complete.
	Dir func() (string, error)
	// Look says whether the directory has an archive already. An error says why
	// the archive can't go there; nothing is fetched then.
	Look func(Asset) (same bool, err error)

	// Base is, for an update, the digest of the manifest that is there: a delta
	// from it is taken before an archive.
	Base string
	// Whole is for where no delta will do.
	Whole bool
	// Application and Installed are, for an update, the name and the version of
	// what is there.
	Application, Installed string
	// Back lets an update go to a lower version.
	Back bool
}

// Event is a step that begins, or its progress.
type Event struct {
	Step  string // "download", "check", "unpack", "bootstrap", "place"; of an update "stop", "buildout", "start" too
	Text  string // what a person reads
	Done  int64  // bytes, or 0
	Total int64  // bytes, or 0 if not known
	Rate  float64
	Left  time.Duration
}

func (o Request) tell(e Event) {
	if o.Progress != nil {
		o.Progress(e)
	}
}
