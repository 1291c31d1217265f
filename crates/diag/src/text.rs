//! Diagnostics as text, drawn by ariadne.
//!
//! ariadne wants whole texts in UTF-8; sources are bytes, may be huge, and may have a line of a
//! gigabyte. So it is given a stand-in for each file: the lines that labels touch, made printable and cut
//! around the labels where they are long, and empty lines for all others.

use crate::source::{FileId, Sources, Span};
use crate::{Diagnostic, Label, Severity};
use ariadne::{Color, Config, IndexType, Report, ReportKind, Source};
use std::collections::BTreeMap;
use std::ops::Range;

/// Bytes shown of a long line before and after a label.
const LINE_CONTEXT: usize = 160;
/// The most lines of a label that are shown.
const MOST_LINES: u32 = 40;

/// The diagnostics as text for people, with colours if wanted. Ends with a newline unless empty.
#[must_use]
pub fn render_text(sources: &Sources, diagnostics: &[Diagnostic], colour: bool) -> String {
    let mut spans: BTreeMap<FileId, Vec<Span>> = BTreeMap::new();
    for label in diagnostics.iter().flat_map(|d| d.primary.iter().chain(&d.related)) {
        spans.entry(label.span.file).or_default().push(label.span);
    }
    let mut drawings = Drawings(spans.into_iter().map(|(file, spans)| (file, draw(sources, file, spans))).collect());
    let mut out = Vec::new();
    for diagnostic in diagnostics {
        // Writing into a vector cannot fail, and a label that ariadne cannot place is left out by it.
        let _ = render_one(sources, diagnostic, &mut drawings, colour, &mut out);
    }
    let text = String::from_utf8_lossy(&out).into_owned();
    if colour { text } else { without_escapes(&text) }
}

fn render_one(sources: &Sources, diagnostic: &Diagnostic, drawings: &mut Drawings, colour: bool, out: &mut Vec<u8>) -> std::io::Result<()> {
    let paint = match diagnostic.severity {
        Severity::Error => Color::Red,
        Severity::Warning => Color::Yellow,
        Severity::Note => Color::Cyan,
    };
    let kind = format!("{}[{}]", diagnostic.severity.name(), diagnostic.code.id);
    let Some(primary) = &diagnostic.primary else {
        return render_plain(sources, diagnostic, &kind, paint, out);
    };
    let config = Config::default().with_color(colour).with_index_type(IndexType::Char).with_tab_width(8);
    let mut report = Report::build(ReportKind::Custom(&kind, paint), drawings.place(primary.span))
        .with_config(config)
        .with_message(&diagnostic.message);
    // In the order of the text, the primary label's file first: a step back would begin a new frame.
    let mut labels: Vec<&Label> = std::iter::once(primary).chain(&diagnostic.related).collect();
    labels.sort_by_key(|label| (label.span.file != primary.span.file, label.span.file, label.span.start));
    for label in labels {
        let colour = if std::ptr::eq(label, primary) { paint } else { Color::Blue };
        let mut drawn = ariadne::Label::new(drawings.place(label.span)).with_color(colour);
        if !label.text.is_empty() {
            drawn = drawn.with_message(&label.text);
        }
        report = report.with_label(drawn);
    }
    report.with_notes(diagnostic.backtrace.iter().map(|frame| frame_line(sources, frame)));
    report.with_notes(&diagnostic.notes);
    report.with_helps(&diagnostic.helps);
    report.finish().write(drawings, out)
}

/// The text without colours. The first line of a report is coloured by ariadne in any case.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain + rest
}

/// A diagnostic without a place: the message, then notes and helps, indented.
fn render_plain(sources: &Sources, diagnostic: &Diagnostic, kind: &str, paint: Color, out: &mut Vec<u8>) -> std::io::Result<()> {
    use ariadne::Fmt;
    use std::io::Write;
    writeln!(out, "{}: {}", kind.fg(paint), diagnostic.message)?;
    let frames = diagnostic.backtrace.iter().map(|frame| ("note", frame_line(sources, frame)));
    let notes = diagnostic.notes.iter().map(|text| ("note", text.clone()));
    let helps = diagnostic.helps.iter().map(|text| ("help", text.clone()));
    for (word, text) in frames.chain(notes).chain(helps) {
        for (number, line) in text.lines().enumerate() {
            if number == 0 {
                writeln!(out, "  {word}: {line}")?;
            } else {
                writeln!(out, "        {line}")?;
            }
        }
    }
    Ok(())
}

