//! The note in a loadable image (platform page, "Images"): section `.note.hvk`, `SHT_NOTE`, not
//! allocated, in a `PT_NOTE`, outside every `PT_LOAD`.

/// Name of the section that holds the note.
pub const NOTE_SECTION: &str = ".note.hvk";
/// The note's owner, with its NUL.
pub const NOTE_NAME: &[u8; 4] = b"HVK\0";
/// The note's type.
pub const NOTE_TYPE: u32 = 1;
/// Version of the description that is written and understood.
pub const NOTE_VERSION: u32 = 1;
/// Flag: the image makes `HVK` calls. All other bits are refused.
pub const FLAG_USES_HVK: u32 = 1;
/// An absolute symbol that an object defines to say that it makes `HVK` calls; a linker that finds
/// it among the symbols of a linked object sets [`FLAG_USES_HVK`]. `abi.s` does not define it,
/// the wrappers of the guest library do.
pub const USES_HVK_SYMBOL: &str = "__hvk_uses_calls";

/// The note's description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// The least RAM that the image needs, in bytes: the highest end of a segment, the reserved
    /// stack included, less the base of RAM.
    pub min_ram: u32,
    /// Flag bits.
    pub flags: u32,
}

/// Why a note is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteError {
    /// The description has another length than version 1's 12 bytes.
    Length(usize),
    /// A version that this program does not know.
    Version(u32),
    /// Flag bits that this program does not know.
    Flags(u32),
}

impl std::fmt::Display for NoteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoteError::Length(length) => write!(f, "the HVK note's description has {length} bytes, not 12"),
            NoteError::Version(version) => write!(f, "the HVK note has version {version}; this program knows version {NOTE_VERSION}"),
            NoteError::Flags(flags) => write!(f, "the HVK note has unknown flag bits {flags:#x}"),
        }
    }
}

impl Note {
    /// The whole note as it stands in its section: header, name, description; 28 bytes.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(28);
        for word in [NOTE_NAME.len() as u32, 12, NOTE_TYPE] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(NOTE_NAME);
        for word in [NOTE_VERSION, self.min_ram, self.flags] {
            bytes.extend(word.to_le_bytes());
        }
        bytes
    }

    /// Reads the description of a note whose name and type are ours.
    pub fn from_description(description: &[u8]) -> Result<Note, NoteError> {
        let word = |at: usize| Some(u32::from_le_bytes(description.get(at..at + 4)?.try_into().ok()?));
        let (Some(version), Some(min_ram), Some(flags)) = (word(0), word(4), word(8)) else {
            return Err(NoteError::Length(description.len()));
        };
        if version != NOTE_VERSION {
            return Err(NoteError::Version(version));
        }
        if description.len() != 12 {
            return Err(NoteError::Length(description.len()));
        }
        if flags & !FLAG_USES_HVK != 0 {
            return Err(NoteError::Flags(flags & !FLAG_USES_HVK));
        }
        Ok(Note { min_ram, flags })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_back_and_strange_ones_are_refused() {
        let note = Note { min_ram: 0x5000, flags: FLAG_USES_HVK };
        let bytes = note.to_bytes();
        assert_eq!(bytes.len(), 28);
        assert_eq!(Note::from_description(&bytes[16..]), Ok(note));
        assert_eq!(Note::from_description(&bytes[16..20]), Err(NoteError::Length(4)));
        let mut newer = bytes[16..].to_vec();
        newer[0] = 2;
        assert_eq!(Note::from_description(&newer), Err(NoteError::Version(2)));
        let mut flags = bytes[16..].to_vec();
        flags[8] = 3;
        assert_eq!(Note::from_description(&flags), Err(NoteError::Flags(2)));
    }
}
