# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
#
# Installs an application that binary-buildout has packed, on a machine that
# has no binary-buildout:
#
#   & ([scriptblock]::Create((irm RELEASE/install.ps1))) -Into C:\app
#   powershell -ExecutionPolicy Bypass -File install.ps1 -Into C:\app -From D:\mirror
#
# It needs PowerShell (5.1, as Windows has it, or newer) and Python (2.7 or 3).
# It chooses the archive that fits this system and its Pythons by the release's
# index.json, unpacks it beside the directory, runs the archive's own
# bootstrap.py, and renames the result. Nothing is written anywhere else, and
# what fails leaves the directory as it was. Before PowerShell has fetched this
# script, an old Windows wants to be told of TLS 1.2:
#
#   [Net.ServicePointManager]::SecurityProtocol = 'Tls12'
#
# What is checked: the archive's size and SHA-256. They come from index.json,
# which comes from the same release by the same way. The attestation is NOT
# checked; `binary-buildout install` does that. Of a private repository the
# token in GH_TOKEN fetches it.
#
# All of it is functions, and the last line calls one: of a script that arrives
# cut off, nothing runs.

[CmdletBinding(PositionalBinding = $false)]
param(
    [string]$Into,
    [string]$Python,
    [string]$Tag,
    [string]$From,
    [string]$Label,
    [string]$Sha256,
    [switch]$Update,
    [switch]$Help
)

# Fetches a file where Python can't: by the proxies, passwords and certificates
# that Windows knows. Its text is run by another PowerShell, from a command
# line: it must have no double quote.
function Get-BinaryBuildoutFile {
    $ErrorActionPreference = 'Stop'
    try {
        $protocols = [Net.ServicePointManager]::SecurityProtocol
        if ([int]$protocols -ne 0) {
            [Net.ServicePointManager]::SecurityProtocol = $protocols -bor [Net.SecurityProtocolType]::Tls12
        }
        $address = [uri]$env:BINARY_BUILDOUT_URL
        $have = [long]$env:BINARY_BUILDOUT_HAVE
        for ($hop = 0; $hop -lt 10; $hop++) {
            $request = [Net.WebRequest]::Create($address)
            $request.UserAgent = 'binary-buildout'
            $request.Timeout = 60000
            $request.ReadWriteTimeout = 60000
            $request.AllowAutoRedirect = $false # it would follow to http
            if ($request.Proxy) {
                $request.Proxy.Credentials = [Net.CredentialCache]::DefaultCredentials
            }
            if ($have -gt 0) {
                $request.AddRange($have)
            }
            $response = $request.GetResponse()
            $status = [int]$response.StatusCode
            if ($status -lt 300) {
                break
            }
            $next = New-Object -TypeName Uri -ArgumentList $address, $response.Headers['Location']
            $response.Dispose()
            if ($address.Scheme -eq 'https' -and $next.Scheme -ne 'https') {
                throw 'it is redirected from https to http, which anybody on the way can change'
            }
            $address = $next
        }
        if ($status -ge 300) {
            throw 'it is led on too often'
        }
        $content = $response.GetResponseStream()
        if ($env:BINARY_BUILDOUT_TO) {
            $mode = [IO.FileMode]::Create
            if ([int]$response.StatusCode -eq 206) {
                $mode = [IO.FileMode]::Append
            }
            $file = New-Object -TypeName IO.FileStream -ArgumentList $env:BINARY_BUILDOUT_TO, $mode
            try {
                $content.CopyTo($file)
            } finally {
                $file.Dispose()
            }
        } else {
            $memory = New-Object -TypeName IO.MemoryStream
            $content.CopyTo($memory)
            [Console]::Out.Write([Convert]::ToBase64String($memory.ToArray()))
        }
    } catch {
        [Console]::Error.WriteLine($_.Exception.GetBaseException().Message)
        exit 1
    }
}

# Gives a Python that can run the program below, be it the application's or not.
function Find-BinaryBuildoutPython {
    param([string]$Asked)

    # A place in WindowsApps may be one that only asks to install Python.
    $ErrorActionPreference = 'Continue'
    $PSNativeCommandUseErrorActionPreference = $false
    $paths = @()
    $names = @('python3', 'python', 'python2')
    if ($Asked -and (Test-Path -LiteralPath $Asked -PathType Leaf)) {
        $paths += $Asked
    } elseif ($Asked) {
        $names = @($Asked, "python$Asked") + $names
    }
    foreach ($name in $names) {
        # All: the first one on PATH may be that of WindowsApps.
        foreach ($command in @(Get-Command -Name $name -CommandType Application -All -ErrorAction SilentlyContinue)) {
            $paths += $command.Path
        }
    }
    # What the py launcher finds: PEP 514.
    foreach ($hive in 'HKCU:\Software', 'HKLM:\Software', 'HKLM:\Software\WOW6432Node') {
        foreach ($key in @(Get-Item -Path "$hive\Python\*\*\InstallPath" -ErrorAction SilentlyContinue)) {
            if ($key.GetValue('')) {
                $paths += Join-Path -Path $key.GetValue('') -ChildPath 'python.exe'
            }
        }
    }
    foreach ($path in $paths) {
        try {
            $null = & $path -sE -c 'import sys; sys.path.pop(0); import hashlib, json, subprocess, tarfile, zlib' 2>$null
            if ($LASTEXITCODE -eq 0) {
                return $path
            }
        } catch {
            continue # it is no program
        }
    }
}

