@rem SPDX-License-Identifier: MIT
@rem Copyright (c) 2026 the binary-buildout authors
@rem binary-buildout: starts bootstrap.py under the Python of this directory.
@rem bootstrap.py reads the line with PYTHON= too.
@setlocal
@set PYTHON=@PYTHON@
@set MACHINES=@MACHINES@
@set FLOOR=@FLOOR@
@set OLD=
@set HAVE=%PROCESSOR_ARCHITECTURE%
@if defined PROCESSOR_ARCHITEW6432 set HAVE=%PROCESSOR_ARCHITEW6432%
@for %%m in (%MACHINES%) do @if /i "%%m"=="%HAVE%" goto fits
@echo error: this archive is for @TARGET@, and this machine is %HAVE% 1>&2
@echo hint: use the archive of the same release that is for %HAVE% 1>&2
@exit /b 2
:fits
@if not defined FLOOR goto new
@for /f "delims=" %%v in ('ver') do @for %%w in (%%v) do @for /f "tokens=1,2 delims=." %%a in ("%%w") do @if not "%%b"=="" if %%a%%b lss %FLOOR:.=% set OLD=%%a.%%b
@if not defined OLD goto new
@echo error: the Python of this archive needs Windows %FLOOR% or newer, and this is %OLD% 1>&2
@echo hint: use an archive for an older Python, or a newer Windows 1>&2
@exit /b 2
:new
@if exist "%~dp0%PYTHON%" goto there
@echo error: %PYTHON% is missing 1>&2
@echo hint: unpack the archive again 1>&2
@exit /b 2
:there
@rem An update may replace this file, so that cmd must not read on in it: all is one line.
@"%~dp0%PYTHON%" -BsSE "%~dp0bootstrap.py" %* & (for %%c in (130 3 2 1 0) do @if errorlevel %%c exit /b %%c) & exit /b 1
