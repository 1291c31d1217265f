#!/bin/sh
# Builds the program in the folder given (default: build) and runs it.
# Needs riscv64-unknown-elf-gcc for the compiling, and gasm, glink, hvrun for the rest.
set -eu
here=$(dirname "$0")
out=${1:-build}
mkdir -p "$out"

hvrun --export-lib "$out"                       # hv.h, for the compiler

flags='-O2 -march=rv32imac -mabi=ilp32 -ffreestanding'
for name in main sort text; do
    riscv64-unknown-elf-gcc $flags -I "$out" -S "$here/$name.c" -o "$out/$name.s"
    gasm "$out/$name.s" -o "$out/$name.o"
done

# libgcc has what the processor has no instruction for: 64-bit division
libgcc=$(riscv64-unknown-elf-gcc $flags -print-libgcc-file-name)
glink "$out/main.o" "$out/sort.o" "$out/text.o" -lhv "$libgcc" -o "$out/program"

hvrun "$out/program"
