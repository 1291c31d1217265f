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
        let mut note = Vec::with_capacity(HEADER + id.len());
        for word in [4, id.len() as u32, elf::NT_GNU_BUILD_ID.0] {
            note.extend(word.to_le_bytes());
        }
        note.extend(b"GNU\0");
        note.extend(id);
        Ok(BuildId { style, note })
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

/// Adds the note's section, if a note is asked for.
pub fn declare<'a>(resolved: &mut Resolved<'a>, options: &'a Options) -> Option<SectionId> {
    let note = &options.build_id.as_ref()?.note;
    let id = add_section(resolved, b".note.gnu.build-id", elf::SHT_NOTE, elf::SHF_ALLOC, 4);
    let section = &mut resolved.sections[id.0 as usize].section;
    (section.size, section.data) = (note.len() as u32, note.as_slice().into());
    Some(id)
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
        let id = BuildId::parse("sha1").unwrap();
        let (mut one, mut two) = (vec![0; 64], vec![0; 64]);
        two[0] = 1;
        id.stamp(&mut one, 4);
        id.stamp(&mut two, 4);
        assert_ne!(one[20..40], two[20..40]);
        assert_eq!(one[40..], [0; 24]);
    }
}
