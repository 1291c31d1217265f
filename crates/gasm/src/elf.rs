//! ELF numbers as plain integers, taken from `object` so that they stand in one place.

use object::elf;

/// Section flags.
pub const SHF_WRITE: u32 = elf::SHF_WRITE.0 as u32;
/// Occupies memory.
pub const SHF_ALLOC: u32 = elf::SHF_ALLOC.0 as u32;
/// Holds instructions.
pub const SHF_EXECINSTR: u32 = elf::SHF_EXECINSTR.0 as u32;
/// May be merged.
pub const SHF_MERGE: u32 = elf::SHF_MERGE.0 as u32;
/// Holds strings.
pub const SHF_STRINGS: u32 = elf::SHF_STRINGS.0 as u32;
/// `sh_link` orders it.
pub const SHF_LINK_ORDER: u32 = elf::SHF_LINK_ORDER.0 as u32;
/// Member of a group.
pub const SHF_GROUP: u32 = elf::SHF_GROUP.0 as u32;
/// Thread-local.
pub const SHF_TLS: u32 = elf::SHF_TLS.0 as u32;
/// Left out of executables.
pub const SHF_EXCLUDE: u32 = elf::SHF_EXCLUDE.0 as u32;
/// Kept by garbage collection.
pub const SHF_GNU_RETAIN: u32 = 1 << 21;

/// Contents.
pub const SHT_PROGBITS: u32 = elf::SHT_PROGBITS.0;
/// Notes.
pub const SHT_NOTE: u32 = elf::SHT_NOTE.0;
/// Zeroes.
pub const SHT_NOBITS: u32 = elf::SHT_NOBITS.0;
/// Constructors.
pub const SHT_INIT_ARRAY: u32 = elf::SHT_INIT_ARRAY.0;
/// Destructors.
pub const SHT_FINI_ARRAY: u32 = elf::SHT_FINI_ARRAY.0;
/// Constructors before all.
pub const SHT_PREINIT_ARRAY: u32 = elf::SHT_PREINIT_ARRAY.0;
/// `.riscv.attributes`.
pub const SHT_RISCV_ATTRIBUTES: u32 = 0x7000_0003;

/// Symbol types.
pub const STT_NOTYPE: u8 = 0;
/// Data.
pub const STT_OBJECT: u8 = 1;
/// Code.
pub const STT_FUNC: u8 = 2;
/// A section.
pub const STT_SECTION: u8 = 3;
/// A source file.
pub const STT_FILE: u8 = 4;
/// Common.
/// Thread-local.
pub const STT_TLS: u8 = 6;
/// Indirect function.
pub const STT_GNU_IFUNC: u8 = 10;
