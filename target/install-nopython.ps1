# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the binary-buildout authors
#
# What install.ps1 goes on with where there is no Python; it has the SHA-256 of this.
# It fetches an archive for this Windows that has one in it, compares its digest with
# index.json, and unpacks that Python; install.py looks at everything again. Where there
# is no index.json, the names in SHA256SUMS say what is for this Windows. Gives the paths
# of both, or nothing where no archive fits.

function Expand-BinaryBuildoutPython {
    param([string]$Work, [string]$Label, [string]$Sha256, [hashtable]$Source)

    $ErrorActionPreference = 'Stop'
    $wanted = "$Sha256" -replace '^sha256:'
    $found = @(Get-BinaryBuildoutArchive -Work $Work -Wanted $wanted -Source $Source)
    $list = $found[0]
    foreach ($a in @($found[1] | Select-BinaryBuildoutArchive -Label $Label)) {
        [Console]::Error.WriteLine("no Python here can run this: fetching $($a.archive)")
        $path = Join-Path -Path $Work -ChildPath $a.archive
        # A folder may have it put together.
        $whole = $Source.From -and $Source.From -notmatch '^https?://' -and [IO.File]::Exists((Join-Path -Path $Source.From -ChildPath $a.archive))
        if ($a.volumes -and -not $whole) {
            Join-BinaryBuildoutVolume -Volume $a.volumes -To $path -Source $Source
        } else {
            Copy-BinaryBuildoutAsset -Name $a.archive -To $path @Source
        }
        $file = [IO.File]::OpenRead($path)
        try {
            $digest = Get-BinaryBuildoutDigest -Stream $file
            if ($digest -ne $a.sha256) {
                throw "$($a.archive) has SHA-256 $digest, and $list says $($a.sha256)"
            }
            if ($wanted -and $digest -ne $wanted) {
                throw "$($a.archive) has SHA-256 $digest, and -Sha256 says $Sha256"
            }
            $top = Expand-BinaryBuildoutInterpreter -File $file -Work $Work
        } finally {
            $file.Dispose()
        }
        if ($top -or $list -eq 'index.json') {
            return @((Join-Path -Path $Work -ChildPath "$top/python.exe"), $path)
        }
        # Its name didn't tell that it has no Python in it.
        [IO.File]::Delete($path)
    }
}

# Gives the name of the list, and the archives in it.
function Get-BinaryBuildoutArchive {
    param([string]$Work, [string]$Wanted, [hashtable]$Source)

    $path = Join-Path -Path $Work -ChildPath 'index.json'
    try {
        Copy-BinaryBuildoutAsset -Name 'index.json' -To $path @Source
    } catch {
        $why = $_.Exception
        $sums = Join-Path -Path $Work -ChildPath 'SHA256SUMS'
        try { Copy-BinaryBuildoutAsset -Name 'SHA256SUMS' -To $sums @Source } catch { throw $why }
        $named = @(ConvertFrom-BinaryBuildoutSum -Text ([IO.File]::ReadAllText($sums)))
        # Of several, the one that -Sha256 names.
        $one = @($named | Where-Object -FilterScript { $_.sha256 -eq $Wanted })
        return 'SHA256SUMS', $(if ($one) { $one } else { $named })
    }
    return 'index.json', (ConvertFrom-Json -InputObject ([IO.File]::ReadAllText($path))).archives
}

# The archives of SHA256SUMS as index.json has them: APP-VERSION-ABI-PLATFORM[-LABEL].zip,
# and .part1 and so on behind it. Whether a Python lies in one, only itself tells.
function ConvertFrom-BinaryBuildoutSum {
    param([string]$Text)

    $there = @{}
    foreach ($line in $Text -split '\r?\n') {
        if ($line -cmatch '^([0-9a-f]{64}) [ *]([A-Za-z0-9][A-Za-z0-9._+-]*)$') {
            $there[$Matches[2]] = $Matches[1]
        }
    }
    foreach ($name in ($there.Keys | Sort-Object)) {
        if ($name -cmatch '\.delta\.zip$' -or $name -cnotmatch '^.*?-((cp\d)(\d+)[a-z]*-win[a-z0-9_]*)(?:-([A-Za-z0-9._+-]+))?\.zip$') {
            continue
        }
        $a = @{ archive = $name; sha256 = $there[$name]; target = $Matches[1]; label = "$($Matches[4])"; python = "$($Matches[2].Substring(2)).$($Matches[3]).0"; python_bundled = $true; volumes = @() }
        while ($there.ContainsKey("$name.part$($a.volumes.Count + 1)")) {
            $a.volumes += @{ volume = "$name.part$($a.volumes.Count + 1)" }
        }
        $a
    }
}

# Of these the ones for this Windows, the newest Python's first, and of these the ones without a label.
function Select-BinaryBuildoutArchive {
    param([Parameter(ValueFromPipeline = $true)]$Archive, [string]$Label)

    begin {
        $machine = "$env:PROCESSOR_ARCHITEW6432"
        if (-not $machine) {
            $machine = "$env:PROCESSOR_ARCHITECTURE"
        }
        $platform = @{ AMD64 = 'win_amd64'; ARM64 = 'win_arm64'; X86 = 'win32' }[$machine.ToUpperInvariant()]
        # Windows 7 (6.1) runs no Python from 3.9 on.
        $old = [IO.Path]::DirectorySeparatorChar -eq '\' -and [Environment]::OSVersion.Version -lt '6.2'
        $fit = @()
    }
    process {
        if (-not $Archive.python_bundled -or $Archive.target -notmatch "^\w+-$platform$" -or ($Label -and $Archive.label -ne $Label)) {
            return
        }
        if ($Archive.archive -match '^[A-Za-z0-9][\w.+-]*\.zip$' -and $Archive.python -match '^\d+\.\d+\.\d+' -and -not ($old -and [version]$Matches[0] -ge '3.9')) {
            $fit += New-Object -TypeName PSObject -Property @{ Newest = [version]$Matches[0]; Labelled = [bool]$Archive.label; Archive = $Archive }
        }
    }
    end {
        $fit | Sort-Object -Property @{ Expression = 'Newest'; Descending = $true }, @{ Expression = 'Labelled' } | ForEach-Object -Process { $_.Archive }
    }
}

# Unpacks the interpreter of an archive, and gives its directory; nothing where it has none.
function Expand-BinaryBuildoutInterpreter {
    param([IO.Stream]$File, [string]$Work)

    Add-Type -AssemblyName 'System.IO.Compression'
    $top = ''
    foreach ($entry in (New-Object -TypeName IO.Compression.ZipArchive -ArgumentList $File).Entries) {
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
    return $top
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
