// Package pack turns a built tree into a relocatable archive, and an archive
// back into a tree. The formats are specified in docs/design.md.
package pack
