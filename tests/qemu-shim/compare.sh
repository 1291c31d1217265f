#!/bin/sh
# Runs programs on hvrun and on QEMU with the shim and compares what they print and their exit codes.
#   compare.sh [SOURCE...]      default: every example and every case of the guest library
# Input is what the source's `# STDIN:` line says. Needs gasm, glink, hvrun on the PATH (or in $HVKIT_BIN).
# Exit status 1 if any differs. Programs that QEMU cannot show the same way are skipped, with the reason.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PATH="${HVKIT_BIN:-$PATH}:$PATH"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ $# -gt 0 ] || set -- "$root"/examples/*/main.s "$root"/tests/cases/guest-lib/*.s

# Why a source is not compared; nothing if it is.
skip() {
    case $1 in
    */15-exit-halt/*) echo "QEMU waits for ever" ;;
    */19-exit-crash/*) echo "QEMU does not notice a crash" ;;
    */20-classic/*) echo "QEMU has no 16 KiB machine" ;;
    */04-two-guests/*) echo "QEMU has one guest" ;;
    *) grep -q '^# RUN: hvrun .*--machine' "$1" && echo "needs a configuration of hvrun" ;;
    esac
}

different=0
for source; do
    name=${source#"$root"/}
    reason=$(skip "$source")
    if [ -n "$reason" ]; then
        echo "skipped   $name: $reason"
        continue
    fi
    if ! gasm "$source" -o "$work/a.o" || ! glink "$work/a.o" -lhv -o "$work/a"; then
        echo "NOT BUILT $name"
        different=1
        continue
    fi
    printf '%b' "$(sed -n 's/^# STDIN: *//p' "$source" | head -n 1)x" >"$work/in"
    truncate -s -1 "$work/in"                   # the x kept a last newline from the shell
    hvrun "$work/a" <"$work/in" >"$work/hvrun.out" 2>"$work/hvrun.err"
    ours=$?
    printf '\004' >>"$work/in"                  # the end of input, for the shim
    "$here/run.sh" "$work/a" <"$work/in" >"$work/qemu.out" 2>"$work/qemu.err"
    theirs=$?
    if [ $ours -eq $theirs ] && cmp -s "$work/hvrun.out" "$work/qemu.out"; then
        echo "same      $name (code $ours)"
    else
        echo "DIFFERENT $name: code $ours, QEMU $theirs"
        diff "$work/hvrun.out" "$work/qemu.out"
        cat "$work/hvrun.err" "$work/qemu.err"
        different=1
    fi
done
exit $different
