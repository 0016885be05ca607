# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
#
# Installs an application that binary-buildout has packed, or updates it, where
# there is no binary-buildout:
#
#   & ([scriptblock]::Create((irm RELEASE/install.ps1))) -Into C:\app
#   powershell -ExecutionPolicy Bypass -File install.ps1 -Into C:\app -From D:\mirror
#
# It needs PowerShell (5.1 or newer), and Python (2.7 or 3) where the archive has
# none in it. The work is done by install.py, an asset of the same release, whose
# SHA-256 is below. This script takes it from its own directory, the mirror or the
# release, compares it, and has a Python run it. To fetch this script, an old
# Windows needs [Net.ServicePointManager]::SecurityProtocol = 'Tls12' before.
#
# An archive's size and SHA-256 are compared with index.json, which comes from the
# same release by the same way. The attestation is NOT checked; `binary-buildout
# install` does that. Of a private repository the token in GH_TOKEN fetches it, and
# install.py has to lie beside this script.
#
# All of it is functions, and the last line calls one: of a script that arrives
# cut off, nothing runs.

[CmdletBinding(PositionalBinding = $false)]
param(
    [string]$Into, [string]$Python, [string]$Tag, [string]$From, [string]$Label, [string]$Sha256,
    [switch]$Update, [switch]$Help
)

# Fetches a file by the proxies, passwords and certificates that Windows knows. Its
# text is also run by another PowerShell for install.py, from a command line: it
# must have no double quote.
function Get-BinaryBuildoutFile {
    $ErrorActionPreference = 'Stop'
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
        $request.AllowAutoRedirect = $false # it would follow to http, with the headers
        if ($request.Proxy) { $request.Proxy.Credentials = [Net.CredentialCache]::DefaultCredentials }
        if ($address.UserInfo -and $hop -eq 0) {
            $request.Headers['Authorization'] = 'Basic ' + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes([uri]::UnescapeDataString($address.UserInfo)))
        }
        if ($have -gt 0) { $request.AddRange($have) }
        $response = $request.GetResponse()
        $status = [int]$response.StatusCode
        if ($status -lt 300) { break }
        $next = New-Object -TypeName Uri -ArgumentList $address, $response.Headers['Location']
        $response.Dispose()
        if ($address.Scheme -eq 'https' -and $next.Scheme -ne 'https') {
            throw 'it is redirected from https to http, which anybody on the way can change'
        }
        $address = $next
    }
    if ($status -ge 300) { throw 'it is led on too often' }
    $content = $response.GetResponseStream()
    if ($env:BINARY_BUILDOUT_TO) {
        $mode = if ($status -eq 206) { [IO.FileMode]::Append } else { [IO.FileMode]::Create }
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
}

# Brings an asset to a file, from a folder or an address.
function Copy-BinaryBuildoutAsset {
    param([string]$Name, [string]$To, [string]$From, [string]$Server, [string]$Repo, [string]$Tag)

    $ErrorActionPreference = 'Stop'
    if ($From -and $From -notmatch '^https?://') {
        return [IO.File]::Copy((Join-Path -Path $From -ChildPath $Name), $To)
    }
    $base = if ($From) { $From.TrimEnd('/') } else { "$Server/$Repo/releases/download/" + [uri]::EscapeDataString($Tag) }
    try {
        $env:BINARY_BUILDOUT_TO = $To
        $env:BINARY_BUILDOUT_URL = "$base/$Name"
        for ($try = 1; $true; $try++) {
            try {
                return Get-BinaryBuildoutFile
            } catch {
                if ($try -eq 4 -or "$_" -match '\(4(?!08|29)\d\d\)|redirected|certificate|SSL') {
                    throw
                }
                [Threading.Thread]::Sleep(1000 * $try)
            }
        }
    } finally {
        $env:BINARY_BUILDOUT_TO = $env:BINARY_BUILDOUT_URL = $null
    }
}

