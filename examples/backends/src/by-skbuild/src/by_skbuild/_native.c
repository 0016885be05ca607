#include <Python.h>

static PyObject *name(PyObject *self, PyObject *ignored) { return PyUnicode_FromString("by_skbuild"); }

static PyMethodDef methods[] = {{"name", name, METH_NOARGS, NULL}, {NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_native", NULL, 0, methods};

PyMODINIT_FUNC PyInit__native(void) { return PyModule_Create(&module); }
