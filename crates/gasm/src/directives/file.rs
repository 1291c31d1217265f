//! Other files.

use super::Directive;
use crate::assembler::{Assembler, Stmt};
use crate::lexer::T;
use crate::limits;
use crate::parse::Args;
use crate::place::{Map, Reason};
use crate::section::Content;
use diag::{Diagnostic, codes};
use host::FileError;
use std::path::{Path, PathBuf};

/// What is read, and how far.
pub static OF_TEXT: &[Directive] = &[
    Directive {
        names: &[".include"],
        syntax: ".include \"file\"",
        summary: "Reads another source here: looked for beside this file, then in -I folders, then among the built-in ones (\"abi.s\").",
        example: ".include \"abi.s\"\nnop\n",
        handler: include,
    },
    Directive {
        names: &[".end"],
        syntax: ".end",
        summary: "Ends the source; what follows is not read.",
        example: "nop\n.end\n",
        handler: |a, _| a.stop = true,
    },
];

pub static ROWS: &[Directive] = &[
    Directive {
        names: &[".incbin"],
        syntax: ".incbin \"file\" [, skip [, count]]",
        summary: "Writes the bytes of a file.",
        example: ".data\n.incbin \"abi.s\", 0, 4\n",
        handler: incbin,
    },
];

/// A file that was found.
struct Found {
    name: String,
    bytes: std::sync::Arc<[u8]>,
    identity: Option<host::Identity>,
}

/// The name in quotes after the head.
fn file_name(a: &mut Assembler<'_>, args: &mut Args<'_>) -> Option<(PathBuf, diag::Span)> {
    let s = args.s;
    let Some(tok) = args.next().filter(|t| t.kind == T::Str) else {
        if !a.bad_tokens(s) {
            let d = Diagnostic::new(&codes::E0401, "a file name is missing").at(s.span_at(1), "expected a name in double quotes");
            let name = s.raw(1, s.toks.len());
            let name = name.trim_matches(['<', '>', '\'']);
            let d = if name.is_empty() || name.contains('"') { d.help("\"file.s\"") } else { a.with_cure(d, s, format!("{} \"{name}\"", s.show(0, 1))) };
            a.report(d);
        }
        return None;
    };
    let bytes = a.string(s, tok)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Some((PathBuf::from(text), s.span_of(tok)))
}

fn find(a: &mut Assembler<'_>, s: Stmt<'_>, path: &Path, span: diag::Span) -> Option<Found> {
    let current = a.sources.name(s.head_span().file).to_string();
    let beside = Path::new(&current).parent().map(Path::to_path_buf).unwrap_or_default();
    let mut candidates = vec![];
    if path.is_absolute() {
        candidates.push(path.to_path_buf());
    } else {
        candidates.push(beside.join(path));
        candidates.extend(a.options.include_dirs.iter().map(|dir| dir.join(path)));
        candidates.push(path.to_path_buf());
        candidates.dedup();
    }
    let mut failure = None;
    for candidate in candidates {
        match a.files.read(&candidate) {
            Ok(data) => {
                a.dependencies.push(candidate.clone());
                return Some(Found { name: candidate.display().to_string(), bytes: data.shared(), identity: Some(data.identity()) });
            }
            Err(FileError::NotFound) => {}
            Err(other) => {
                failure.get_or_insert((candidate, other));
            }
        }
    }
    let builtin = a.options.builtin_includes.iter().find(|(name, _)| Path::new(name) == path);
    if let Some((name, contents)) = builtin {
        return Some(Found { name: format!("<built-in>/{name}"), bytes: contents().into(), identity: None });
    }
    let shown = path.display();
    let d = match failure {
        Some((candidate, error)) => Diagnostic::new(&codes::E0405, format!("cannot read {}: {error}", candidate.display())).at(span, "named here"),
        None => {
            let names = a.options.builtin_includes.iter().map(|(name, _)| *name);
            let d = Diagnostic::new(&codes::E0405, format!("cannot find {shown}: no such file")).at(span, "looked beside this file and in each -I folder");
            match diag::suggest(&shown.to_string(), names) {
                Some(near) => d.help(format!("did you mean \"{near}\"?")),
                None => d.help("add its folder: gasm -I folder").note("names that the file may define are not reported"),
            }
        }
    };
    a.report(d);
    None
}

fn include(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some((path, span)) = file_name(a, &mut args) else { return };
    if !a.expect_end(&args) {
        return;
    }
    let depth = a.reading.iter().filter(|r| r.reason == Reason::Include).count();
    if depth >= limits::INCLUDE_DEPTH {
        let d = Diagnostic::new(&codes::E0406, "files include each other too deeply").at(span, format!("{} are open here", limits::INCLUDE_DEPTH));
        a.report(d);
        a.stop = true;
        return;
    }
    a.includes += 1;
    if a.includes > limits::INCLUDES {
        let d = Diagnostic::new(&codes::E0406, "too many files are included").at(span, format!("{} were read before this", limits::INCLUDES));
        a.report(d);
        a.stop = true;
        return;
    }
    let Some(found) = find(a, s, &path, span) else {
        a.recovery.incomplete = true;
        return;
    };
    if let Some(identity) = found.identity {
        if a.open_files.contains(&identity) {
            let d = Diagnostic::new(&codes::E0406, format!("{} includes itself", found.name))
                .at(span, "it is being read already")
                .help("put its contents between .ifndef NAME, .equ NAME, 1 and .endif, and include it once");
            return a.report(d);
        }
        a.open_files.push(identity);
    }
    let file = match a.sources.find(&found.name) {
        Some(file) if a.sources.bytes(file) == &*found.bytes => file,
        _ => a.sources.add(found.name, found.bytes),
    };
    let from = a.place(s.whole());
    let open = a.conditionals.len();
    let text = a.sources.shared(file);
    a.read_nested(&text, Map::File(file), Reason::Include, from);
    a.close_conditionals(open);
    if found.identity.is_some() {
        a.open_files.pop();
    }
}

fn incbin(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some((path, span)) = file_name(a, &mut args) else { return };
    let mut numbers = [None, None];
    for number in &mut numbers {
        if args.at_end() {
            break;
        }
        if !a.expect_comma(&mut args) {
            return;
        }
        if args.kind() == Some(T::Comma) {
            continue;
        }
        let Some(n) = a.constant_now(&mut args, "a number of bytes") else { return };
        *number = Some(n);
    }
    if !a.expect_end(&args) {
        return;
    }
    let Some(found) = find(a, s, &path, span) else { return };
    let length = found.bytes.len();
    let skip = numbers[0].unwrap_or(0);
    let count = numbers[1].unwrap_or((length as i64).saturating_sub(skip));
    let range = usize::try_from(skip).ok().zip(usize::try_from(count).ok()).and_then(|(skip, count)| found.bytes.get(skip..skip.checked_add(count)?));
    let Some(bytes) = range else {
        let d = Diagnostic::new(&codes::E0401, format!("{} has {length} bytes", found.name)).at(s.whole(), format!("{count} bytes from {skip} on are not there"));
        return a.report(d);
    };
    let place = a.place(span);
    if a.room(bytes.len() as u64, place) {
        a.content(Content::Data);
        a.out().bytes.extend_from_slice(bytes);
    }
}
