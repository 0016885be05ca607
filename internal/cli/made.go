package cli

// imageVar names the image that a build runs in; action/run.sh sets it.
const imageVar = "BINARY_BUILDOUT_IMAGE"
