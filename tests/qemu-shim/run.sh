#!/bin/sh
# Runs an image of hvkit under QEMU with the shim: run.sh IMAGE [further QEMU options]
# Standard input and output are the guest's console; the exit status is the guest's code.
# QEMU_TIMEOUT (seconds, default 20) limits it: status 124.
# Input has no end on a serial line: append the byte 0x04 for guests that read to the end.
set -eu
here=$(dirname "$0")
image=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tool=riscv64-unknown-elf
$tool-as -march=rv32imac_zicsr_zifencei_zba_zbb -mabi=ilp32 -o "$work/shim.o" "$here/shim.s"
$tool-ld -m elf32lriscv -Ttext=0x20000000 -o "$work/shim.elf" "$work/shim.o"
$tool-objcopy -O binary "$work/shim.elf" "$work/shim.bin"
truncate -s 32M "$work/shim.bin"

entry=$($tool-readelf -h "$image" | sed -n 's/.*Entry point address: *//p')
# 128 MiB of RAM: the devicetree is at its last 2 MiB boundary, the shim's page is the last one.
timeout "${QEMU_TIMEOUT:-20}" qemu-system-riscv32 -M virt -cpu rv32,h=off,f=off,d=off -m 128M -display none -monitor none -serial stdio \
    -bios none -drive if=pflash,unit=0,format=raw,readonly=on,file="$work/shim.bin" \
    -device loader,file="$image" \
    -device loader,addr=0x87fff000,data="$entry",data-len=4 "$@"
