package pyc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"
)

// Canonical brings marshalled Python 3 code into a form that depends
// on the source alone. CPython's own has a flag on each object that had more
// than one reference while it was written, and writes frozensets in the order of
// their hash table; both depend on what else the process did and where it was
// loaded. Here equal constants are one object, just those are flagged that are
// referred to again, and frozensets are sorted.
//
// The format is that of CPython's Python/marshal.c, versions 3 to 6, which
// differ in code objects by the version of Python.
func Canonical(data []byte, major, minor int) ([]byte, error) {
	r := &marshalReader{data: data, types: marshalTypes(minor), minor: minor, same: map[string]*marshalNode{}}
	if major != 3 || minor < 4 {
		return nil, fmt.Errorf("reading bytecode: Python %d.%d is not known", major, minor)
	}
	root, err := r.object(0)
	if err != nil {
		return nil, fmt.Errorf("reading bytecode: %w", err)
	}
	if r.at != len(data) {
		return nil, errors.New("reading bytecode: data follows the code")
	}
	root.count()
	w := &marshalWriter{refs: map[*marshalNode]uint32{}}
	w.object(root)
	return w.out, nil
}

const (
	flagRef      = 0x80
	maxDepth     = 2000
	typeCode     = 'c'
	typeRef      = 'r'
	typeSet      = '<'
	typeFrozen   = '>'
	typeDict     = '{'
	typeNull     = '0'
	typeTuple    = '('
	typeSmallTup = ')'
	typeList     = '['
	typeSlice    = ':'
	typeFrozDict = '}'
)

// marshalNode is one object: its type, the bytes that follow, and the objects in it.
type marshalNode struct {
	id       int
	typ      byte
	fixed    []byte // of a code object the numbers before its objects
	children []*marshalNode
	line     []byte // of a code object co_firstlineno, which stands between its objects
	uses     int
	plain    []byte // the bytes without references, made when needed
}

// lineAt is the number of a code object's objects before co_firstlineno, from
// code to name (up to 3.10) or qualname.
const lineAt = 8

// codeShape gives the bytes of numbers and the number of objects of a code object.
func codeShape(minor int) (numbers, objects int) {
	switch {
	case minor >= 11:
		return 5 * 4, 10 // argcount, posonly, kwonly, stacksize, flags; then linetable, exceptiontable
	case minor >= 8:
		return 6 * 4, 9 // argcount, posonly, kwonly, nlocals, stacksize, flags; then lnotab
	}
	return 5 * 4, 9 // no posonly
}

type marshalReader struct {
	data  []byte
	types string // the codes that there are
	at    int
	minor int
	refs  []*marshalNode
	same  map[string]*marshalNode
	next  int
}

var errMarshal = errors.New("cut off")

func (r *marshalReader) take(n int) ([]byte, error) {
	if n < 0 || n > len(r.data)-r.at {
		return nil, errMarshal
	}
	b := r.data[r.at : r.at+n]
	r.at += n
	return b, nil
}

func (r *marshalReader) length() (int, error) {
	b, err := r.take(4)
	if err != nil {
		return 0, err
	}
	n := int(int32(binary.LittleEndian.Uint32(b)))
	if n < 0 {
		return 0, errMarshal
	}
	return n, nil
}

func (r *marshalReader) object(depth int) (*marshalNode, error) {
	head, err := r.take(1)
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	typ := head[0] &^ flagRef
	if strings.IndexByte(r.types, typ) < 0 {
		return nil, fmt.Errorf("unknown type %q", typ)
	}
	if typ == typeRef {
		n, err := r.length()
		if err != nil || n >= len(r.refs) || r.refs[n] == nil {
			return nil, errMarshal
		}
		return r.refs[n], nil
	}
	slot := -1
	if head[0]&flagRef != 0 {
		slot = len(r.refs)
		r.refs = append(r.refs, nil)
	}
	n, err := r.body(typ, depth)
	if err != nil {
		return nil, err
	}
	n = r.merge(n)
	if slot >= 0 {
		r.refs[slot] = n
	}
	return n, nil
}

// body reads what follows the type.
func (r *marshalReader) body(typ byte, depth int) (*marshalNode, error) {
	n := &marshalNode{typ: typ}
	start := r.at
	var err error
	switch typ {
	case typeNull, 'N', 'F', 'T', 'S', '.':
	case 'i':
		_, err = r.take(4)
	case 'I', 'g':
		_, err = r.take(8)
	case 'y':
		_, err = r.take(16)
	case 'l':
		err = r.long()
	case 's', 't', 'u', 'a', 'A':
		err = r.sized()
	case 'z', 'Z', 'f':
		err = r.short()
	case 'x':
		if err = r.short(); err == nil {
			err = r.short()
		}
	case typeSmallTup:
		var b []byte
		if b, err = r.take(1); err == nil {
			return n, r.list(n, int(b[0]), depth)
		}
	case typeTuple, typeList, typeSet, typeFrozen:
		var count int
		if count, err = r.length(); err == nil {
			return n, r.list(n, count, depth)
		}
	case typeSlice:
		return n, r.list(n, 3, depth)
	case typeDict, typeFrozDict:
		return n, r.dict(n, depth)
	case typeCode:
		return n, r.code(n, depth)
	}
	n.fixed = r.data[start:r.at]
	if err == nil {
		n.typ = interned(typ, n.fixed)
	}
	return n, err
}

