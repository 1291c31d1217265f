//! Texts and places in them.

use std::cell::OnceCell;
use std::sync::Arc;

/// Names a text in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A range of bytes of a text. Texts above 4 GiB are not read (`host`), so 32 bits do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte; a span may be empty.
    pub end: u32,
}

impl Span {
    /// A span; an `end` before `start` is taken as `start`.
    #[must_use]
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { file, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// From the start of this span to the end of `other`, which is in the same text.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        debug_assert_eq!(self.file, other.file);
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A place as people count: line and column from 1, the column in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub column: u32,
}

struct Source {
    name: String,
    bytes: Arc<[u8]>,
    /// Offset of each line's first byte, found when a place is first asked for.
    line_starts: OnceCell<Vec<u32>>,
}

impl Source {
    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let newlines = self.bytes.iter().enumerate().filter(|&(_, &b)| b == b'\n');
            std::iter::once(0).chain(newlines.map(|(at, _)| at as u32 + 1)).collect()
        })
    }
}

/// The texts that a program read, by the order in which they were added.
#[derive(Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// No texts.
    #[must_use]
    pub fn new() -> Sources {
        Sources::default()
    }

    /// Adds a text under the name that messages give it.
    pub fn add(&mut self, name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).expect("fewer than 2^32 texts"));
        self.files.push(Source { name: name.into(), bytes: bytes.into(), line_starts: OnceCell::new() });
        id
    }

    /// The text's name.
    #[must_use]
    pub fn name(&self, file: FileId) -> &str {
        &self.files[file.0 as usize].name
    }

    /// The text.
    #[must_use]
    pub fn bytes(&self, file: FileId) -> &[u8] {
        &self.files[file.0 as usize].bytes
    }

    /// The text, shared.
    #[must_use]
    pub fn shared(&self, file: FileId) -> Arc<[u8]> {
        self.files[file.0 as usize].bytes.clone()
    }

    /// The text that was added under this name, if any.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<FileId> {
        self.files.iter().position(|source| source.name == name).map(|index| FileId(index as u32))
    }

    /// Every text, in order.
    pub fn iter(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.files.len() as u32).map(FileId)
    }

    /// Line and column of a byte; a byte past the end is the end.
    #[must_use]
    pub fn position(&self, file: FileId, offset: u32) -> Position {
        let source = &self.files[file.0 as usize];
        let offset = offset.min(source.bytes.len() as u32);
        let starts = source.line_starts();
        let line = starts.partition_point(|&start| start <= offset);
        Position { line: line as u32, column: offset - starts[line - 1] + 1 }
    }

    /// The bytes of a span; what lies past the end is left out.
    #[must_use]
    pub fn slice(&self, span: Span) -> &[u8] {
        let bytes = self.bytes(span.file);
        let end = bytes.len().min(span.end as usize);
        &bytes[end.min(span.start as usize)..end]
    }

    /// The span of a line counted from 1, without its line end.
    #[must_use]
    pub fn line_span(&self, file: FileId, line: u32) -> Option<Span> {
        let source = &self.files[file.0 as usize];
        let starts = source.line_starts();
        let start = *starts.get((line as usize).checked_sub(1)?)? as usize;
        let end = starts.get(line as usize).map_or(source.bytes.len(), |&next| next as usize - 1);
        if start == source.bytes.len() {
            return None;
        }
        let end = if end > start && source.bytes[end - 1] == b'\r' { end - 1 } else { end };
        Some(Span::new(file, start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_lines() {
        let mut sources = Sources::new();
        let file = sources.add("a.s", b"one\r\ntwo\n\nfour".to_vec());
        assert_eq!(sources.position(file, 0), Position { line: 1, column: 1 });
        assert_eq!(sources.position(file, 6), Position { line: 2, column: 2 });
        assert_eq!(sources.position(file, 9999), Position { line: 4, column: 5 });
        let line = |n| sources.line_span(file, n).map(|span| sources.slice(span).to_vec());
        assert_eq!(line(1), Some(b"one".to_vec()));
        assert_eq!(line(3), Some(b"".to_vec()));
        assert_eq!(line(4), Some(b"four".to_vec()));
        assert_eq!((line(0), line(5)), (None, None));
    }
}
