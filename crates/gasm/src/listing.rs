//! The listing: address, bytes and source of each statement.

use crate::assembler::Assembler;
use crate::section::At;
use diag::Span;

/// One statement that was assembled.
struct Line {
    span: Span,
    depth: usize,
    from: At,
    to: At,
}

/// Statements in the order in which they were read.
#[derive(Default)]
pub struct Listing {
    lines: Vec<Line>,
}

/// Bytes shown of one statement.
const BYTES_SHOWN: usize = 8;

impl Listing {
    /// Adds a statement; its number, for [`end`](Listing::end).
    pub fn begin(&mut self, span: Span, depth: usize, from: At) -> usize {
        self.lines.push(Line { span, depth, from, to: from });
        self.lines.len() - 1
    }

    /// Says where a statement's output ends. One that was expanded shows no bytes itself: its lines do.
    pub fn end(&mut self, line: usize, to: At) {
        if line + 1 == self.lines.len() {
            self.lines[line].to = to;
        }
    }
}

impl Assembler<'_> {
    /// The listing as text. Bytes are those of the object before linking.
    pub fn listing_text(&self, contents: &dyn Fn(crate::section::SectionId) -> Vec<u8>) -> String {
        let Some(listing) = &self.listing else { return String::new() };
        let mut cache: Vec<Option<Vec<u8>>> = vec![None; self.sections.all.len()];
        let mut out = String::new();
        for line in &listing.lines {
            let position = self.sources.position(line.span.file, line.span.start);
            let mut text = String::from_utf8_lossy(self.sources.slice(line.span)).into_owned();
            if let Some(newline) = text.find('\n') {
                text.truncate(newline);
            }
            let same = line.from.chain == line.to.chain;
            let (from, to) = (self.sections.address(line.from), self.sections.address(line.to));
            let marks = "+".repeat(line.depth);
            if same && to > from {
                let section = self.sections.section_of(line.from);
                let bytes = cache[section.0 as usize].get_or_insert_with(|| contents(section));
                let shown = bytes.get(from as usize..to as usize).unwrap_or(&[]);
                let mut hex: String = shown.iter().take(BYTES_SHOWN).map(|b| format!("{b:02x}")).collect();
                if shown.len() > BYTES_SHOWN {
                    hex.push_str("..");
                }
                out.push_str(&format!("{:5} {from:08x} {hex:<18} {marks}{text}\n", position.line));
            } else {
                out.push_str(&format!("{:5} {:8} {:<18} {marks}{text}\n", position.line, "", ""));
            }
        }
        out
    }
}

/// The bytes of section number `n` of an object that was just written.
pub fn section_bytes(object: &[u8], n: usize) -> Vec<u8> {
    use object::read::elf::{ElfFile32, SectionHeader};
    use object::{Endianness, Object, ObjectSection};
    let Ok(file) = ElfFile32::<Endianness>::parse(object) else { return Vec::new() };
    let mut written = file.sections().filter(|s| {
        let kind = s.elf_section_header().sh_type(Endianness::Little);
        !matches!(kind, object::elf::SHT_GROUP | object::elf::SHT_RELA)
    });
    written.nth(n).and_then(|s| s.data().ok().map(<[u8]>::to_vec)).unwrap_or_default()
}
