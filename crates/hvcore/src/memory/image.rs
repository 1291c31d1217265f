//! Images: what guests are started from. Read once, shared by all guests started from it, trusted in nothing.

use crate::addr::GuestPhys;
use crate::memory::host::Page;
use guest_abi::PAGE_SIZE;
use guest_abi::memory_map::RAM;
use std::fmt;
use std::sync::Arc;

/// A loadable segment: `file_bytes` bytes of the image at `gpa`, then zeroes up to `memory_bytes`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// What messages call it, such as `.text` or `segment 0`.
    pub name: String,
    /// Where it is loaded.
    pub gpa: GuestPhys,
    /// Where its bytes begin in the image.
    pub file_offset: u64,
    /// How many of its bytes come from the image.
    pub file_bytes: u32,
    /// How many bytes it takes in memory, zeroes included.
    pub memory_bytes: u32,
}

impl Segment {
    /// The first address after it.
    #[must_use]
    pub fn end(&self) -> u64 {
        u64::from(self.gpa.0) + u64::from(self.memory_bytes)
    }
}

/// Why an image is refused. Each names the segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ImageError {
    /// No segment takes any memory.
    Empty,
    /// The segment lies (in part) below RAM or beyond the most RAM that a guest can have.
    OutsideRam(Segment),
    /// More bytes come from the image than the segment has in memory.
    LargerThanMemory(Segment),
    /// The image ends before the segment's bytes do.
    Truncated {
        /// The segment.
        segment: Segment,
        /// How many bytes the image has.
        image_bytes: u64,
    },
    /// Two segments claim the same memory.
    Overlap(Segment, Segment),
    /// The entry is odd or in no segment.
    Entry(GuestPhys),
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImageError::Empty => write!(f, "the image has nothing to load"),
            ImageError::OutsideRam(s) => {
                let last = GuestPhys(RAM.base + (RAM.size - 1));
                write!(f, "{} ({} bytes at {}) lies outside RAM, which is {} to {last} at most", s.name, s.memory_bytes, s.gpa, GuestPhys(RAM.base))
            }
            ImageError::LargerThanMemory(s) => {
                write!(f, "{} has {} bytes in the image but only {} in memory", s.name, s.file_bytes, s.memory_bytes)
            }
            ImageError::Truncated { segment: s, image_bytes } => {
                write!(f, "{} needs bytes {}..{} of an image of {image_bytes} bytes", s.name, s.file_offset, s.file_offset.saturating_add(u64::from(s.file_bytes)))
            }
            ImageError::Overlap(a, b) => {
                write!(f, "{} ({}..{:#010x}) and {} ({}..{:#010x}) overlap", a.name, a.gpa, a.end(), b.name, b.gpa, b.end())
            }
            ImageError::Entry(entry) if entry.0 & 1 == 1 => write!(f, "the entry {entry} is odd"),
            ImageError::Entry(entry) => write!(f, "the entry {entry} lies in no segment"),
        }
    }
}

impl std::error::Error for ImageError {}

/// A validated image.
#[derive(Debug)]
pub struct Image {
    bytes: Arc<[u8]>,
    entry: GuestPhys,
    segments: Vec<Segment>,
    min_ram: u32,
    hash: [u8; 32],
}

impl Image {
    /// Checks and takes an image. `min_ram` is what the image's note asks for, in bytes (0: nothing beyond the
    /// segments). Segments that take no memory are dropped; they may come in any order.
    pub fn new(bytes: Arc<[u8]>, entry: GuestPhys, segments: Vec<Segment>, min_ram: u32) -> Result<Image, ImageError> {
        let mut segments = segments;
        for segment in &mut segments {
            if segment.file_bytes > segment.memory_bytes {
                return Err(ImageError::LargerThanMemory(segment.clone()));
            }
            if segment.file_bytes == 0 {
                segment.file_offset = 0; // linkers give such segments offsets past the end of the file
            }
        }
        segments.retain(|segment| segment.memory_bytes != 0);
        segments.sort_by_key(|segment| segment.gpa);
        if segments.is_empty() {
            return Err(ImageError::Empty);
        }
        let image_bytes = bytes.len() as u64;
        for segment in &segments {
            if segment.gpa.0 < RAM.base || segment.end() > u64::from(RAM.base) + u64::from(RAM.size) {
                return Err(ImageError::OutsideRam(segment.clone()));
            }
            let end = segment.file_offset.checked_add(u64::from(segment.file_bytes));
            if end.is_none_or(|end| end > image_bytes) {
                return Err(ImageError::Truncated { segment: segment.clone(), image_bytes });
            }
        }
        for pair in segments.windows(2) {
            if pair[0].end() > u64::from(pair[1].gpa.0) {
                return Err(ImageError::Overlap(pair[0].clone(), pair[1].clone()));
            }
        }
        let holds_entry = |s: &Segment| entry >= s.gpa && u64::from(entry.0) < s.end();
        if entry.0 & 1 == 1 || !segments.iter().any(holds_entry) {
            return Err(ImageError::Entry(entry));
        }
        let hash = *blake3::hash(&bytes).as_bytes();
        Ok(Image { bytes, entry, segments, min_ram, hash })
    }

