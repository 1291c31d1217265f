//! The map: what came from where, and where it went; in the shape of GNU ld's, which tools read.

use crate::apply::Linked;
use crate::layout::Extra;
use crate::plan::{Fate, Item, Line};
use crate::resolve::{Definition, LINKER, Place, Resolved, SectionId, Why};
use crate::script::ast::{Assigns, Assignment};
use crate::strings::text;
use diag::Sources;
use object::elf;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Names of sections take this many columns; longer ones stand on a line of their own.
const NAME_COLUMNS: usize = 16;

/// Writes the map. The order is that of addresses, inputs and names: the same from run to run.
pub fn map(linked: Linked<'_, '_, '_>, entry: u32, sources: &Sources) -> String {
    let mut out = inputs(linked.inputs.resolved);
    if linked.inputs.options.map_discarded {
        discarded(linked, &mut out);
    }
    memory(linked, &mut out);
    out.push_str("Linker script and memory map\n\n");
    load_lines(linked.inputs.resolved, &mut out);
    let _ = writeln!(out, "ENTRY {entry:#010x}");
    sections(linked, sources, &mut out);
    if linked.inputs.options.cross_references {
        cross_references(linked.inputs.resolved, &mut out);
    }
    out
}

/// What can be said when a link fails before anything has an address: which members were taken, and
/// which files took part.
pub fn unfinished(resolved: &Resolved<'_>) -> String {
    let mut out = inputs(resolved);
    out.push_str("Linker script and memory map\n\n");
    load_lines(resolved, &mut out);
    out.push_str("The link failed before sections were placed\n");
    out
}

