# fuzz.sh: each fuzz target for a few seconds, from its corpus on.

go list -f '{{.Dir}}' ./... | while read -r directory; do
    grep -hos '^func Fuzz[A-Za-z0-9_]*' "$directory"/*_test.go | sed 's/func //' | sort -u | while read -r target; do
        echo "$directory $target"
        (cd "$directory" && go test -run '^$' -fuzz "^$target\$" -fuzztime 5s .)
    done
done
