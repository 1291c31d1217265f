//! Sections whose name says what is in them (ELF specification, "Special Sections"; those of GNU binutils besides).

const PROGBITS: u32 = 1;
const NOTE: u32 = 7;
const NOBITS: u32 = 8;
const INIT_ARRAY: u32 = 14;
const FINI_ARRAY: u32 = 15;
const PREINIT_ARRAY: u32 = 16;

const WRITE: u32 = 1;
const ALLOC: u32 = 2;
const EXEC: u32 = 4;
const TLS: u32 = 0x400;
const EXCLUDE: u32 = 0x8000_0000;

/// The name, whether `name.more` is meant too, `sh_flags`, `sh_type`.
static KNOWN: [(&[u8], bool, u32, u32); 23] = [
    (b".text", true, ALLOC | EXEC, PROGBITS),
    (b".data", true, ALLOC | WRITE, PROGBITS),
    (b".bss", true, ALLOC | WRITE, NOBITS),
    (b".rodata", true, ALLOC, PROGBITS),
    (b".rodata1", false, ALLOC, PROGBITS),
    (b".data1", false, ALLOC | WRITE, PROGBITS),
    (b".tdata", true, ALLOC | WRITE | TLS, PROGBITS),
    (b".tbss", true, ALLOC | WRITE | TLS, NOBITS),
    (b".init", false, ALLOC | EXEC, PROGBITS),
    (b".fini", false, ALLOC | EXEC, PROGBITS),
    (b".plt", false, ALLOC | EXEC, PROGBITS),
    (b".got", false, ALLOC | WRITE, PROGBITS),
    (b".init_array", true, ALLOC | WRITE, INIT_ARRAY),
    (b".fini_array", true, ALLOC | WRITE, FINI_ARRAY),
    (b".preinit_array", true, ALLOC | WRITE, PREINIT_ARRAY),
    (b".note.GNU-stack", false, 0, PROGBITS),
    (b".note", true, 0, NOTE),
    (b".noinit", true, ALLOC | WRITE, NOBITS),
    (b".persistent.bss", false, ALLOC | WRITE, NOBITS),
    (b".persistent", true, ALLOC | WRITE, PROGBITS),
    (b".gnu.linkonce.b", true, ALLOC | WRITE, NOBITS),
    (b".gnu.linkonce.n", true, ALLOC | WRITE, NOBITS),
    (b".gnu.linkonce.p", true, ALLOC | WRITE, PROGBITS),
];

/// `sh_flags` and `sh_type` of a section by its name alone; of an unknown one 0 and `SHT_PROGBITS`.
#[must_use]
pub fn known(name: &[u8]) -> (u32, u32) {
    find(name).unwrap_or(if name.starts_with(b".gnu.lto_") { (EXCLUDE, PROGBITS) } else { (0, PROGBITS) })
}

/// `sh_flags` and `sh_type` of a section whose name means something.
#[must_use]
pub fn find(name: &[u8]) -> Option<(u32, u32)> {
    let fits = |known: &[u8], family: bool| name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || family && rest.starts_with(b"."));
    KNOWN.iter().find(|(known, family, ..)| fits(known, *family)).map(|&(_, _, flags, kind)| (flags, kind))
}
