//! Diagnostics as JSON lines: one object a line (`docs/reference/json.md`).

use crate::source::{Sources, Span};
use crate::text::printable;
use crate::{Diagnostic, Label};
use serde::Serialize;

#[derive(Serialize)]
struct Place {
    file: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    start: u32,
    end: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
}

#[derive(Serialize)]
struct Record<'a> {
    severity: &'a str,
    code: &'a str,
    message: &'a str,
    place: Option<Place>,
    related: Vec<Place>,
    notes: &'a [String],
    helps: &'a [String],
    cure: Option<Place>,
    backtrace: Vec<Place>,
}

/// The diagnostics as JSON, one object a line. Lines and columns count from 1, columns in bytes,
/// `start` and `end` are byte offsets.
#[must_use]
pub fn render_json(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let place = |span: Span, text: &str| {
        let from = sources.position(span.file, span.start);
        let to = sources.position(span.file, span.end);
        Place {
            file: printable(sources.name(span.file).as_bytes()),
            line: from.line,
            column: from.column,
            end_line: to.line,
            end_column: to.column,
            start: span.start,
            end: span.end,
            text: text.to_string(),
        }
    };
    let labelled = |label: &Label| place(label.span, &label.text);
    let mut out = String::new();
    for diagnostic in diagnostics {
        let record = Record {
            severity: diagnostic.severity.name(),
            code: diagnostic.code.id,
            message: &diagnostic.message,
            place: diagnostic.primary.as_ref().map(labelled),
            related: diagnostic.related.iter().map(labelled).collect(),
            notes: &diagnostic.notes,
            helps: &diagnostic.helps,
            cure: diagnostic.cure.as_ref().map(|cure| place(cure.span, &cure.text)),
            backtrace: diagnostic.backtrace.iter().map(labelled).collect(),
        };
        // Strings and numbers always serialise.
        out.push_str(&serde_json::to_string(&record).unwrap_or_default());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes;

    #[test]
    fn a_line_for_each() {
        let mut sources = Sources::new();
        let file = sources.add("a.s", b"nop\nfrob\n".to_vec());
        let diagnostic = Diagnostic::new(&codes::E0102, "m").at(Span::new(file, 4, 8), "here").cure(Span::new(file, 4, 8), "nop");
        let text = render_json(&sources, &[diagnostic.clone(), diagnostic]);
        assert_eq!(text.lines().count(), 2);
        let value: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(value["place"]["line"], 2);
        assert_eq!(value["place"]["end_column"], 5);
        assert_eq!(value["cure"]["text"], "nop");
        assert_eq!(value["severity"], "error");
    }
}
