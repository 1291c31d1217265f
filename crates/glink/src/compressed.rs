//! Compressed debug sections: `SHF_COMPRESSED` (gABI, "Section Compression") by zlib or zstd, and the older `.zdebug_*` of GNU. Inputs are expanded as they are read; `--compress-debug-sections` compresses what the output has.

use crate::object_file::Section;
use crate::strings::text;
use miniz_oxide::{deflate, inflate};
use object::LittleEndian as LE;
use object::U32;
use object::elf::{self, CompressionHeader32};
use object::pod::{bytes_of, from_bytes};
use ruzstd::decoding::FrameDecoder;

/// How `--compress-debug-sections` writes debug sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Compress {
    /// As they are.
    #[default]
    No,
    /// With `SHF_COMPRESSED`.
    Zlib,
    /// As `.zdebug_*`.
    Gnu,
}

/// The older form begins with this, and the size in big-endian order.
const GNU_MAGIC: &[u8] = b"ZLIB";
const GNU_HEADER: usize = 12;
/// No zlib stream is longer than this many times its own bytes; one of zstd's might be, but no debug section is.
const MOST_EXPANSION: usize = 1032;
/// zlib's default effort.
const LEVEL: u8 = 6;

/// Expands a section, if it is compressed. `budget` is what the object may still expand, in compressed bytes: sections that overlap
/// in the file cannot make it expand more than its own size.
pub fn expand(section: &mut Section<'_>, budget: &mut usize) -> Result<(), String> {
    let is_gnu = section.name.starts_with(b".zdebug_");
    let mut unpack: fn(&[u8], usize) -> Result<Vec<u8>, String> = unpack_zlib;
    let (size, packed, align) = if section.has(elf::SHF_COMPRESSED) {
        let (header, packed) = from_bytes::<CompressionHeader32<LE>>(&section.data).map_err(|()| "is cut short".to_string())?;
        match header.ch_type.get(LE) {
            elf::ELFCOMPRESS_ZLIB => {}
            elf::ELFCOMPRESS_ZSTD => unpack = unpack_zstd,
            other => return Err(format!("is compressed in the unknown way {}", other.0)),
        }
        (header.ch_size.get(LE) as usize, packed, header.ch_addralign.get(LE).max(1))
    } else if is_gnu && section.data.starts_with(GNU_MAGIC) {
        let size = section.data.get(4..).and_then(|rest| rest.first_chunk::<8>()).ok_or("is cut short")?;
        (usize::try_from(u64::from_be_bytes(*size)).unwrap_or(usize::MAX), &section.data[GNU_HEADER..], section.align)
    } else {
        return Ok(());
    };
    *budget = budget.checked_sub(packed.len()).ok_or("overlaps other compressed sections")?;
    if size > packed.len().saturating_mul(MOST_EXPANSION) || u32::try_from(size).is_err() {
        return Err(format!("says that its {} bytes expand to {size}, which they cannot", packed.len()));
    }
    if !align.is_power_of_two() {
        return Err(format!("expands to alignment {align}, not a power of two"));
    }
    let data = unpack(packed, size).map_err(|error| format!("cannot be expanded: {error}"))?;
    if data.len() != size {
        return Err(format!("expands to {} bytes, not {size}", data.len()));
    }
    if is_gnu {
        section.name = plain_name(section.name);
    }
    (section.size, section.align) = (size as u32, align);
    section.flags = elf::SectionFlags(section.flags.0 & !elf::SHF_COMPRESSED.0);
    section.data = data.into();
    Ok(())
}

/// At most `size` bytes.
fn unpack_zlib(packed: &[u8], size: usize) -> Result<Vec<u8>, String> {
    inflate::decompress_to_vec_zlib_with_limit(packed, size).map_err(|error| error.to_string())
}

/// At most `size` bytes.
fn unpack_zstd(packed: &[u8], size: usize) -> Result<Vec<u8>, String> {
    let mut data = vec![0; size];
    let length = FrameDecoder::new().decode_all(packed, &mut data).map_err(|error| error.to_string())?;
    data.truncate(length);
    Ok(data)
}

/// The debug sections that compilers make.
const NAMES: &[&[u8]] = &[
    b".debug_abbrev",
    b".debug_addr",
    b".debug_aranges",
    b".debug_frame",
    b".debug_gdb_scripts",
    b".debug_gnu_pubnames",
    b".debug_gnu_pubtypes",
    b".debug_info",
    b".debug_line",
    b".debug_line_str",
    b".debug_loc",
    b".debug_loclists",
    b".debug_macinfo",
    b".debug_macro",
    b".debug_names",
    b".debug_pubnames",
    b".debug_pubtypes",
    b".debug_ranges",
    b".debug_rnglists",
    b".debug_str",
    b".debug_str_offsets",
    b".debug_sup",
    b".debug_types",
];

/// `.zdebug_info` → `.debug_info`; a name that nobody knows stays.
fn plain_name(name: &[u8]) -> &[u8] {
    NAMES.iter().find(|plain| name[2..] == plain[1..]).copied().unwrap_or(name)
}

