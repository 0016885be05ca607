# fuzz.sh: each fuzz target from its corpus on. The readers of files that come from
# anywhere (FuzzRead...) get half a minute each, side by side; the others five seconds.

# fuzz SECONDS WORKERS DIRECTORY TARGET
fuzz() {
    (cd "$3" && go test -run '^$' -fuzz "^$4\$" -fuzztime "$1s" -fuzzminimizetime 10x -parallel "$2" .) 2>&1 | sed "s/^/$4: /"
}

readers=()
while read -r directory target; do
    echo "$directory $target"
    case $target in
    FuzzRead*)
        [ ${#readers[@]} -ne 0 ] || (cd "$directory" && go test -run '^$' -fuzz "^$target\$" -fuzztime 1x . >/dev/null) # compiles, once for all
        fuzz 30 1 "$directory" "$target" &
        readers+=($!)
        ;;
    *) fuzz 5 "$(nproc)" "$directory" "$target" ;;
    esac
done < <(git grep -Eo '^func Fuzz[A-Za-z0-9_]*' -- '*_test.go' | sed -E 's|^(.*)/[^/]*:func (.*)$|\1 \2|')
for reader in "${readers[@]}"; do
    wait "$reader"
done