# Makes a directory that no other user can write to. What SYSTEM makes in
# C:\Windows\Temp inherits that users may add files to it.
function Initialize-BinaryBuildoutDirectory {
    param([string]$Path)

    if ([IO.Path]::DirectorySeparatorChar -eq '/') {
        $mode = 'IO.UnixFileMode' -as [type] # from PowerShell 7.3 on; before, the umask has to do
        $null = if ($mode) { [IO.Directory]::CreateDirectory($Path, [Enum]::ToObject($mode, 448)) } else { [IO.Directory]::CreateDirectory($Path) } # 0700
        return
    }
    $user = [Security.Principal.WindowsIdentity]::GetCurrent().User
    $rules = New-Object -TypeName Security.AccessControl.DirectorySecurity
    $rules.SetSecurityDescriptorSddlForm("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;$user)")
    if ($PSVersionTable.PSEdition -eq 'Core') {
        [IO.FileSystemAclExtensions]::Create([IO.DirectoryInfo]$Path, $rules)
    } else {
        ([IO.DirectoryInfo]$Path).Create($rules)
    }
}

# The SHA-256 of what is open, which is at its beginning then.
function Get-BinaryBuildoutDigest {
    param([IO.Stream]$Stream)

    $digest = [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($Stream))
    $Stream.Position = 0
    return $digest.Replace('-', '').ToLowerInvariant()
}

# Gives the text of another asset of this script's release, if it has its digest.
function Read-BinaryBuildoutAsset {
    param([string]$Name, [string]$Work, [hashtable]$Digest, [hashtable]$Source, [string]$Tag)

    $ErrorActionPreference = 'Stop'
    $path = "$PSScriptRoot/$Name"
    if (-not $PSCommandPath -or -not (Test-Path -LiteralPath $path -PathType Leaf)) {
        $path = Join-Path -Path $Work -ChildPath $Name
        Copy-BinaryBuildoutAsset -Name $Name -To $path -Tag $Tag @Source
    }
    $data = New-Object -TypeName IO.MemoryStream -ArgumentList @(, [IO.File]::ReadAllBytes($path))
    if ((Get-BinaryBuildoutDigest -Stream $data) -ne $Digest[$Name]) {
        throw "$Name is not the one of this install.ps1: take both from one release"
    }
    return [Text.Encoding]::ASCII.GetString($data.ToArray())
}

