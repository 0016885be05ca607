// Package matrix decides what is built where. It knows the names of targets
// and of archives, and makes the plan: one entry per target, with the runner,
// the image and the Python that build it. It does no I/O: the table of
// runners and images is one dated file that is compiled in.
package matrix