# Says what is wrong, and ends: a script file by its exit code. Where there is
# no file, exit would close the user's window, or end the script that runs this
# as a block: an error is thrown instead.
function Complete-BinaryBuildout {
    param([int]$Code, [string]$Wrong, [string]$Hint, [switch]$AsFile)

    $global:LASTEXITCODE = $Code
    if ($AsFile) {
        if ($Wrong) {
            [Console]::Error.WriteLine("error: $Wrong")
            [Console]::Error.WriteLine("hint: $Hint")
        }
        exit $Code
    }
    if ($Wrong) {
        throw "install.ps1: $Wrong; hint: $Hint (exit code $Code)"
    }
    if ($Code -ne 0) {
        throw "install.ps1: exit code $Code"
    }
}

function Install-BinaryBuildout {
    [CmdletBinding(PositionalBinding = $false)]
    param([switch]$Help, [string]$Python, [string]$Tag, [string]$From, [string]$Label, [string]$Sha256, [switch]$Update, [string]$Into, [switch]$AsFile)

    # Under AppLocker and the like little of what comes is allowed.
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
        throw 'install.ps1: this PowerShell is restricted (its language mode is not FullLanguage); hint: unpack the archive, and run Python with its bootstrap.py'
    }

    # The release that this script is an asset of.
    $server = [uri]::UnescapeDataString('@SERVER@')
    $repo = [uri]::UnescapeDataString('@REPO@')
    $release = [uri]::UnescapeDataString('@TAG@')

    # All else, for Python 2.7 and 3; it is in install.sh too.
    $program = @'
@PROGRAM@
'@

    if ($Help) {
        return @'
usage: install.ps1 -Into DIR [options]

Installs the archive of this release that fits this system.

  -Into DIR       the directory: new, or empty, or with the same archive already
  -Python PYTHON  the interpreter: a path, a name, or a version as 3.13;
                  default is the newest that fits
  -Tag TAG        another release
  -From URL       a mirror: a copy of a release's assets, by its URL,
  -From FOLDER    or in a folder
  -Label LABEL    which of several archives for one target
  -Sha256 DIGEST  the digest that the archive must have
  -Update         make what is in DIR the latest version, by a delta if one fits
  -Help           this

exit codes: 0 done, or nothing to do; 1 a check failed; 2 wrong usage, or not
for this system; 3 the surroundings failed (network, disk, rights)
'@
    }
    if (-not $Into) {
        return Complete-BinaryBuildout -Code 2 -Wrong 'no directory to install into' -Hint 'install.ps1 -Into DIR; -Help lists the options' -AsFile:$AsFile
    }

    # PowerShell's place is not that of the process, and it knows ~ and drives
    # that nobody else does.
    $places = $ExecutionContext.SessionState.Path
    $Into = $places.GetUnresolvedProviderPathFromPSPath($Into)
    if ($From -and $From -notmatch '^https?://') {
        $From = $places.GetUnresolvedProviderPathFromPSPath($From)
    }
    if ($Python -match '[\\/]') {
        $Python = $places.GetUnresolvedProviderPathFromPSPath($Python)
    }
    $driver = Find-BinaryBuildoutPython -Asked $Python
    if (-not $driver) {
        return Complete-BinaryBuildout -Code 2 -Wrong 'there is no Python here' -Hint 'install the version that the application was made for (cp313 in the names of the archives is Python 3.13), or name one with -Python PATH' -AsFile:$AsFile
    }
    $helper = ''
    foreach ($name in 'pwsh.exe', 'powershell.exe') {
        $path = Join-Path -Path $PSHOME -ChildPath $name
        if (Test-Path -LiteralPath $path) {
            $helper = $path
        }
    }

    # Windows PowerShell leaves out empty arguments and breaks quotes, so there
    # are none: the program comes by standard input, what it is told within.
    $told = @(
        "into=$Into", "python=$Python", "tag=$Tag", "from=$From", "label=$Label", "sha256=$Sha256"
        "server=$server", "repo=$repo", "release=$release"
        "update=$(if ($Update) { 1 })", "helper=$helper", "script=${function:Get-BinaryBuildoutFile}"
    )
    $told = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($told -join [string][char]0))

    # What a program writes to standard error is no error of PowerShell's, and
    # no byte order mark may precede what it reads.
    $ErrorActionPreference = 'Continue'
    $PSNativeCommandUseErrorActionPreference = $false
    $OutputEncoding = New-Object -TypeName Text.ASCIIEncoding
    "OPTIONS = '$told'`n$program" | & $driver -sE '-'
    Complete-BinaryBuildout -Code $LASTEXITCODE -AsFile:$AsFile
}

$given = @{ Into = $Into; Python = $Python; Tag = $Tag; From = $From; Label = $Label; Sha256 = $Sha256; Update = $Update; Help = $Help; AsFile = ($PSCommandPath -and $MyInvocation.MyCommand.CommandType -eq 'ExternalScript') }
Install-BinaryBuildout @given
