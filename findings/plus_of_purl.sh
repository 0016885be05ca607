#!/bin/sh
# One package, two purls, by three libraries of one project.
#
# 2.9.0+cu128 is a version with a local part, as PyTorch publishes them. Of package-url's own
# libraries packageurl-python 0.17.6 and packageurl-go 0.1.7 write it as @2.9.0%2Bcu128, and
# packageurl-js 2.0.1 as @2.9.0+cu128; the "!" of an epoch likewise. Each reads both forms and writes
# its own. A purl is used as a key: bills of materials, advisories and graphs are joined by its
# text, which is why the specification has one canonical form. What a tool in JavaScript
# wrote and what one in Python wrote don't meet for these versions, and for all others they
# do, so that no small test shows it.
#
# Seen 2026-11-30.
. "$(dirname "$0")/lib.sh"
need go golang
need npm npm

venv tools 3.12 packageurl-python==0.17.6
npm install --silent --no-audit --no-fund --prefix js packageurl-js@2.0.1 >/dev/null
cat >js/main.mjs <<'JS'
import { PackageURL } from "packageurl-js";
const [version, text] = process.argv.slice(2);
console.log(new PackageURL("pypi", undefined, "torch", version, undefined, undefined).toString());
console.log(PackageURL.fromString(text).toString());
JS
mkdir go
cat >go/main.go <<'GO'
package main

import (
	"fmt"
	"os"

	purl "github.com/package-url/packageurl-go"
)

func main() {
	fmt.Println(purl.NewPackageURL("pypi", "", "torch", os.Args[1], nil, "").ToString())
	read, err := purl.FromString(os.Args[2])
	if err != nil {
		panic(err)
	}
	fmt.Println(read.ToString())
}
GO
(cd go && go mod init purl && go get github.com/package-url/packageurl-go@v0.1.7 && go build -o ../by-go .) >log 2>&1
cat >by.py <<'PY'
import sys
from packageurl import PackageURL
print(PackageURL("pypi", None, "torch", sys.argv[1]))
print(PackageURL.from_string(sys.argv[2]))
PY
# written VERSION: by Python, Go and JavaScript; each has read the other form too.
written() {
    for library in "tools/bin/python by.py" ./by-go "node js/main.mjs"; do
        for form in "$1" "$2"; do
            # shellcheck disable=SC2086 # words
            $library "$1" "pkg:pypi/torch@$form"
        done | sort -u | sed 's/.*@//'
    done | paste -sd' '
}
expect "2.9.0" "2.9.0 2.9.0 2.9.0" "$(written 2.9.0 2.9.0)"
expect "2.9.0+cu128" "2.9.0%2Bcu128 2.9.0%2Bcu128 2.9.0+cu128" "$(written 2.9.0+cu128 2.9.0%2Bcu128)"
expect "1!2.0" "1%212.0 1%212.0 1!2.0" "$(written '1!2.0' 1%212.0)"