fn frame_line(sources: &Sources, frame: &Label) -> String {
    let at = sources.position(frame.span.file, frame.span.start);
    let line = sources.line_span(frame.span.file, at.line).map_or_else(String::new, |span| printable(sources.slice(span)).trim().to_string());
    let line = if line.chars().count() > 100 { line.chars().take(100).chain("…".chars()).collect() } else { line };
    format!("{} at {}:{}: `{line}`", frame.text, sources.name(frame.span.file), at.line)
}

/// A file's stand-in, with the byte offsets that its characters came from.
struct Drawn {
    name: String,
    source: Source,
    /// For each character of the stand-in the offset in the file of its first byte, and one more for the end.
    offsets: Vec<u32>,
}

fn draw(sources: &Sources, file: FileId, spans: Vec<Span>) -> Drawn {
    let mut lines: BTreeMap<u32, Vec<Span>> = BTreeMap::new();
    for &span in &spans {
        let first = sources.position(file, span.start).line;
        let last = sources.position(file, span.end.max(span.start + 1) - 1).line;
        for line in first..=last.min(first + MOST_LINES) {
            lines.entry(line).or_default().push(span);
        }
    }
    let bytes = sources.bytes(file);
    let mut text = String::new();
    let mut offsets = Vec::new();
    let mut line_start = 0;
    let last = lines.keys().next_back().copied().unwrap_or(0);
    for number in 1..=last {
        let line_end = bytes[line_start..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |length| line_start + length);
        if let Some(spans) = lines.get(&number) {
            push_line(bytes, line_start..line_end, spans, &mut text, &mut offsets);
        }
        offsets.push(line_end as u32);
        text.push('\n');
        line_start = (line_end + 1).min(bytes.len());
    }
    offsets.push(u32::MAX);
    Drawn { name: printable(sources.name(file).as_bytes()), source: Source::from(text), offsets }
}

/// Adds one line, printable; of a long one only what is near a label or at its start.
fn push_line(bytes: &[u8], line: Range<usize>, spans: &[Span], text: &mut String, offsets: &mut Vec<u32>) {
    let long = line.len() > 4 * LINE_CONTEXT;
    let shown = |at: usize| {
        !long
            || spans.iter().any(|span| {
                let near = |place: u32| at + LINE_CONTEXT >= place as usize && at <= place as usize + LINE_CONTEXT;
                near(span.start) || near(span.end)
            })
    };
    let mut at = line.start;
    let mut cut = false;
    while at < line.end {
        if !shown(at) {
            if !cut {
                text.push('…');
                offsets.push(at as u32);
                cut = true;
            }
            // Jump to where the next label's surroundings begin.
            let next = spans.iter().flat_map(|s| [s.start as usize, s.end as usize]).map(|p| p.saturating_sub(LINE_CONTEXT)).filter(|&p| p > at).min();
            at = next.unwrap_or(line.end).min(line.end);
            continue;
        }
        cut = false;
        let (character, length) = next_char(&bytes[at..line.end]);
        text.push(character);
        offsets.push(at as u32);
        at += length;
    }
}

/// The next character and how many bytes it takes; what cannot be shown becomes U+FFFD.
fn next_char(bytes: &[u8]) -> (char, usize) {
    let head = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or(""),
    };
    match valid.chars().next() {
        Some('\t') => ('\t', 1),
        Some('\r') if bytes.len() == 1 => (' ', 1),
        Some(c) if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => (char::REPLACEMENT_CHARACTER, c.len_utf8()),
        Some(c) => (c, c.len_utf8()),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

/// Bytes as one printable line.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (character, length) = next_char(&bytes[at..]);
        text.push(character);
        at += length;
    }
    text
}

struct Drawings(BTreeMap<FileId, Drawn>);

impl Drawings {
    /// The span in characters of the file's stand-in.
    fn place(&self, span: Span) -> (FileId, Range<usize>) {
        let offsets = self.0.get(&span.file).map_or(&[][..], |drawn| &drawn.offsets);
        let last = offsets.len().saturating_sub(1);
        let start = offsets.partition_point(|&offset| offset < span.start).min(last);
        let end = offsets.partition_point(|&offset| offset < span.end).min(last);
        (span.file, start..end.max(start))
    }
}

