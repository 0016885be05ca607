"""Which files of Windows a process has open, or runs."""
import os


def open_alone(path):
    """Opens a file of Windows so that no other process has it open too."""
    import ctypes
    create = ctypes.windll.kernel32.CreateFileW
    create.restype = ctypes.c_void_p
    handle = create(ctypes.c_wchar_p(path), 0xC0000000, 0, None, 3, 0x00200000, None)
    if handle in (None, ctypes.c_void_p(-1).value):
        raise ctypes.WinError()
    ctypes.windll.kernel32.CloseHandle(ctypes.c_void_p(handle))


def busy_files(paths, try_open=open_alone):
    """Gives those of the files that can't be opened alone."""
    busy = []
    for path in paths:
        if os.path.isfile(path) and not os.path.islink(path):
            try:
                try_open(path)
            except EnvironmentError:
                busy.append(path)
    return busy
