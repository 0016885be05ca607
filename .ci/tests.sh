# tests.sh: the README's second command. It packs every example and runs it as
# on a server.

go test ./...
