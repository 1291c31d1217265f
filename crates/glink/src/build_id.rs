//! `--build-id`: a note in the image that tells it from others, as debuggers look for it: type `NT_GNU_BUILD_ID` of `GNU`.

use crate::options::Options;
use crate::resolve::{Resolved, SectionId};
use crate::synthetic::add_section;
use md5::Md5;
use object::elf;
use sha1::{Digest, Sha1};
use std::hash::{BuildHasher, Hasher, RandomState};

/// Where the identification stands in the note: behind three sizes and the owner's name.
const HEADER: usize = 16;
/// Bytes of the longest identification that the command line may give.
const LONGEST: usize = 64;

/// What identifies an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// The hash of the file.
    Sha1,
    /// The hash of the file.
    Md5,
    /// Random: another with each link.
    Uuid,
    /// What the command line says.
    Given,
}

/// The note that `--build-id` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildId {
    style: Style,
    /// The note; what is not known yet is zero.
    note: Vec<u8>,
}

impl BuildId {
    /// Reads the style: `sha1`, `md5`, `uuid`, or `0x` and the bytes.
    pub fn parse(style: &str) -> Result<BuildId, String> {
        let (style, id) = match style {
            "sha1" | "tree" => (Style::Sha1, vec![0; 20]),
            "md5" => (Style::Md5, vec![0; 16]),
            "uuid" => (Style::Uuid, vec![0; 16]),
            _ => match style.strip_prefix("0x").or(style.strip_prefix("0X")).and_then(bytes) {
                Some(id) => (Style::Given, id),
                None => return Err(format!("--build-id takes sha1, md5, uuid, none, or 0x and up to {LONGEST} bytes in hexadecimal digits, not `{style}`")),
            },
        };
        Ok(BuildId { style, note: note(b"GNU\0", elf::NT_GNU_BUILD_ID.0, &id) })
    }

    /// Writes the identification of a finished file into its note, which begins at this offset.
    pub fn stamp(&self, file: &mut [u8], note: usize) {
        let id: Vec<u8> = match self.style {
            Style::Sha1 => Sha1::digest(&*file).to_vec(),
            Style::Md5 => Md5::digest(&*file).to_vec(),
            Style::Uuid => uuid().to_vec(),
            Style::Given => return,
        };
        if let Some(out) = file.get_mut(note + HEADER..).and_then(|rest| rest.get_mut(..id.len())) {
            out.copy_from_slice(&id);
        }
    }
}

/// A note: its owner, its type, and what it says.
fn note(owner: &[u8; 4], kind: u32, says: &[u8]) -> Vec<u8> {
    let mut note = Vec::with_capacity(HEADER + says.len());
    for word in [owner.len() as u32, says.len() as u32, kind] {
        note.extend(word.to_le_bytes());
    }
    note.extend(owner);
    note.extend(says);
    note
}

/// The note of `--package-metadata`, as systemd and GNU ld have it: type 0xcafe1a7e of `FDO`, a text that NUL ends, in whole words.
#[must_use]
pub fn package_note(text: &str) -> Vec<u8> {
    let mut says = text.as_bytes().to_vec();
    says.resize((says.len() + 1).next_multiple_of(4), 0);
    note(b"FDO\0", 0xcafe_1a7e, &says)
}

/// Pairs of digits, with `-` and `:` between them as people write them.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b"-:".contains(b)).collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let is_sound = rest.is_empty() && !pairs.is_empty() && pairs.len() <= LONGEST && digits.iter().all(u8::is_ascii_hexdigit);
    if is_sound { pairs.iter().map(byte).collect() } else { None }
}

/// A random UUID (RFC 9562, version 4).
fn uuid() -> [u8; 16] {
    // Each state has keys of its own from the system's source of random numbers.
    let word = || RandomState::new().build_hasher().finish().to_le_bytes();
    let mut id = [0; 16];
    id[..8].copy_from_slice(&word());
    id[8..].copy_from_slice(&word());
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    id
}

/// Adds the sections of the notes that are asked for; gives that of `--build-id`.
pub fn declare<'a>(resolved: &mut Resolved<'a>, options: &'a Options) -> Option<SectionId> {
    if let Some(note) = &options.package_note {
        add_note(resolved, b".note.package", note);
    }
    Some(add_note(resolved, b".note.gnu.build-id", &options.build_id.as_ref()?.note))
}

fn add_note<'a>(resolved: &mut Resolved<'a>, name: &'static [u8], note: &'a [u8]) -> SectionId {
    let id = add_section(resolved, name, elf::SHT_NOTE, elf::SHF_ALLOC, 4);
    let section = &mut resolved.sections[id.0 as usize].section;
    (section.size, section.data) = (note.len() as u32, note.into());
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles() {
        assert_eq!(BuildId::parse("0x12-ab:CD").unwrap().note[HEADER..], [0x12, 0xab, 0xcd]);
        for wrong in ["0x", "0x1", "0xgg", "crc", "0x+1"] {
            assert!(BuildId::parse(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
        assert_eq!(package_note("{}!!"), *b"\x04\0\0\0\x08\0\0\0\x7e\x1a\xfe\xcaFDO\0{}!!\0\0\0\0");
        let id = BuildId::parse("sha1").unwrap();
        let (mut one, mut two) = (vec![0; 64], vec![0; 64]);
        two[0] = 1;
        id.stamp(&mut one, 4);
        id.stamp(&mut two, 4);
        assert_ne!(one[20..40], two[20..40]);
        assert_eq!(one[40..], [0; 24]);
    }
}
