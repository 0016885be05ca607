# readme.sh: the README's first command, as it stands there.

go build
./binary-buildout pack examples/hello --python "$(.ci/python 3.13)"
