"""Writes files that name the directory that this is run in, each in a form that
programs of Windows write. What becomes of them is for windows_wine_test.go."""
import json
import os
import pathlib


def forms(root):
    slashes = root.replace("\\", "/")
    drive = root[0].lower() + root[1:]
    return {
        "plain.txt": root.encode("utf-8"),
        "slashes.txt": slashes.encode("utf-8"),
        "doubled.txt": root.replace("\\", "\\\\").encode("utf-8"),
        "json.json": json.dumps(root).encode("ascii"),
        "url.txt": pathlib.PureWindowsPath(root).as_uri().encode("ascii"),
        "lower-url.txt": pathlib.PureWindowsPath(drive).as_uri().encode("ascii"),
        "lower.txt": drive.encode("utf-8"),
        "normcase.txt": root.lower().encode("utf-8"),
        "code-page.ini": root.encode("cp1252"),
        "utf16.reg": root.encode("utf-16"),
        "utf16be.txt": b"\xfe\xff" + root.encode("utf-16-be"),
        "utf16-doubled.reg": root.replace("\\", "\\\\").encode("utf-16"),
        "utf16-slashes.txt": slashes.encode("utf-16"),
    }


if __name__ == "__main__":
    os.makedirs("etc/forms")
    for name, data in forms(os.getcwd()).items():
        encoding = "utf-16-be" if "be" in name else "utf-16-le" if "utf16" in name else "ascii"
        with open("etc/forms/" + name, "wb") as f:
            f.write(data + "\\x y\r\n".encode(encoding) if "json" not in name else data)
