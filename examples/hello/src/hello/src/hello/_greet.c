#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *
greet(PyObject *self, PyObject *name)
{
    return PyUnicode_FromFormat("Hello, %S!", name);
}

static PyMethodDef methods[] = {
    {"greet", greet, METH_O, "greet(name): a greeting."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_greet", NULL, -1, methods,
};

PyMODINIT_FUNC
PyInit__greet(void)
{
    return PyModule_Create(&module);
}
