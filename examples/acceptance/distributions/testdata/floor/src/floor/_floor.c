/* What forky's headers declare strtol and sscanf to be needs glibc 2.38. */
#include <Python.h>

static PyObject *number(PyObject *self, PyObject *args)
{
    const char *text;
    int again = 0;

    if (!PyArg_ParseTuple(args, "s", &text))
        return NULL;
    if (sscanf(text, "%d", &again) != 1 || again != strtol(text, NULL, 10))
        return PyErr_Format(PyExc_ValueError, "no number");
    return PyLong_FromLong(again);
}

static PyMethodDef methods[] = {{"number", number, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_floor", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__floor(void)
{
    return PyModule_Create(&module);
}
