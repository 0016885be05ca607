#include <nanobind/nanobind.h>

NB_MODULE(_native, m)
{
    m.def("twice", [](int x) { return 2 * x; });
}
