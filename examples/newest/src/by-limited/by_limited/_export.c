/* PEP 793: from 3.15 on a module may have no PyInit function. */
#include <Python.h>

static PyObject *
twice(PyObject *self, PyObject *x)
{
    return PyNumber_Add(x, x);
}

static PyMethodDef methods[] = {
    {"twice", twice, METH_O, "twice(x): x + x."},
    {NULL, NULL, 0, NULL},
};

#if PY_VERSION_HEX >= 0x030F0000
PyABIInfo_VAR(abi);

static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi),
    PySlot_STATIC_DATA(Py_mod_name, "_export"),
    PySlot_STATIC_DATA(Py_mod_methods, methods),
    PySlot_END,
};

PyMODEXPORT_FUNC
PyModExport__export(void)
{
    return slots;
}
#else
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_export", NULL, 0, methods, NULL};

PyMODINIT_FUNC
PyInit__export(void)
{
    return PyModuleDef_Init(&module);
}
#endif
