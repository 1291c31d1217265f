//! The map: what came from where, and where it went; in the shape of GNU ld's, which tools read.

use crate::apply::Linked;
use crate::layout::Extra;
use crate::plan::{Fate, Item, Line};
use crate::resolve::{Definition, Input, LINKER, Place, Resolved, SectionId, Why};
use crate::script::ast::{Assertion, Assignment};
use crate::script::{show, words};
use crate::strings::text;
use object::elf;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Names of sections take this many columns; longer ones stand on a line of their own.
const NAME_COLUMNS: usize = 16;

/// Writes the map. The order is that of addresses, inputs and names: the same from run to run.
pub fn map(linked: Linked<'_, '_, '_>, entry: u32) -> String {
    let mut out = inputs(linked.inputs.resolved);
    if linked.inputs.options.map_discarded {
        discarded(linked, &mut out);
    }
    memory(linked, &mut out);
    out.push_str("Linker script and memory map\n\n");
    // In the order of the command line: a script stands before the files, the built-in layout behind.
    if linked.inputs.options.scripts.is_empty() {
        load_lines(linked.inputs.resolved, &mut out);
    }
    sections(linked, &mut out);
    if !linked.inputs.options.scripts.is_empty() {
        load_lines(linked.inputs.resolved, &mut out);
    }
    let _ = writeln!(out, "OUTPUT({} elf32-littleriscv)", linked.inputs.options.output);
    let _ = writeln!(out, "ENTRY {entry:#010x}");
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

/// The inputs as they were given, taken or not.
fn load_lines(resolved: &Resolved<'_>, out: &mut String) {
    for line in &resolved.inputs {
        let _ = match line {
            Input::File(name) => writeln!(out, "LOAD {name}"),
            Input::GroupStart => writeln!(out, "START GROUP"),
            Input::GroupEnd => writeln!(out, "END GROUP"),
        };
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
    let before = out.len();
    for (index, fate) in linked.inputs.plan.fates.iter().enumerate() {
        let id = SectionId(index as u32);
        let section = resolved.section(id);
        if !matches!(fate, Fate::Duplicate | Fate::Discarded | Fate::Unreferenced) {
            continue;
        }
        if out.len() == before {
            out.push_str("Discarded input sections\n\n");
        }
        row(out, " ", &text(section.name), 0, u64::from(section.size));
        let _ = writeln!(out, " {}", label(resolved, id));
    }
    if out.len() > before {
        out.push('\n');
    }
}

/// A region's attributes, in the order of GNU ld's map.
fn attributes(written: &str) -> String {
    let letters = |of: &str| -> String {
        let has = |letters: &[char]| of.contains(letters);
        [('x', &['x', 'X'][..]), ('r', &['r', 'R']), ('w', &['w', 'W']), ('a', &['a', 'A']), ('l', &['l', 'L', 'i', 'I'])].into_iter().filter(|(_, any)| has(any)).map(|(letter, _)| letter).collect()
    };
    let (wanted, refused) = written.split_once('!').unwrap_or((written, ""));
    let refused = letters(refused);
    if refused.is_empty() { letters(wanted) } else { format!("{}!{refused}", letters(wanted)) }
}

/// The regions of the script.
fn memory(linked: Linked<'_, '_, '_>, out: &mut String) {
    out.push_str("Memory Configuration\n\nName             Origin             Length             Attributes\n");
    for (region, used) in linked.inputs.script.regions.iter().zip(&linked.layout.regions.uses) {
        let line = format!("{:<16} {:<18} {:<18} {}", region.name, format!("{:#010x}", used.origin), format!("{:#010x}", used.length), attributes(&region.attributes));
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
fn sections(linked: Linked<'_, '_, '_>, out: &mut String) {
    let symbols = symbols_by_section(linked);
    let mut values = linked.layout.values.iter().copied();
    for line in &linked.inputs.plan.lines {
        match line {
            Line::Assign(assignment) => assigned(assignment, values.next().flatten(), out),
            Line::Assert(assertion) => asserted(assertion, values.next().flatten(), out),
            Line::Output(index) => output(linked, *index, &symbols, &mut values, out),
        }
    }
}

fn output(linked: Linked<'_, '_, '_>, index: usize, symbols: &BTreeMap<SectionId, Vec<(u32, String)>>, values: &mut dyn Iterator<Item = Option<u64>>, out: &mut String) {
    let (planned, placed) = (&linked.inputs.plan.outputs[index], linked.layout.outputs[index]);
    out.push('\n');
    if planned.name == "/DISCARD/" {
        let _ = writeln!(out, "{}", planned.name);
        for item in &planned.items {
            if let Item::Inputs(pattern) = item {
                let _ = writeln!(out, " {}", show::input(pattern));
            }
        }
        return;
    }
    if placed.present || planned.has_sections() {
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
            Item::Inputs(pattern) => {
                let _ = writeln!(out, " {}", show::input(pattern));
            }
            Item::Section(id) => {
                let at = u64::from(linked.layout.sections[id.0 as usize]);
                let size = linked.shapes.size(linked.inputs.resolved, *id);
                if size > 0 {
                    fill(end, at, out);
                    end = at + u64::from(size);
                }
                input(linked, *id, symbols, out);
            }
            Item::Assign(assignment) => assigned(assignment, values.next().flatten(), out),
            Item::Assert(assertion) => asserted(assertion, values.next().flatten(), out),
            Item::Data(_, expression) => {
                let Some((offset, size, value)) = extras.next() else { continue };
                let at = placed.address.saturating_add(u64::from(offset));
                fill(end, at, out);
                end = at.saturating_add(u64::from(size));
                let name = words::DATA.iter().find(|(_, bytes)| *bytes == size).map_or("", |(name, _)| name);
                row(out, "", "", at, u64::from(size));
                let written = if expression.constant().is_some() { String::new() } else { format!(" {}", show::expression(expression)) };
                let _ = writeln!(out, " {name} {value:#x}{written}");
            }
            Item::Fill(fill) => {
                let _ = writeln!(out, " FILL mask {}", show::fill(fill));
            }
        }
    }
    if planned.is_allocated() {
        fill(end, placed.end(), out);
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

/// A line of the script with the value that it gave; none: it has no effect.
fn value_row(value: Option<u64>, none: &str, written: &str, out: &mut String) {
    let value = value.map_or_else(|| none.to_string(), |value| format!("{:#010x}", value & 0xffff_ffff));
    let _ = writeln!(out, "{:NAME_COLUMNS$}{value}{:24}{written}", "", "");
}

/// An assignment, with the value that it gave.
fn assigned(assignment: &Assignment, value: Option<u64>, out: &mut String) {
    value_row(value, "[!provide]", &show::assignment(assignment), out);
}

/// An assertion, with its value.
fn asserted(assertion: &Assertion, value: Option<u64>, out: &mut String) {
    value_row(value, "*undef*   ", &format!("ASSERT ({}, {})", show::expression(&assertion.condition), assertion.message), out);
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
/// Which objects define and use these symbols (`--trace-symbol`), a line each.
#[must_use]
pub fn traced(resolved: &Resolved<'_>, names: &[String]) -> String {
    let mut out = String::new();
    for object in resolved.objects.iter().filter(|_| !names.is_empty()) {
        for (index, &global) in object.globals.iter().enumerate() {
            let name = text(resolved.symbols.get(global).name);
            let Some(symbol) = object.file.symbol(object.file.first_global + index).filter(|_| names.iter().any(|traced| *traced == name)) else { continue };
            let what = if symbol.st_shndx.get(object::LittleEndian) == elf::SHN_UNDEF { "reference to" } else { "definition of" };
            let _ = writeln!(out, "{}: {what} {name}", object.name);
        }
    }
    out
}

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
