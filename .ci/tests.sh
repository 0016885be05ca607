# tests.sh: the README's second command. It packs every example and runs it as
# on a server.

# go test gives a package ten minutes; on two busy cores Plone alone needs more.
go test -timeout 60m ./...
