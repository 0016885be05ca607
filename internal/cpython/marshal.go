package cpython

import _ "embed"

//go:embed marshaltypes.py
var marshalTypesPy string

// MarshalTypes is the Python module whose marshal_types() gives the type codes
// that the marshal of the interpreter reads. Any Python runs it.
func MarshalTypes() string { return marshalTypesPy }
