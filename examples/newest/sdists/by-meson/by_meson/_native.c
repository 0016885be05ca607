#define PY_SSIZE_T_CLEAN
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

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_native", NULL, 0, methods, slots};

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModuleDef_Init(&module);
}
