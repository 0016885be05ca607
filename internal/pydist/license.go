package pydist

import (
	"slices"
	"strings"
)

// classifiers are the trove classifiers of licences that name one licence of
// the SPDX list; others, as "BSD License", name a family.
var classifiers = map[string]string{
	"OSI Approved :: Boost Software License 1.0 (BSL-1.0)":                    "BSL-1.0",
	"OSI Approved :: Eclipse Public License 1.0 (EPL-1.0)":                    "EPL-1.0",
	"OSI Approved :: Eclipse Public License 2.0 (EPL-2.0)":                    "EPL-2.0",
	"OSI Approved :: European Union Public Licence 1.1 (EUPL 1.1)":            "EUPL-1.1",
	"OSI Approved :: European Union Public Licence 1.2 (EUPL 1.2)":            "EUPL-1.2",
	"OSI Approved :: GNU Affero General Public License v3":                    "AGPL-3.0-only",
	"OSI Approved :: GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
	"OSI Approved :: GNU General Public License v2 (GPLv2)":                   "GPL-2.0-only",
	"OSI Approved :: GNU General Public License v2 or later (GPLv2+)":         "GPL-2.0-or-later",
	"OSI Approved :: GNU General Public License v3 (GPLv3)":                   "GPL-3.0-only",
	"OSI Approved :: GNU General Public License v3 or later (GPLv3+)":         "GPL-3.0-or-later",
	"OSI Approved :: GNU Lesser General Public License v2 (LGPLv2)":           "LGPL-2.0-only",
	"OSI Approved :: GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
	"OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)":           "LGPL-3.0-only",
	"OSI Approved :: GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
	"OSI Approved :: ISC License (ISCL)":                                      "ISC",
	"OSI Approved :: MIT License":                                             "MIT",
	"OSI Approved :: MIT No Attribution License (MIT-0)":                      "MIT-0",
	"OSI Approved :: Mozilla Public License 1.0 (MPL)":                        "MPL-1.0",
	"OSI Approved :: Mozilla Public License 1.1 (MPL 1.1)":                    "MPL-1.1",
	"OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)":                    "MPL-2.0",
	"OSI Approved :: Historical Permission Notice and Disclaimer (HPND)":      "HPND",
	"OSI Approved :: The Unlicense (Unlicense)":                               "Unlicense",
	"OSI Approved :: Zero-Clause BSD (0BSD)":                                  "0BSD",
	"OSI Approved :: zlib/libpng License":                                     "Zlib",
	"OSI Approved :: CMU License (MIT-CMU)":                                   "MIT-CMU",
	"OSI Approved :: Universal Permissive License (UPL)":                      "UPL-1.0",
	"CC0 1.0 Universal (CC0 1.0) Public Domain Dedication":                    "CC0-1.0",
}

// names of the License field that name one licence of the SPDX list, beside
// the list's own; in lower case.
var licenseNames = map[string]string{
	"zpl 2.1": "ZPL-2.1", "zpl-2.1": "ZPL-2.1", "zpl 2.0": "ZPL-2.0", "zpl-2.0": "ZPL-2.0", "mit license": "MIT", "the mit license": "MIT",
	"apache 2.0": "Apache-2.0", "apache-2.0": "Apache-2.0", "apache license 2.0": "Apache-2.0", "apache license, version 2.0": "Apache-2.0",
	"bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause", "3-clause bsd": "BSD-3-Clause", "psf-2.0": "PSF-2.0", "python-2.0": "Python-2.0",
	"gplv2": "GPL-2.0-only", "gpl version 2": "GPL-2.0-only", "lgpl-2.1": "LGPL-2.1-only", "lgpl-2.1-or-later": "LGPL-2.1-or-later",
}

// License is how a distribution may be used: an expression of SPDX
// (PEP 639), or else licences that all hold, by what they are called.
type License struct {
	Expression string
	IDs        []string // of the SPDX list
	Names      []string // others, as they were given
}

// license takes License-Expression; else what the classifiers name; else the
// field License. A classifier that names a family of licences gives way to a
// field that names one of the SPDX list.
func (f fields) license() License {
	if expression := f.first("license-expression"); expression != "" {
		return License{Expression: expression}
	}
	var l License
	for _, c := range f["classifier"] {
		name, ok := strings.CutPrefix(c, "License :: ")
		if !ok || name == "OSI Approved" {
			continue
		}
		if id := classifiers[name]; id != "" {
			l.IDs = append(l.IDs, id)
		} else {
			l.Names = append(l.Names, strings.TrimPrefix(name, "OSI Approved :: "))
		}
	}
	given, _, _ := strings.Cut(f.first("license"), "\n") // some have the whole text there
	given = strings.TrimSpace(given)
	switch id := spdxID(given); {
	case len(l.IDs) == 0 && id != "":
		return License{IDs: []string{id}}
	case len(l.IDs)+len(l.Names) == 0 && given != "":
		l.Names = []string{given}
	}
	slices.Sort(l.IDs)
	slices.Sort(l.Names)
	l.IDs, l.Names = slices.Compact(l.IDs), slices.Compact(l.Names)
	return l
}

// spdxID is the one licence of the SPDX list that a name is known to mean, or "".
func spdxID(name string) string {
	if id := licenseNames[strings.ToLower(name)]; id != "" {
		return id
	}
	for _, id := range classifiers {
		if strings.EqualFold(id, name) {
			return id
		}
	}
	return ""
}
