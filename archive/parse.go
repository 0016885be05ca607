package archive

import (
	"encoding/json"
	"fmt"
	"strings"
)

// parseManifest refuses a higher format before it looks at anything else.
func parseManifest(data []byte, m *Manifest) error {
	if err := checkFormat(ManifestName, data, Format); err != nil {
		return err
	}
	if err := json.Unmarshal(data, m); err != nil {
		return &Error{Path: ManifestName, Kind: ErrCorrupt, Detail: err.Error()}
	}
	return nil
}

// maxTotal bounds the sum of the sizes of files.json, bytes.
const maxTotal = 1 << 46

// checkFormat reads the format number alone.
func checkFormat(name string, data []byte, known int) error {
	if err := CheckDocument(name, data); err != nil {
		return err
	}
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return &Error{Path: name, Kind: ErrCorrupt, Detail: err.Error()}
	}
	if head.Format > known {
		return &Error{Path: name, Kind: ErrNewer, Detail: fmt.Sprintf("format %d, this program knows %d", head.Format, known)}
	}
	if head.Format < 1 {
		return &Error{Path: name, Kind: ErrNotOurs, Detail: "no format number"}
	}
	return nil
}

// parseFiles reads files.json and checks that it is consistent: names, order, types, modes, links.
func parseFiles(data []byte) ([]Entry, error) {
	if err := checkFormat(FilesName, data, Format); err != nil {
		return nil, err
	}
	// As long as it can become, since a slice that grows takes nearly twice as much.
	list := Files{Files: make([]Entry, 0, weigh(data).objects)}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, &Error{Path: FilesName, Kind: ErrCorrupt, Detail: err.Error()}
	}
	dirs := map[string]bool{"": true}
	links := Links{}
	var total int64
	for i, e := range list.Files {
		if err := checkEntry(e); err != nil {
			return nil, err
		}
		if total += e.Size; total > maxTotal {
			return nil, &Error{Path: e.Path, Kind: ErrTooBig, Detail: "it is more than any disk holds"}
		}
		if i > 0 && e.Path == list.Files[i-1].Path {
			return nil, &Error{Path: e.Path, Kind: ErrDuplicate}
		}
		if i > 0 && e.Path < list.Files[i-1].Path {
			return nil, &Error{Path: e.Path, Kind: ErrUnsafe, Detail: "files.json is not in order"}
		}
		if !dirs[Parent(e.Path)] {
			return nil, &Error{Path: e.Path, Kind: ErrUnsafe, Detail: "it isn't in a directory of the archive"}
		}
		switch e.Type {
		case TypeDir:
			dirs[e.Path] = true
		case TypeLink:
			links[e.Path] = e.Link
		}
	}
	for l := range links {
		if why := links.Escapes(l); why != "" {
			return nil, &Error{Path: l, Kind: ErrUnsafe, Detail: why}
		}
	}
	return list.Files, nil
}

func checkEntry(e Entry) error {
	unsafe := func(format string, args ...any) error {
		return &Error{Path: e.Path, Kind: ErrUnsafe, Detail: fmt.Sprintf(format, args...)}
	}
	if why := ValidName(e.Path); why != "" {
		return unsafe("%s", why)
	}
	if strings.HasPrefix(e.Path, Dir+"/") && e.Path != LaunchName && e.Path != LauncherName {
		return unsafe("files.json lists a name that is reserved")
	}
	switch {
	case e.Mode&^0o777 != 0:
		return unsafe("its mode is %#o", e.Mode)
	case e.Size < 0 || e.Size > maxTotal || e.Type != TypeFile && e.Size != 0:
		return unsafe("its size is %d", e.Size)
	case e.Type == TypeFile && (len(e.SHA256) != 64 || e.Link != ""):
		return unsafe("files.json doesn't say what is in it")
	case e.Type == TypeLink && e.Link == "":
		return unsafe("a link to nothing")
	case e.Type != TypeFile && e.Type != TypeDir && e.Type != TypeLink:
		return unsafe("its type is %q", e.Type)
	}
	return nil
}
