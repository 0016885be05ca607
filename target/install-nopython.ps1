# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
#
# What install.ps1 goes on with where there is no Python; it has the SHA-256 of this.
# It fetches an archive for this Windows that has one in it, compares its digest with
# index.json, and unpacks that Python; install.py looks at everything again. Gives the
# paths of both, or nothing where no archive fits.

function Expand-BinaryBuildoutPython {
    param([string]$Work, [string]$Label, [string]$Sha256, [hashtable]$Source)

    $ErrorActionPreference = 'Stop'
    $machine = "$env:PROCESSOR_ARCHITEW6432"
    if (-not $machine) {
        $machine = "$env:PROCESSOR_ARCHITECTURE"
    }
    $platform = @{ AMD64 = 'win_amd64'; ARM64 = 'win_arm64'; X86 = 'win32' }[$machine.ToUpperInvariant()]
    $path = Join-Path -Path $Work -ChildPath 'index.json'
    Copy-BinaryBuildoutAsset -Name 'index.json' -To $path @Source
    $best = $null
    # Windows 7 (6.1) runs no Python from 3.9 on.
    $old = [IO.Path]::DirectorySeparatorChar -eq '\' -and [Environment]::OSVersion.Version -lt '6.2'
    foreach ($a in (ConvertFrom-Json -InputObject ([IO.File]::ReadAllText($path))).archives) {
        if (-not $a.python_bundled -or $a.target -notmatch "^\w+-$platform$" -or ($Label -and $a.label -ne $Label)) {
            continue
        }
        if ($a.archive -match '^[A-Za-z0-9][\w.+-]*\.zip$' -and $a.python -match '^\d+\.\d+\.\d+') {
            if ($old -and [version]$Matches[0] -ge '3.9') {
                continue
            }
            if (-not $best -or [version]$Matches[0] -gt $newest) {
                $best = $a
                $newest = [version]$Matches[0]
            }
        }
    }
    if (-not $best) {
        return
    }
    [Console]::Error.WriteLine("no Python here can run this: fetching $($best.archive), which has one in it")
    $path = Join-Path -Path $Work -ChildPath $best.archive
    # A folder may have it put together.
    $whole = $Source.From -and $Source.From -notmatch '^https?://' -and [IO.File]::Exists((Join-Path -Path $Source.From -ChildPath $best.archive))
    if ($best.volumes -and -not $whole) {
        Join-BinaryBuildoutVolume -Volume $best.volumes -To $path -Source $Source
    } else {
        Copy-BinaryBuildoutAsset -Name $best.archive -To $path @Source
    }
    $file = [IO.File]::OpenRead($path)
    try {
        $digest = Get-BinaryBuildoutDigest -Stream $file
        if ($digest -ne $best.sha256) {
            throw "$($best.archive) has SHA-256 $digest, and index.json says $($best.sha256)"
        }
        if ($Sha256 -and $digest -ne ($Sha256 -replace '^sha256:')) {
            throw "$($best.archive) has SHA-256 $digest, and -Sha256 says $Sha256"
        }
        Add-Type -AssemblyName 'System.IO.Compression'
        $top = ''
        foreach ($entry in (New-Object -TypeName IO.Compression.ZipArchive -ArgumentList $file).Entries) {
            if ($entry.FullName -notmatch '^[^/\\]+/(python-\d[\w.+-]*)/.*[^/]$') {
                continue
            }
            $top = $Matches[1]
            if ($entry.FullName -match '[\\:]|(^|/)\.\.?(/|$)') {
                throw "$($entry.FullName) has no place in an archive"
            }
            $to = Join-Path -Path $Work -ChildPath ($entry.FullName -replace '^[^/]+/')
            $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($to))
            $out = [IO.File]::Create($to)
            try {
                $entry.Open().CopyTo($out)
            } finally {
                $out.Dispose()
            }
        }
    } finally {
        $file.Dispose()
    }
    return @((Join-Path -Path $Work -ChildPath "$top/python.exe"), $path)
}

# Puts an archive together of the volumes that it is on the release.
function Join-BinaryBuildoutVolume {
    param([object[]]$Volume, [string]$To, [hashtable]$Source)

    $out = [IO.File]::Create($To)
    try {
        foreach ($v in $Volume) {
            if ($v.volume -notmatch '^[A-Za-z0-9][\w.+-]*$') {
                throw "$($v.volume) is no name of an asset"
            }
            Copy-BinaryBuildoutAsset -Name $v.volume -To "$To.part" @Source
            $in = [IO.File]::OpenRead("$To.part")
            try {
                $in.CopyTo($out)
            } finally {
                $in.Dispose()
            }
            [IO.File]::Delete("$To.part")
        }
    } finally {
        $out.Dispose()
    }
}

Expand-BinaryBuildoutPython @args