# Gives a Python that can run install.py, be it the application's or not.
function Find-BinaryBuildoutPython {
    param([string]$Asked, [string]$Into)

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
    # The one of the application that is there.
    $own = [WildcardPattern]::Escape($Into) + '/python-[0-9]*/'
    $paths += @(Get-Item -Path "${own}python.exe", "${own}bin/python3" -ErrorAction SilentlyContinue).FullName
    foreach ($path in $paths) {
        try {
            $null = & $path -sE -c 'import sys; sys.path.pop(0); import hashlib, json, subprocess, tarfile, zlib' 2>$null
            if ($LASTEXITCODE -eq 0) { return $path }
        } catch { continue } # it is no program
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
    if ($Wrong) { throw "install.ps1: $Wrong; hint: $Hint (exit code $Code)" }
    if ($Code -ne 0) { throw "install.ps1: exit code $Code" }
}

function Install-BinaryBuildout {
    [CmdletBinding(PositionalBinding = $false)]
    param([switch]$Help, [string]$Python, [string]$Tag, [string]$From, [string]$Label, [string]$Sha256, [switch]$Update, [string]$Into, [switch]$AsFile)

    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
        throw 'install.ps1: this PowerShell is restricted (its language mode is not FullLanguage); hint: unpack the archive, and run Python with its bootstrap.py'
    }

    # The release that this script is an asset of, and the SHA-256 of two others.
    $server = [uri]::UnescapeDataString('@SERVER@')
    $repo = [uri]::UnescapeDataString('@REPO@')
    $release = [uri]::UnescapeDataString('@TAG@')
    $digests = @{ 'install.py' = '@INSTALL.PY@'; 'install-nopython.ps1' = '@INSTALL-NOPYTHON.PS1@' }

    if ($Help) {
        return @'
usage: install.ps1 -Into DIR [options]

  -Into DIR       the directory: new, or empty, or with the same archive already
  -Python PYTHON  the interpreter: a path, a name, or a version as 3.13;
                  default is the newest that fits
  -Tag TAG        another release
  -From MIRROR    a copy of a release's assets, by its URL or in a folder
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

    # PowerShell's place is not the process's, and it knows ~ and drives of its own.
    $places = $ExecutionContext.SessionState.Path
    $Into = $places.GetUnresolvedProviderPathFromPSPath($Into)
    if ($From -and $From -notmatch '^https?://') {
        $From = $places.GetUnresolvedProviderPathFromPSPath($From)
    }
    if ($Python -match '[\\/]') { $Python = $places.GetUnresolvedProviderPathFromPSPath($Python) }
    $source = @{ From = $From; Server = $server; Repo = $repo }
    $work = Join-Path -Path ([IO.Path]::GetTempPath()) -ChildPath ('binary-buildout.' + [IO.Path]::GetRandomFileName())
    Initialize-BinaryBuildoutDirectory -Path $work
    $brought, $code, $wrong = '', 3, ''
    $hint = 'check the address, and that the release is published; a certificate authority of your own is named by SSL_CERT_FILE; or copy the file to where install.ps1 is'
    try {
        $driver = Find-BinaryBuildoutPython -Asked $Python -Into $Into
        if (-not $driver -and -not $Python) {
            $text = Read-BinaryBuildoutAsset -Name 'install-nopython.ps1' -Work $work -Digest $digests -Source $source -Tag $release
            $source.Tag = if ($Tag) { $Tag } else { $release }
            $driver, $brought = [scriptblock]::Create($text).Invoke($work, $Label, $Sha256, $source)
            $source.Remove('Tag')
        }
        if (-not $driver) {
            $code = 2
            $hint = 'install the version that the application was made for (cp313 in the names of the archives is Python 3.13), or name one with -Python PATH'
            throw 'there is no Python here'
        }
        $program = Read-BinaryBuildoutAsset -Name 'install.py' -Work $work -Digest $digests -Source $source -Tag $release
        $helper = Get-Item -LiteralPath "$PSHOME/pwsh.exe", "$PSHOME/powershell.exe" -ErrorAction SilentlyContinue

        # Windows PowerShell leaves out empty arguments and breaks quotes, so there
        # are none: the program comes by standard input, what it is told within.
        $told = @(
            "into=$Into", "python=$Python", "tag=$Tag", "from=$From", "label=$Label", "sha256=$Sha256", "update=$(if ($Update) { 1 })"
            "server=$server", "repo=$repo", "release=$release", "brought=$brought", "helper=$($helper.FullName)"
            "script=try { ${function:Get-BinaryBuildoutFile} } catch { [Console]::Error.WriteLine(`$_.Exception.GetBaseException().Message); exit 1 }"
        )
        $told = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($told -join [string][char]0))

        # What a program writes to standard error is no error of PowerShell's, and
        # no byte order mark may precede what it reads.
        $ErrorActionPreference = 'Continue'
        $PSNativeCommandUseErrorActionPreference = $false
        $OutputEncoding = New-Object -TypeName Text.ASCIIEncoding
        "OPTIONS = '$told'`n$program" | & $driver -sE '-'
        $code = $LASTEXITCODE
    } catch {
        $wrong = $_.Exception.GetBaseException().Message
    } finally {
        try { [IO.Directory]::Delete($work, $true) } catch { $null = $_ } # a virus scanner may hold what ran
    }
    Complete-BinaryBuildout -Code $code -Wrong $wrong -Hint $hint -AsFile:$AsFile
}

$given = @{ Into = $Into; Python = $Python; Tag = $Tag; From = $From; Label = $Label; Sha256 = $Sha256; Update = $Update; Help = $Help; AsFile = ($PSCommandPath -and $MyInvocation.MyCommand.CommandType -eq 'ExternalScript') }
Install-BinaryBuildout @given
