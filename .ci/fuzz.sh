# fuzz.sh: each fuzz target for a few seconds, from its corpus on.

git ls-files '*_test.go' | while read -r file; do
    { grep -o '^func Fuzz[A-Za-z0-9_]*' "$file" || true; } | sed 's/func //' | while read -r target; do
        directory=$(dirname "$file")
        echo "$directory $target"
        (cd "$directory" && go test -run '^$' -fuzz "^$target\$" -fuzztime 5s -fuzzminimizetime 10x .)
    done
done
