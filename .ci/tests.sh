# tests.sh: the README's last command, which packs every example too and runs it
# as on a server. With CI=true a test that lacks its tool fails.

export CI=true
./test
