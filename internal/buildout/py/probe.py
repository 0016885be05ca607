# What this interpreter is. Prints one JSON object. Go puts in front what the target's programs ask by
# too (target/src/probe.py: told), and marshal_types (internal/cpython).
import binascii
import json
import marshal
import os
import sys
import sysconfig


def abi():
    # Archives name the ABI of 3.6 and 3.7 with the m that SOABI has.
    m = (3,) <= sys.version_info < (3, 8) and 'm' in getattr(sys, 'abiflags', 'm')
    return told['abi'] + ('m' if m else '')


def base():
    real = getattr(sys, 'real_prefix', None)  # virtualenv before 20, Python 2
    prefix = real or getattr(sys, 'base_prefix', sys.prefix)
    if prefix == sys.prefix and not real:
        return prefix, sys.executable
    exe = getattr(sys, '_base_executable', None)
    if exe and exe != sys.executable and os.path.exists(exe):
        return prefix, exe
    names = ['python%d.%d' % sys.version_info[:2], 'python%d' % sys.version_info[0], 'python']
    dirs = [os.path.join(prefix, 'bin')]
    home = os.path.join(sys.prefix, 'pyvenv.cfg')
    if os.path.exists(home):
        for line in open(home):
            key, _, value = line.partition('=')
            if key.strip() == 'home':
                dirs.insert(0, value.strip())
    if os.name == 'nt':
        names, dirs = ['python.exe'], [prefix] + dirs
    for d in dirs:
        for name in names:
            path = os.path.join(d, name)
            if os.path.exists(path):
                return prefix, path
    return prefix, ''


def utf8():
    import locale
    for name in ('C.UTF-8', 'C.utf8', 'en_US.UTF-8'):
        try:
            locale.setlocale(locale.LC_ALL, name)
            return name
        except locale.Error:
            pass
    return ''


SAMPLE = '''
"doc"
def f(a, b=(1, 2.5), **c):
    try:
        return a in {1, None, "x"}, lambda: (a, b), c[1:2]
    except ValueError:
        pass
class A(object):
    big = 1 << 70, 1j, b"bytes", u"\\u00fc", ..., True
'''


def platform_tag():
    # A Python of 32 bits names the processor of a 64-bit kernel.
    tag = sysconfig.get_platform().replace('-', '_').replace('.', '_')
    if told['bits'] == 32 and tag.startswith('linux_'):
        return 'linux_' + told['machine']
    return tag


prefix, executable = base()
include = sysconfig.get_path('platinclude') or sysconfig.get_path('include') or ''
if prefix != sys.prefix:
    include = sysconfig.get_path(
        'include', vars={'base': prefix, 'platbase': prefix, 'installed_base': prefix,
                         'installed_platbase': prefix}) or include
json.dump({
    'version': '%d.%d.%d' % sys.version_info[:3],
    'implementation': told['implementation'],
    'abi': abi(),
    'platform': platform_tag(),
    'bits': told['bits'],
    'libc': told['libc'],
    'libc_version': told['libc_version'] if told['libc'] == 'glibc' else '',
    'executable': os.path.abspath(sys.executable),
    'framework': sysconfig.get_config_var('PYTHONFRAMEWORK') or '',
    'prefix': sys.prefix,
    'base_prefix': prefix,
    'base_executable': executable and os.path.abspath(executable),
    'include': include,
    'has_headers': os.path.exists(os.path.join(include, 'Python.h')),
    'cc': sysconfig.get_config_var('CC') or '',
    'cxx': sysconfig.get_config_var('CXX') or '',
    'locale': utf8(),
    'libdir': sysconfig.get_config_var('LIBDIR') or '',
    'shared': bool(sysconfig.get_config_var('Py_ENABLE_SHARED')),
    'stdlib': os.path.dirname(os.__file__),
    'marshal_types': marshal_types(),  # noqa: F821
    'marshalled': binascii.hexlify(marshal.dumps(compile(SAMPLE.replace('...', '0') if sys.version_info[0] == 2 else SAMPLE, 'sample.py', 'exec'))).decode('ascii'),
    'ext_suffix': sysconfig.get_config_var('EXT_SUFFIX') or sysconfig.get_config_var('SO') or '',
}, sys.stdout)