    /// Where execution begins.
    #[must_use]
    pub fn entry(&self) -> GuestPhys {
        self.entry
    }

    /// The segments, in the order of their addresses; none is empty, none overlap.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The least RAM that the image asks for, in bytes: the note's figure or the highest segment's end, whichever is more.
    #[must_use]
    pub fn min_ram(&self) -> u32 {
        self.min_ram.max((self.end() - u64::from(RAM.base)) as u32)
    }

    /// The first address after the highest segment.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.segments.last().map_or(u64::from(RAM.base), Segment::end)
    }

    /// BLAKE3 of the image's bytes.
    #[must_use]
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Copies what the image has in the page at `gpa` (page-aligned) over `page`; tells whether there was anything.
    pub(crate) fn read_page(&self, gpa: GuestPhys, page: &mut Page) -> bool {
        let first = self.segments.partition_point(|s| s.end() <= u64::from(gpa.0));
        let mut found = false;
        for segment in &self.segments[first..] {
            if u64::from(segment.gpa.0) >= u64::from(gpa.0) + u64::from(PAGE_SIZE) {
                break;
            }
            let bytes = &self.bytes[segment.file_offset as usize..][..segment.file_bytes as usize];
            found |= overlay(bytes, segment.gpa, gpa, page);
        }
        found
    }

    /// Whether the image has anything in page number `page` (from the base of RAM).
    pub(crate) fn has_page(&self, page: u32) -> bool {
        let gpa = u64::from(RAM.base) + u64::from(page) * u64::from(PAGE_SIZE);
        let first = self.segments.partition_point(|s| s.end() <= gpa);
        let in_page = self.segments[first..].iter().take_while(|s| u64::from(s.gpa.0) < gpa + u64::from(PAGE_SIZE));
        in_page.into_iter().any(|s| u64::from(s.gpa.0) + u64::from(s.file_bytes) > gpa && s.file_bytes != 0)
    }

    /// Page numbers (from the base of RAM) whose contents come from the image, in order, each once.
    pub(crate) fn pages(&self) -> impl Iterator<Item = u32> + '_ {
        let mut next = 0;
        self.segments.iter().filter(|s| s.file_bytes != 0).flat_map(move |s| {
            let start = (s.gpa.0 - RAM.base) / PAGE_SIZE;
            let end = (s.gpa.0 - RAM.base + (s.file_bytes - 1)) / PAGE_SIZE + 1;
            let range = start.max(next)..end;
            next = next.max(end);
            range
        })
    }
}

/// Copies the part of `bytes`, loaded at `at`, that falls into the page at `gpa`; tells whether there was any.
pub(crate) fn overlay(bytes: &[u8], at: GuestPhys, gpa: GuestPhys, page: &mut Page) -> bool {
    let (from, to) = (u64::from(at.0), u64::from(at.0) + bytes.len() as u64);
    let (page_from, page_to) = (u64::from(gpa.0), u64::from(gpa.0) + u64::from(PAGE_SIZE));
    let (start, end) = (from.max(page_from), to.min(page_to));
    if start >= end {
        return false;
    }
    page[(start - page_from) as usize..(end - page_from) as usize].copy_from_slice(&bytes[(start - from) as usize..(end - from) as usize]);
    true
}
