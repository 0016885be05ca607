# tests.sh: the README's second command. It packs every example and runs it as
# on a server. go's ten minutes a package are enough where nothing else runs:
# the slowest one takes seven on two processors.

GOFLAGS="${GOFLAGS:-} -timeout=30m" go test ./...
