//! What hvrun itself has to say: diagnostics, trace lines and reports, as text or as JSON lines.

use diag::{Diagnostic, Sources};
use host::{FileKind, Host};
use serde::Serialize;
use std::io;
use std::path::PathBuf;

/// Where hvrun's own words go.
pub struct Reporter {
    /// The texts that diagnostics point into.
    pub sources: Sources,
    colour: bool,
    json: Option<Json>,
}

enum Json {
    StandardError,
    /// Collected, and written at the end.
    File(PathBuf, String),
}

impl Reporter {
    /// Text on standard error, or JSON there (`-`) or in a file.
    #[must_use]
    pub fn new(colour: bool, json: Option<PathBuf>) -> Reporter {
        let json = json.map(|path| if path.as_os_str() == "-" { Json::StandardError } else { Json::File(path, String::new()) });
        Reporter { sources: Sources::new(), colour, json }
    }

    /// Whether hvrun speaks JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.json.is_some()
    }

    /// Shows diagnostics. People see them on standard error even if JSON goes to a file.
    pub fn show(&mut self, host: &mut dyn Host, diagnostics: &[Diagnostic]) {
        if diagnostics.is_empty() {
            return;
        }
        if self.json.is_some() {
            let lines = diag::render_json(&self.sources, diagnostics);
            self.json_text(host, &lines);
        }
        if !matches!(self.json, Some(Json::StandardError)) {
            say(host, &diag::render_text(&self.sources, diagnostics, self.colour));
        }
    }

    /// A line for people, on standard error; nothing if standard error is for JSON.
    pub fn say(&mut self, host: &mut dyn Host, line: &str) {
        if !matches!(self.json, Some(Json::StandardError)) {
            say(host, &format!("{line}\n"));
        }
    }

    /// A line for programs; nothing unless JSON is wanted.
    pub fn record(&mut self, host: &mut dyn Host, record: &impl Serialize) {
        if self.json.is_some() {
            // Strings and numbers always serialise.
            let line = serde_json::to_string(record).unwrap_or_default();
            self.json_text(host, &format!("{line}\n"));
        }
    }

    /// Lines of a trace, in whichever form was chosen. A trace may be long: that nobody reads it is worth knowing.
    pub fn trace(&mut self, host: &mut dyn Host, lines: &str) -> io::Result<()> {
        match &mut self.json {
            Some(Json::File(_, collected)) => collected.push_str(lines),
            Some(Json::StandardError) | None => host.stderr().write_all(lines.as_bytes())?,
        }
        Ok(())
    }

    fn json_text(&mut self, host: &mut dyn Host, text: &str) {
        match &mut self.json {
            Some(Json::File(_, collected)) => collected.push_str(text),
            Some(Json::StandardError) => say(host, text),
            None => {}
        }
    }

    /// Writes the file of `--json=FILE`.
    pub fn finish(&mut self, host: &mut dyn Host) -> Result<(), Diagnostic> {
        match &self.json {
            Some(Json::File(path, text)) => host.write(path, text.as_bytes(), FileKind::Plain).map_err(|error| {
                Diagnostic::new(&diag::codes::E0611, format!("cannot write {}: {error}", path.display()))
            }),
            Some(Json::StandardError) | None => Ok(()),
        }
    }
}

fn say(host: &mut dyn Host, text: &str) {
    // There is nobody left to tell that standard error is closed.
    let _ = host.stderr().write_all(text.as_bytes());
}
