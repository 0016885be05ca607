#!/bin/sh
# toybox's tar cuts a link's target at 100 bytes and exits with 0.
#
# It reads the PAX record "path" of a long name, and not "linkpath": of a symbolic
# link with a target of 123 bytes it makes one of the first 100, to a place that isn't
# there. The exit code is 0 and nothing is printed; a hard link of that kind fails, since
# its target is looked for. GNU tar and BusyBox read both records.
#
# Seen 2026-11-30, toybox 0.8.9 of Debian 12; Android's tar is this one.
. "$(dirname "$0")/lib.sh"
need toybox toybox
need busybox busybox

long=$(printf 'd%.0s' $(seq 60))/$(printf 'e%.0s' $(seq 60))/f
mkdir -p "tree/$(dirname "$long")" gnu toybox busybox
echo here >"tree/$long"
ln -s "$long" tree/link
tar --format=pax -cf tree.tar tree

target() { readlink "$1/tree/link" | tr -d '\n' | wc -c | tr -d ' '; }
tar -xf tree.tar -C gnu
busybox tar -xf tree.tar -C busybox
toybox tar -xf tree.tar -C toybox 2>said
expect "toybox says" "" "$(cat said)"
expect "the target's bytes, by GNU tar" 123 "$(target gnu)"
expect "by BusyBox" 123 "$(target busybox)"
expect "by toybox" 100 "$(target toybox)"
expect "the long name itself, by toybox" here "$(cat "toybox/tree/$long")"
