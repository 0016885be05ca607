#include <Python.h>

static PyObject *
greet(PyObject *self, PyObject *name)
{
    return PyString_FromFormat("Hello, %s!", PyString_AsString(name));
}

static PyMethodDef methods[] = {
    {"greet", greet, METH_O, "greet(name): a greeting."},
    {NULL, NULL, 0, NULL},
};

PyMODINIT_FUNC
init_greeting(void)
{
    Py_InitModule("_greeting", methods);
}
