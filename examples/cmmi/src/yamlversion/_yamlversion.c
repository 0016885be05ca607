#include <Python.h>
#include <yaml.h>

static PyObject *
version(PyObject *self, PyObject *unused)
{
    return PyUnicode_FromString(yaml_get_version_string());
}

static PyMethodDef methods[] = {
    {"version", version, METH_NOARGS, "version(): libyaml's version."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_yamlversion", NULL, -1, methods,
};

PyMODINIT_FUNC
PyInit__yamlversion(void)
{
    return PyModule_Create(&module);
}