impl ariadne::Cache<FileId> for &mut Drawings {
    type Storage = String;

    fn fetch(&mut self, id: &FileId) -> Result<&Source, impl std::fmt::Debug> {
        self.0.get(id).map(|drawn| &drawn.source).ok_or("no such file")
    }

    fn display<'a>(&self, id: &'a FileId) -> Option<impl std::fmt::Display + 'a> {
        self.0.get(id).map(|drawn| drawn.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes;

    fn sources(text: &[u8]) -> (Sources, FileId) {
        let mut sources = Sources::new();
        let file = sources.add("a.s", text.to_vec());
        (sources, file)
    }

    #[test]
    fn points_at_bytes_in_any_text() {
        // Latin-1 and NUL bytes before the place must not move the caret.
        let text = b"# \xe9\xe9 \0\n\taddi a0, a0, 2048 # \xc3\xa9\n";
        let (sources, file) = sources(text);
        let at = text.windows(4).position(|w| w == b"2048").unwrap();
        let diagnostic = Diagnostic::new(&codes::E0102, "2048 does not fit in 12 signed bits")
            .at(Span::new(file, at, at + 4), "addi takes -2048..=2047")
            .help("load it first: li t0, 2048");
        let shown = render_text(&sources, &[diagnostic], false);
        assert!(shown.starts_with("error[E0102]: 2048 does not fit in 12 signed bits\n"), "{shown}");
        assert!(shown.contains("a.s:2:15"), "{shown}");
        let lines: Vec<&str> = shown.lines().collect();
        let source_line = lines.iter().position(|l| l.contains("addi a0")).unwrap();
        let column = |line: &str, what: &str| line[..line.find(what).unwrap()].chars().count();
        assert_eq!(column(lines[source_line], "2048"), column(lines[source_line + 1], "─"), "{shown}");
        assert!(shown.contains("load it first"));
    }

    #[test]
    fn long_lines_and_far_places_are_cut() {
        let mut text = vec![b' '; 100_000];
        text[50_000] = b'x';
        text.extend(b"\n".repeat(1000));
        text.extend(b"there\n");
        let (sources, file) = sources(&text);
        let diagnostic = Diagnostic::new(&codes::E0102, "far")
            .at(Span::new(file, 50_000, 50_001), "here")
            .also(Span::new(file, 101_000, 101_005), "first defined here");
        let shown = render_text(&sources, &[diagnostic], false);
        assert!(shown.len() < 4000, "{} bytes", shown.len());
        assert!(shown.contains("there") && shown.contains("1001") && shown.contains('x'), "{shown}");
    }

    #[test]
    fn labels_of_one_file_stand_in_one_frame() {
        let (sources, file) = sources(b"a: nop\nnop\nnop\nnop\na: nop\n");
        let diagnostic = Diagnostic::new(&codes::E0301, "twice").at(Span::new(file, 19, 20), "again").also(Span::new(file, 0, 1), "first");
        let shown = render_text(&sources, &[diagnostic], false);
        assert_eq!(shown.matches("a.s:").count(), 1, "{shown}");
        assert!(shown.find("first") < shown.find("again"), "{shown}");
    }

    #[test]
    fn no_place_and_past_the_end() {
        let (sources, file) = sources(b"nop");
        let plain = Diagnostic::new(&codes::E0102, "no place").note("two\nlines").help("try");
        let shown = render_text(&sources, &[plain], false);
        assert_eq!(shown, "error[E0102]: no place\n  note: two\n        lines\n  help: try\n");
        let past = Diagnostic::new(&codes::E0102, "unterminated").at(Span::new(file, 3, 3), "the file ends here");
        assert!(render_text(&sources, &[past], false).contains("the file ends here"));
        let empty = Diagnostic::new(&codes::E0102, "far past").at(Span::new(file, 900, 901), "nowhere");
        assert!(render_text(&sources, &[empty], true).contains("far past"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text: Vec<u8>, start in 0usize..300, length in 0usize..300, other in 0usize..300) {
            let (sources, file) = sources(&text);
            let diagnostic = Diagnostic::new(&codes::E0102, "m")
                .at(Span::new(file, start, start + length), "l").also(Span::new(file, other, other), "o").through(Span::new(file, other, other), "in");
            let _ = render_text(&sources, &[diagnostic], false);
        }
    }
}
