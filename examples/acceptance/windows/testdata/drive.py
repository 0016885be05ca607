"""Runs a program as a user whose name isn't ASCII: TEMP lies in the profile."""
import os
import subprocess
import sys

temp = r"C:\users\Jürgen\AppData\Local\Temp"
os.makedirs(temp, exist_ok=True)
os.environ.update(TEMP=temp, TMP=temp, USERPROFILE=r"C:\users\Jürgen")
sys.exit(subprocess.call(sys.argv[1:]))
