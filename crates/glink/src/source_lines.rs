//! Source lines of places in objects, from their DWARF line tables. Tables are read only when there
//! is something to report.

use crate::names::NameMap;
use crate::problem::Site;
use crate::resolve::{ObjectId, Place, Resolved, SectionId};
use crate::strings::text;
use addr2line::Context;
use diag::{Sources, Span};
use gimli::{EndianArcSlice, LittleEndian};
use host::Files;
use object::LittleEndian as LE;
use object::elf;
use rv32::Reloc;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A line of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// File, as the compiler named it or relative to the current folder.
    pub file: String,
    /// Line from 1.
    pub line: u32,
    /// The line's text, if the file can be read.
    pub span: Option<Span>,
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

type Reader = EndianArcSlice<LittleEndian>;

/// An object's line table; code sections stand one behind the other at addresses made up for it.
struct Table {
    context: Context<Reader>,
    /// By section number in the object.
    addresses: Vec<u32>,
    /// The folder in which the compiler ran.
    folder: Option<String>,
}

/// Line tables that were read.
#[derive(Default)]
pub struct SourceLines {
    tables: HashMap<ObjectId, Option<Table>>,
}

impl SourceLines {
    /// None read yet.
    #[must_use]
    pub fn new() -> SourceLines {
        SourceLines::default()
    }

    /// The line of a place, with its text if the file can be opened.
    pub fn find(&mut self, resolved: &Resolved<'_>, site: Site, sources: &mut Sources, files: &mut dyn Files) -> Option<SourceLine> {
        let id = resolved.sections[site.section.0 as usize].object;
        let object = resolved.objects.get(id.0 as usize)?;
        let table = self.tables.entry(id).or_insert_with(|| open(resolved, id)).as_ref()?;
        let base = *table.addresses.get((site.section.0 - object.first_section) as usize)?;
        let location = table.context.find_location(u64::from(base) + u64::from(site.offset)).ok()??;
        let line = location.line.filter(|&line| line > 0)?;
        let (file, source) = open_source(location.file?, table.folder.as_deref(), sources, files);
        let span = source.and_then(|source| sources.line_span(source, line)).map(|span| trim(sources, span));
        Some(SourceLine { file, line, span })
    }
}

/// The source as the program already knows it, or read now. The name is shortened if the same file
/// is found under its path relative to the folder in which the compiler ran.
fn open_source(path: &str, folder: Option<&str>, sources: &mut Sources, files: &mut dyn Files) -> (String, Option<diag::FileId>) {
    if let Some(known) = sources.iter().find(|&file| !sources.name(file).starts_with('<') && Path::new(path).ends_with(sources.name(file))) {
        return (sources.name(known).to_string(), Some(known));
    }
    let Ok(data) = files.read(Path::new(path)) else { return (path.to_string(), None) };
    let relative = folder.and_then(|folder| path.strip_prefix(folder)?.strip_prefix('/'));
    let name = match relative {
        Some(relative) if files.read(Path::new(relative)).is_ok_and(|other| other.identity() == data.identity()) => relative,
        _ => path,
    };
    (name.to_string(), Some(sources.add(name, data.shared())))
}

/// A line without the blanks around it, and without an assembly source's comment, so that the mark
/// stands under the text.
fn trim(sources: &Sources, span: Span) -> Span {
    let mut line = sources.slice(span);
    if sources.name(span.file).to_ascii_lowercase().ends_with(".s") {
        let comment = line.iter().position(|&b| b == b'#').filter(|&at| !line[..at].contains(&b'"'));
        line = &line[..comment.unwrap_or(line.len())];
    }
    let start = line.len() - line.trim_ascii_start().len();
    let end = line.trim_ascii_end().len();
    if start >= end { span } else { Span::new(span.file, span.start as usize + start, span.start as usize + end) }
}

fn open(resolved: &Resolved<'_>, id: ObjectId) -> Option<Table> {
    let object = &resolved.objects[id.0 as usize];
    let first = object.first_section as usize;
    let count = resolved.sections[first..].iter().take_while(|input| input.object == id).count();
    let sections = &resolved.sections[first..first + count];
    let mut addresses = vec![0; count];
    let mut next: u32 = 0x1000;
    for (address, input) in addresses.iter_mut().zip(sections) {
        if input.section.has(elf::SHF_ALLOC) {
            *address = next;
            next = next.checked_add(input.section.size)?.checked_next_multiple_of(16)?.checked_add(16)?;
        }
    }
    let mut debug: NameMap<'_, Arc<[u8]>> = NameMap::default();
    for (number, input) in sections.iter().enumerate() {
        if input.section.name.starts_with(b".debug_") && !input.section.has(elf::SHF_COMPRESSED) {
            debug.insert(input.section.name, relocated(resolved, SectionId((first + number) as u32), id, &addresses).into());
        }
    }
    if !debug.contains_key(&b".debug_line"[..]) {
        return None;
    }
    let empty: Arc<[u8]> = Arc::new([]);
    let load = |section: gimli::SectionId| -> Result<Reader, gimli::Error> { Ok(Reader::new(debug.get(section.name().as_bytes()).unwrap_or(&empty).clone(), LittleEndian)) };
    let dwarf = gimli::Dwarf::load(load).ok()?;
    let folder = compilation_folder(&dwarf);
    Some(Table { context: Context::from_dwarf(dwarf).ok()?, addresses, folder })
}

fn compilation_folder(dwarf: &gimli::Dwarf<Reader>) -> Option<String> {
    let header = dwarf.units().next().ok()??;
    let unit = dwarf.unit(header).ok()?;
    Some(text(unit.comp_dir.as_ref()?.bytes()).into_owned())
}

/// A debug section of one object with its relocations applied as if its sections stood at `addresses`.
/// What cannot be applied is left: a wrong line is better than none, and the reader checks its input.
fn relocated(resolved: &Resolved<'_>, section: SectionId, id: ObjectId, addresses: &[u32]) -> Vec<u8> {
    let object = &resolved.objects[id.0 as usize];
    let section = resolved.section(section);
    let mut bytes = section.data.to_vec();
    for rela in section.relas.iter() {
        let Some(reloc) = Reloc::from_number(rela.r_type(LE).0) else { continue };
        let target = match resolved.place(id, rela.r_sym(LE)) {
            Place::Section(target, offset) => target.0.checked_sub(object.first_section).and_then(|number| addresses.get(number as usize)).map_or(0, |address| address.wrapping_add(offset)),
            Place::Absolute(value) => value,
            Place::Linker(_) | Place::Undefined(_) | Place::UndefinedWeak => 0,
        };
        let value = target.wrapping_add_signed(rela.r_addend.get(LE));
        if let Some(out) = bytes.get_mut(rela.r_offset.get(LE) as usize..) {
            reloc.apply_to_data(out, value);
        }
    }
    bytes
}
