module github.com/binary-buildout/binary-buildout

go 1.26.0

require (
	github.com/klauspost/compress v1.20.3
	github.com/klauspost/pgzip v1.3.0
	golang.org/x/sys v0.49.0
	golang.org/x/text v0.36.0
)