/// Archive members and what asked for them.
fn inputs(resolved: &Resolved<'_>) -> String {
    let mut out = String::new();
    for object in &resolved.objects {
        let Why::Defines(symbol) = object.why else { continue };
        if out.is_empty() {
            out.push_str("Archive member included to satisfy reference by file (symbol)\n\n");
        }
        let symbol = resolved.symbols.get(symbol);
        let asker = symbol.first_use.map_or("(command line)", |object| resolved.object_name(object));
        let gap = if object.name.len() < 29 { format!("{:width$}", "", width = 30 - object.name.len()) } else { format!("\n{:30}", "") };
        let _ = writeln!(out, "{}{gap}{asker} ({})", object.name, text(symbol.name));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn load_lines(resolved: &Resolved<'_>, out: &mut String) {
    let mut seen = BTreeSet::new();
    for object in &resolved.objects {
        let file = object.name.split_once('(').filter(|_| object.name.ends_with(')')).map_or(object.name.as_str(), |(archive, _)| archive);
        if seen.insert(file) {
            let _ = writeln!(out, "LOAD {file}");
        }
    }
}

fn label<'r>(resolved: &'r Resolved<'_>, id: SectionId) -> &'r str {
    let object = resolved.sections[id.0 as usize].object;
    if object == LINKER { "linker stubs" } else { resolved.object_name(object) }
}

/// ` .text          0x80000000       0x10`, without the end of the line.
fn row(out: &mut String, indent: &str, name: &str, address: u64, size: u64) {
    let width = NAME_COLUMNS - indent.len();
    let gap = if name.len() < width { format!("{:width$}", "", width = width - name.len()) } else { format!("\n{:NAME_COLUMNS$}", "") };
    let _ = write!(out, "{indent}{name}{gap}{address:#010x} {:>10}", format!("{size:#x}"));
}

/// A symbol's line.
fn symbol_row(out: &mut String, address: u64, what: &str) {
    let _ = writeln!(out, "{:NAME_COLUMNS$}{address:#010x}{:16}{what}", "", "");
}

/// Input sections that are not in the image.
fn discarded(linked: Linked<'_, '_, '_>, out: &mut String) {
    let resolved = linked.inputs.resolved;
    out.push_str("Discarded input sections\n\n");
    for (index, fate) in linked.inputs.plan.fates.iter().enumerate() {
        let id = SectionId(index as u32);
        let section = resolved.section(id);
        if !matches!(fate, Fate::Duplicate | Fate::Discarded | Fate::Unreferenced) || section.size == 0 {
            continue;
        }
        row(out, " ", &text(section.name), 0, u64::from(section.size));
        let _ = writeln!(out, " {}", label(resolved, id));
    }
    out.push('\n');
}

/// The regions of the script.
fn memory(linked: Linked<'_, '_, '_>, out: &mut String) {
    out.push_str("Memory Configuration\n\nName             Origin             Length             Attributes\n");
    for (region, used) in linked.inputs.script.regions.iter().zip(&linked.layout.regions.uses) {
        let line = format!("{:<16} {:<18} {:<18} {}", region.name, format!("{:#010x}", used.origin), format!("{:#010x}", used.length), region.attributes);
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out.push_str("*default*        0x00000000         0xffffffff\n\n");
}

/// How full the regions are (`--print-memory-usage`).
pub fn memory_usage(linked: Linked<'_, '_, '_>) -> String {
    let size = |bytes: u64| match bytes {
        _ if bytes & 0x3fff_ffff == 0 => format!("{:>10} GB", bytes >> 30),
        _ if bytes & 0xf_ffff == 0 => format!("{:>10} MB", bytes >> 20),
        _ if bytes & 0x3ff == 0 => format!("{:>10} KB", bytes >> 10),
        _ => format!(" {bytes:>10} B"),
    };
    let mut out = "Memory region         Used Size  Region Size  %age Used\n".to_string();
    for (region, used) in linked.inputs.script.regions.iter().zip(&linked.layout.regions.uses) {
        let bytes = used.next.saturating_sub(used.origin);
        let _ = write!(out, "{:>16}: {}{}", region.name, size(bytes), size(used.length));
        if used.length != 0 {
            let _ = write!(out, "    {:6.2}%", bytes as f64 * 100.0 / used.length as f64);
        }
        out.push('\n');
    }
    out
}

/// Output sections with their input sections and symbols.
fn sections(linked: Linked<'_, '_, '_>, sources: &Sources, out: &mut String) {
    let symbols = symbols_by_section(linked);
    for line in &linked.inputs.plan.lines {
        match line {
            Line::Assign(assignment) => assigned(linked, assignment, sources, out),
            Line::Assert(_) => {}
            Line::Output(index) => output(linked, *index, &symbols, sources, out),
        }
    }
}

fn output(linked: Linked<'_, '_, '_>, index: usize, symbols: &BTreeMap<SectionId, Vec<(u32, String)>>, sources: &Sources, out: &mut String) {
    let (planned, placed) = (&linked.inputs.plan.outputs[index], linked.layout.outputs[index]);
    if planned.name == "/DISCARD/" {
        out.push_str("\n/DISCARD/\n");
        return;
    }
    out.push('\n');
    if placed.present {
        row(out, "", &planned.name, placed.address, placed.size);
        if placed.load != placed.address {
            let _ = write!(out, " load address {:#010x}", placed.load);
        }
        out.push('\n');
    } else {
        let _ = writeln!(out, "{}", planned.name);
    }
    let mut end = placed.address;
    let mut extras = linked.layout.extras.iter().filter_map(|&(at, offset, extra)| match extra {
        Extra::Data(size, value) if at == index => Some((offset, size, value)),
        Extra::Data(..) | Extra::Gap(..) => None,
    });
    for item in &planned.items {
        match item {
            Item::Section(id) => {
                let at = u64::from(linked.layout.sections[id.0 as usize]);
                let size = linked.shapes.size(linked.inputs.resolved, *id);
                if size > 0 {
                    fill(end, at, out);
                    end = at + u64::from(size);
                }
                input(linked, *id, symbols, out);
            }
            Item::Assign(assignment) => assigned(linked, assignment, sources, out),
            Item::Data(..) => {
                let Some((offset, size, value)) = extras.next() else { continue };
                let at = placed.address + u64::from(offset);
                fill(end, at, out);
                end = at + u64::from(size);
                let name = match size {
                    1 => "BYTE",
                    2 => "SHORT",
                    4 => "LONG",
                    _ => "QUAD",
                };
                row(out, "", "", at, u64::from(size));
                let _ = writeln!(out, " {name} {value:#x}");
            }
            Item::Fill(_) | Item::Assert(_) => {}
        }
    }
    if planned.is_allocated() {
        fill(end, placed.address + placed.size, out);
    }
}

/// A gap.
fn fill(from: u64, to: u64, out: &mut String) {
    if to > from {
        row(out, " ", "*fill*", from, to - from);
        out.push_str(" \n");
    }
}

fn input(linked: Linked<'_, '_, '_>, id: SectionId, symbols: &BTreeMap<SectionId, Vec<(u32, String)>>, out: &mut String) {
    let resolved = linked.inputs.resolved;
    let section = resolved.section(id);
    let size = linked.shapes.size(resolved, id);
    if size == 0 && section.size == 0 {
        return;
    }
    row(out, " ", &text(section.name), u64::from(linked.layout.sections[id.0 as usize]), u64::from(size));
    let _ = writeln!(out, " {}", label(resolved, id));
    if size != section.size && section.size > 0 {
        let why = if linked.shapes.merged.is_merged(id) { "size before merging" } else { "size before relaxing" };
        let _ = writeln!(out, "{:NAME_COLUMNS$}{:>21} ({why})", "", format!("{:#x}", section.size));
    }
    for (address, name) in symbols.get(&id).into_iter().flatten() {
        symbol_row(out, u64::from(*address), name);
    }
}

/// An assignment as the script writes it, with the value that it gave.
fn assigned(linked: Linked<'_, '_, '_>, assignment: &Assignment, sources: &Sources, out: &mut String) {
    let written = text(sources.slice(assignment.span)).split_whitespace().collect::<Vec<_>>().join(" ");
    let written = written.trim_end_matches([';', ',']).trim_end();
    if assignment.name == "." {
        return;
    }
    let Some(id) = linked.inputs.resolved.symbols.find(assignment.name.as_bytes()) else {
        let _ = writeln!(out, "{:NAME_COLUMNS$}[!provide]{:16}{written}", "", "");
        return;
    };
    let provides = matches!(assignment.assigns, Assigns::Provide | Assigns::ProvideHidden);
    match linked.layout.symbols[id.0 as usize] {
        Some(symbol) if !provides || linked.inputs.resolved.symbols.get(id).provided => symbol_row(out, symbol.address & 0xffff_ffff, written),
        _ => {
            let _ = writeln!(out, "{:NAME_COLUMNS$}[!provide]{:16}{written}", "", "");
        }
    }
}

/// Global symbols by the section that they are in.
fn symbols_by_section(linked: Linked<'_, '_, '_>) -> BTreeMap<SectionId, Vec<(u32, String)>> {
    let resolved = linked.inputs.resolved;
    let mut by_section: BTreeMap<SectionId, Vec<(u32, String)>> = BTreeMap::new();
    for (id, symbol) in resolved.symbols.iter() {
        if symbol.definition == Definition::Undefined {
            continue;
        }
        if let Place::Section(section, offset) = resolved.place_of(id) {
            let address = linked.shapes.address(linked.layout, Place::Section(section, offset), 0);
            by_section.entry(section).or_default().push((address, text(symbol.name).into_owned()));
        }
    }
    for symbols in by_section.values_mut() {
        symbols.sort();
    }
    by_section
}

/// Which object defines each symbol, and which use it.
fn cross_references(resolved: &Resolved<'_>, out: &mut String) {
    let mut users: BTreeMap<&[u8], Vec<(bool, &str)>> = BTreeMap::new();
    for object in &resolved.objects {
        for (index, &global) in object.globals.iter().enumerate() {
            let Some(symbol) = object.file.symbol(object.file.first_global + index) else { continue };
            let defines = symbol.st_shndx.get(object::LittleEndian) != elf::SHN_UNDEF;
            users.entry(resolved.symbols.get(global).name).or_default().push((!defines, &object.name));
        }
    }
    out.push_str("\nCross Reference Table\n\n");
    let _ = writeln!(out, "{:<50}File", "Symbol");
    for (name, mut files) in users {
        files.sort_by_key(|&(uses, _)| uses);
        let mut seen = BTreeSet::new();
        let mut label = text(name).into_owned();
        for (_, file) in files {
            if seen.insert(file) {
                let gap = if label.len() < 50 { format!("{:width$}", "", width = 50 - label.len()) } else { format!("\n{:50}", "") };
                let _ = writeln!(out, "{label}{gap}{file}");
                label = String::new();
            }
        }
    }
}
