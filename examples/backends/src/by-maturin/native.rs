use pyo3_ffi::*;
use std::ptr;

unsafe extern "C" fn name(_module: *mut PyObject, _ignored: *mut PyObject) -> *mut PyObject {
    PyUnicode_FromString(c"by_maturin".as_ptr())
}

static mut METHODS: [PyMethodDef; 2] = [
    PyMethodDef {
        ml_name: c"name".as_ptr(),
        ml_meth: PyMethodDefPointer { PyCFunction: name },
        ml_flags: METH_NOARGS,
        ml_doc: ptr::null(),
    },
    PyMethodDef::zeroed(),
];

static mut MODULE: PyModuleDef = PyModuleDef {
    m_base: PyModuleDef_HEAD_INIT,
    m_name: c"_native".as_ptr(),
    m_doc: ptr::null(),
    m_size: 0,
    m_methods: ptr::addr_of_mut!(METHODS).cast(),
    m_slots: ptr::null_mut(),
    m_traverse: None,
    m_clear: None,
    m_free: None,
};

#[no_mangle]
pub unsafe extern "C" fn PyInit__native() -> *mut PyObject {
    PyModule_Create(ptr::addr_of_mut!(MODULE))
}
