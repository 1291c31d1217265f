//! Places in the source, with the way that led there through macros and includes.

use diag::{FileId, Span};

/// A place, 16 bytes: a span of a real file and the expansion in which it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Where {
    /// The span; within a macro this is text of the macro's definition.
    pub span: Span,
    /// Number of the expansion + 1; 0 outside macros and includes.
    pub expansion: u32,
}

/// Why other text is read at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A macro, by index in the list of macros.
    Macro(u32),
    /// `.rept`, `.irp` or `.irpc`.
    Repetition,
    /// `.include`.
    Include,
}

/// One step of the way: what was read, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Expansion {
    /// What it is.
    pub reason: Reason,
    /// The statement that asked for it.
    pub from: Where,
}

/// Where the bytes of an expanded text come from, line by line.
#[derive(Clone, Copy, Debug)]
pub struct LineOrigin {
    /// Byte of the expanded text at which the line begins.
    pub at: u32,
    /// The line in a real file.
    pub span: Span,
    /// Blanks at its beginning.
    pub indent: u32,
    /// Whether the text is that of the file byte for byte, so that columns carry over.
    pub exact: bool,
}

/// Maps positions of the text being read to real files.
#[derive(Clone, Copy)]
pub enum Map<'a> {
    /// The text is this file.
    File(FileId),
    /// The text came out of a macro.
    Lines(&'a [LineOrigin]),
}

impl Map<'_> {
    /// The span in a real file of bytes `start..end` of the text.
    pub fn span(&self, start: usize, end: usize) -> Span {
        match self {
            Map::File(file) => Span::new(*file, start, end),
            Map::Lines(lines) => {
                let i = lines.partition_point(|l| l.at as usize <= start).saturating_sub(1);
                let Some(line) = lines.get(i) else { return Span::new(lines[0].span.file, 0, 0) };
                if line.exact {
                    let base = line.span.start as usize;
                    let limit = line.span.end as usize;
                    let from = (base + start - line.at as usize).min(limit);
                    Span::new(line.span.file, from, (base + end - line.at as usize).min(limit).max(from))
                } else {
                    Span { start: (line.span.start + line.indent).min(line.span.end), ..line.span }
                }
            }
        }
    }

    /// Whether columns at `start` are those of a real file.
    pub fn is_exact(&self, start: usize) -> bool {
        match self {
            Map::File(_) => true,
            Map::Lines(lines) => {
                let i = lines.partition_point(|l| l.at as usize <= start).saturating_sub(1);
                lines.get(i).is_some_and(|l| l.exact)
            }
        }
    }
}