// interned gives a string's type. Whether it was interned when it was written is
// chance: "}" is the same object in all of a process. PyCode_New interns names,
// and constants that could be names (all_name_chars).
func interned(typ byte, fixed []byte) byte {
	name := func(head int) bool {
		for _, c := range fixed[head:] {
			if c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
				return false
			}
		}
		return true
	}
	switch typ {
	case 't':
		return 'u'
	case 'a', 'A':
		if name(4) {
			return 'A'
		}
		return 'a'
	case 'z', 'Z':
		if name(1) {
			return 'Z'
		}
		return 'z'
	}
	return typ
}

func (r *marshalReader) long() error {
	b, err := r.take(4)
	if err != nil {
		return err
	}
	n := int64(int32(binary.LittleEndian.Uint32(b)))
	if n < 0 {
		n = -n
	}
	_, err = r.take(int(n * 2))
	return err
}

func (r *marshalReader) sized() error {
	n, err := r.length()
	if err == nil {
		_, err = r.take(n)
	}
	return err
}

func (r *marshalReader) short() error {
	b, err := r.take(1)
	if err == nil {
		_, err = r.take(int(b[0]))
	}
	return err
}

func (r *marshalReader) list(n *marshalNode, count, depth int) error {
	if count > len(r.data)-r.at {
		return errMarshal // each object has a byte
	}
	for range count {
		c, err := r.object(depth + 1)
		if err != nil {
			return err
		}
		n.children = append(n.children, c)
	}
	if n.typ == typeSet || n.typ == typeFrozen {
		sort.SliceStable(n.children, func(i, j int) bool {
			return bytes.Compare(n.children[i].bytes(), n.children[j].bytes()) < 0
		})
	}
	return nil
}

func (r *marshalReader) dict(n *marshalNode, depth int) error {
	for {
		c, err := r.object(depth + 1)
		if err != nil {
			return err
		}
		n.children = append(n.children, c)
		if c.typ == typeNull && len(n.children)%2 == 1 {
			return nil
		}
	}
}

func (r *marshalReader) code(n *marshalNode, depth int) error {
	numbers, objects := codeShape(r.minor)
	var err error
	if n.fixed, err = r.take(numbers); err != nil {
		return err
	}
	for i := range objects {
		if i == lineAt {
			if n.line, err = r.take(4); err != nil {
				return err
			}
		}
		c, err := r.object(depth + 1)
		if err != nil {
			return err
		}
		n.children = append(n.children, c)
	}
	return nil
}

// merge makes equal constants one. Code objects and what can be changed stay apart.
func (r *marshalReader) merge(n *marshalNode) *marshalNode {
	r.next++
	n.id = r.next
	switch n.typ {
	case typeCode, typeList, typeDict, typeSet:
		return n
	}
	key := append([]byte{n.typ}, n.fixed...)
	for _, c := range n.children {
		key = binary.LittleEndian.AppendUint32(key, uint32(c.id))
	}
	if have, ok := r.same[string(key)]; ok {
		return have
	}
	r.same[string(key)] = n
	return n
}

// count counts how often each object is referred to.
func (n *marshalNode) count() {
	n.uses++
	if n.uses > 1 {
		return
	}
	for _, c := range n.children {
		c.count()
	}
}

// bytes writes an object without references, to sort by.
func (n *marshalNode) bytes() []byte {
	if n.plain == nil {
		w := &marshalWriter{}
		w.object(n)
		n.plain = w.out
	}
	return n.plain
}

// marshalWriter writes objects; without refs it writes each in full.
type marshalWriter struct {
	out  []byte
	refs map[*marshalNode]uint32
}

func (w *marshalWriter) object(n *marshalNode) {
	typ := n.typ
	if w.refs != nil {
		if i, ok := w.refs[n]; ok {
			w.out = binary.LittleEndian.AppendUint32(append(w.out, typeRef), i)
			return
		}
		if n.uses > 1 && !unshared(typ) {
			w.refs[n] = uint32(len(w.refs))
			typ |= flagRef
		}
	}
	w.out = append(w.out, typ)
	switch n.typ {
	case typeSmallTup:
		w.out = append(w.out, byte(len(n.children)))
	case typeTuple, typeList, typeSet, typeFrozen:
		w.out = binary.LittleEndian.AppendUint32(w.out, uint32(min(len(n.children), math.MaxInt32)))
	default:
		w.out = append(w.out, n.fixed...)
	}
	for i, c := range n.children {
		if n.line != nil && i == lineAt {
			w.out = append(w.out, n.line...)
		}
		w.object(c)
	}
}

// unshared objects are never flagged. Of singletons marshal.c returns before it
// looks at references; 3.15.0 writes references to a frozendict, and can't
// read them ("invalid reference").
func unshared(typ byte) bool {
	switch typ {
	case typeNull, 'N', 'F', 'T', 'S', '.', typeFrozDict:
		return true
	}
	return false
}
