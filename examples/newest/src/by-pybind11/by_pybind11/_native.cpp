#include <pybind11/pybind11.h>

PYBIND11_MODULE(_native, m)
{
    m.def("twice", [](int x) { return 2 * x; });
}
