//! What the corpus is made of: Debian source packages, and how their files become assembly.

/// A Debian source package.
pub struct Package {
    /// Its name.
    pub name: &'static str,
    /// Its C sources, below its folder: `*` stands for any part of a file's name.
    pub c: &'static [&'static str],
    /// Files among those that are not for a bare machine.
    pub not: &'static [&'static str],
    /// What the C compiler needs to know; `-I` is relative to the package's folder.
    pub flags: &'static [&'static str],
    /// Run once in the package's folder after unpacking, by `sh -e -c`.
    pub prepare: Option<&'static str>,
    /// Sources that people wrote in assembly: files with the flags of the C preprocessor.
    pub assembly: &'static [(&'static str, &'static [&'static str])],
}

/// What the rows of the tables begin with.
pub const NOTHING: Package = Package { name: "", c: &[], not: &[], flags: &[], prepare: None, assembly: &[] };

/// All of them.
pub const PACKAGES: &[Package] = &[
    Package { name: "lua5.4", c: &["src/*.c"], flags: &["-DLUA_32BITS"], ..NOTHING },
    Package { name: "zlib", c: &["*.c"], flags: &["-DHAVE_UNISTD_H"], ..NOTHING },
    Package { name: "bzip2", c: &["*.c"], not: &["bzip2.c", "dlltest.c", "mk251.c", "spewG.c"], ..NOTHING },
    Package {
        name: "libpng1.6",
        c: &["png*.c"],
        flags: &["-I", "../zlib"],
        prepare: Some("cp scripts/pnglibconf.h.prebuilt pnglibconf.h"),
        ..NOTHING
    },
    Package { name: "mbedtls", c: &["library/*.c"], not: &["net_sockets.c", "timing.c", "x509_crt.c"], flags: &["-I", "include", "-DMBEDTLS_NO_PLATFORM_ENTROPY"], ..NOTHING },
    Package {
        name: "sqlite3",
        c: &["sqlite3.c"],
        flags: &["-DSQLITE_OS_OTHER=1", "-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION"],
        // The amalgamation is a product; the source package carries the parts.
        prepare: Some("./configure --disable-shared && make sqlite3.c"),
        ..NOTHING
    },
    Package {
        name: "musl",
        assembly: &[
            ("src/signal/riscv32/sigsetjmp.s", &[]),
            ("src/signal/riscv32/restore.s", &[]),
            ("src/ldso/riscv32/dlsym.s", &[]),
            ("src/thread/riscv32/clone.s", &[]),
            ("src/thread/riscv32/syscall_cp.s", &[]),
            ("src/thread/riscv32/__unmapself.s", &[]),
            ("src/thread/riscv32/__set_thread_area.s", &[]),
            ("src/fenv/riscv32/fenv.S", &[]),
            ("src/setjmp/riscv32/longjmp.S", &[]),
            ("src/setjmp/riscv32/setjmp.S", &[]),
        ],
        ..NOTHING
    },
    Package {
        name: "picolibc",
        assembly: &[
            ("semihost/machine/riscv/semihost-riscv.S", &[]),
            ("newlib/libc/machine/riscv/memset.S", &[]),
            ("newlib/libc/machine/riscv/memmove.S", &[]),
            ("newlib/libc/machine/riscv/memcpy-asm.S", &["-D__OPTIMIZE_SIZE__"]),
            ("newlib/libc/machine/riscv/strcmp.S", &[]),
            ("newlib/libc/machine/riscv/strcmp.S", &["-D__OPTIMIZE_SIZE__"]),
            ("newlib/libc/machine/riscv/setjmp.S", &[]),
        ],
        ..NOTHING
    },
    Package {
        name: "opensbi",
        assembly: &[
            ("firmware/fw_base.S", OPENSBI),
            ("firmware/fw_payload.S", OPENSBI),
            ("firmware/fw_dynamic.S", OPENSBI),
            ("firmware/fw_jump.S", OPENSBI),
            ("firmware/payloads/test_head.S", OPENSBI),
            ("lib/sbi/sbi_expected_trap.S", OPENSBI),
            ("lib/sbi/sbi_hfence.S", OPENSBI),
        ],
        ..NOTHING
    },
];

const OPENSBI: &[&str] = &["-I", "include", "-I", "firmware", "-DFW_TEXT_START=0x80000000", "-DFW_JUMP_ADDR=0x80400000", "-DFW_PAYLOAD_PATH=\"/dev/null\""];

/// A compiler of the corpus.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Compiler {
    /// `riscv64-unknown-elf-gcc`.
    Gcc,
    /// `clang`: what it writes GNU as may refuse.
    Clang,
}

/// Each C file is compiled in each of these ways: folder, compiler, flags.
pub const VARIANTS: &[(&str, Compiler, &[&str])] = &[
    ("gcc-O0", Compiler::Gcc, &["-O0"]),
    ("gcc-O2", Compiler::Gcc, &["-O2"]),
    ("gcc-Os", Compiler::Gcc, &["-Os"]),
    ("gcc-O2-g", Compiler::Gcc, &["-O2", "-g"]),
    ("gcc-O2-fPIC", Compiler::Gcc, &["-O2", "-fPIC"]),
    ("gcc-O2-ffunction-sections", Compiler::Gcc, &["-O2", "-ffunction-sections", "-fdata-sections"]),
    ("gcc-Os-msave-restore", Compiler::Gcc, &["-Os", "-msave-restore"]),
    ("gcc-O2-mcmodel=medany", Compiler::Gcc, &["-O2", "-mcmodel=medany"]),
    ("gcc-O2-fexceptions", Compiler::Gcc, &["-O2", "-fexceptions", "-fasynchronous-unwind-tables"]),
    ("clang-O0", Compiler::Clang, &["-O0"]),
    ("clang-O2", Compiler::Clang, &["-O2"]),
    ("clang-Os-g", Compiler::Clang, &["-Os", "-g"]),
    ("clang-O2-fPIC", Compiler::Clang, &["-O2", "-fPIC"]),
    ("clang-O2-fexceptions", Compiler::Clang, &["-O2", "-fexceptions", "-ffunction-sections", "-mcmodel=medany"]),
];