/// A debug section as `--compress-debug-sections` writes it: name, flags, bytes, alignment; none where that would not make it smaller.
#[must_use]
pub fn shrink(how: Compress, name: &[u8], flags: elf::SectionFlags, align: u32, bytes: &[u8]) -> Option<(Vec<u8>, elf::SectionFlags, Vec<u8>, u32)> {
    if how == Compress::No || flags & elf::SHF_ALLOC == elf::SHF_ALLOC || !text(name).starts_with(".debug_") {
        return None;
    }
    let packed = deflate::compress_to_vec_zlib(bytes, LEVEL);
    let (name, flags, mut out, align) = match how {
        Compress::Gnu => (format!(".z{}", &text(name)[1..]).into_bytes(), flags, [GNU_MAGIC, &(bytes.len() as u64).to_be_bytes()].concat(), align),
        Compress::Zlib | Compress::No => {
            let header = CompressionHeader32 { ch_type: U32::new(LE, elf::ELFCOMPRESS_ZLIB), ch_size: U32::new(LE, bytes.len() as u32), ch_addralign: U32::new(LE, align) };
            (name.to_vec(), flags | elf::SHF_COMPRESSED, bytes_of(&header).to_vec(), 4)
        }
    };
    out.extend(packed);
    (out.len() < bytes.len()).then_some((name, flags, out, align))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    fn section<'a>(name: &'a [u8], flags: elf::SectionFlags, data: &'a [u8], align: u32) -> Section<'a> {
        Section { name, kind: elf::SHT_PROGBITS, flags, align, entsize: 0, size: data.len() as u32, data: data.into(), relas: Cow::Borrowed(&[]), link: 0, info: 0 }
    }

    #[test]
    fn what_is_shrunk_expands_to_the_same() {
        let bytes: Vec<u8> = (0..2000u32).map(|i| (i / 100) as u8).collect();
        for how in [Compress::Zlib, Compress::Gnu] {
            let (name, flags, packed, align) = shrink(how, b".debug_info", elf::SectionFlags(0), 8, &bytes).unwrap();
            assert!(packed.len() < 200);
            let mut section = section(&name, flags, &packed, align);
            expand(&mut section, &mut 1000).unwrap();
            assert_eq!((section.name, &section.data[..], section.align, section.flags.0), (&b".debug_info"[..], &bytes[..], 8, 0), "{how:?}");
        }
        assert!(shrink(Compress::Zlib, b".debug_info", elf::SectionFlags(0), 1, b"short").is_none());
        assert!(shrink(Compress::Zlib, b".text", elf::SectionFlags(0), 1, &bytes).is_none());
    }

    /// Each hundred of the 2000 bytes the number of the hundred, as the program `zstd -19 --no-check` packs them.
    const ZSTD: [u8; 48] = [
        0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68, 0x3d, 0x01, 0x00, 0xa0, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x54,
        0x01, 0x00, 0x2a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
    ];

    #[test]
    fn zstd_is_read() {
        let packed = |size: u32, stream: &[u8]| {
            let header = CompressionHeader32::<LE> { ch_type: U32::new(LE, elf::ELFCOMPRESS_ZSTD), ch_size: U32::new(LE, size), ch_addralign: U32::new(LE, 4) };
            [bytes_of(&header), stream].concat()
        };
        let expanded = |bytes: &[u8]| {
            let mut section = section(b".debug_info", elf::SHF_COMPRESSED, bytes, 4);
            expand(&mut section, &mut 1000).map(|()| section.data.to_vec())
        };
        assert_eq!(expanded(&packed(2000, &ZSTD)), Ok((0..2000u32).map(|i| (i / 100) as u8).collect()));
        assert!(expanded(&packed(1999, &ZSTD)).is_err_and(|error| error.contains("cannot be expanded")));
        assert!(expanded(&packed(2001, &ZSTD)).is_err_and(|error| error.contains("2000 bytes, not 2001")));
        assert!(expanded(&packed(0x1000_0000, &ZSTD)).is_err_and(|error| error.contains("which they cannot")));
        // No damage is more than an error.
        for at in 0..ZSTD.len() {
            for bit in 0..8 {
                let mut damaged = ZSTD;
                damaged[at] ^= 1 << bit;
                let _ = expanded(&packed(2000, &damaged));
            }
            assert!(expanded(&packed(2000, &ZSTD[..at])).is_err());
        }
    }

    #[test]
    fn damage_is_told() {
        let (name, flags, packed, align) = shrink(Compress::Zlib, b".debug_info", elf::SectionFlags(0), 1, &[7; 5000]).unwrap();
        let refused = |change: &dyn Fn(&mut Vec<u8>), budget: usize| {
            let mut packed = packed.clone();
            change(&mut packed);
            expand(&mut section(&name, flags, &packed, align), &mut budget.clone()).unwrap_err()
        };
        assert!(refused(&|bytes| bytes.truncate(5), 1000).contains("cut short"));
        assert!(refused(&|bytes| bytes[0] = 3, 1000).contains("the unknown way 3"));
        // zlib's bytes are none of zstd's.
        assert!(refused(&|bytes| bytes[0] = 2, 1000).contains("cannot be expanded"));
        assert!(refused(&|bytes| bytes[7] = 0x40, 1000).contains("cannot"));
        assert!(refused(&|bytes| bytes[4] ^= 1, 1000).contains("bytes"));
        assert!(refused(&|bytes| bytes[20] ^= 0xff, 1000).contains("expand"));
        assert!(refused(&|_| {}, 3).contains("overlaps"));
    }
}
