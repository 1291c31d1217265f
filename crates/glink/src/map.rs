//! The map: what is where, and why it is there, in the spirit of GNU ld's.

use crate::apply::Linked;
use crate::plan::{Fate, Item, Line};
use crate::resolve::{Definition, LINKER, Place, Resolved, SectionId, Why};
use crate::strings::text;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Writes the map. The order is that of addresses, inputs and names: the same from run to run.
pub fn map(linked: Linked<'_, '_, '_>, entry: u32) -> String {
    let mut out = String::new();
    members(linked.inputs.resolved, &mut out);
    discarded(linked, &mut out);
    memory(linked, &mut out);
    let _ = writeln!(out, "Entry: {entry:#010x}\n");
    sections(linked, &mut out);
    out
}

/// Archive members and what asked for them.
fn members(resolved: &Resolved<'_>, out: &mut String) {
    let mut any = false;
    for object in &resolved.objects {
        let Why::Defines(symbol) = object.why else { continue };
        if !any {
            out.push_str("Archive members, and who asked for them\n\n");
            any = true;
        }
        let symbol = resolved.symbols.get(symbol);
        let asker = symbol.first_use.map_or("the command line", |object| resolved.object_name(object));
        let _ = writeln!(out, "{}\n    {asker} ({})", object.name, text(symbol.name));
    }
    if any {
        out.push('\n');
    }
}

fn label<'r>(resolved: &'r Resolved<'_>, id: SectionId) -> &'r str {
    resolved.object_name(resolved.sections[id.0 as usize].object)
}

/// Input sections that are not in the image.
fn discarded(linked: Linked<'_, '_, '_>, out: &mut String) {
    let resolved = linked.inputs.resolved;
    let mut any = false;
    for (index, fate) in linked.inputs.plan.fates.iter().enumerate() {
        let id = SectionId(index as u32);
        let section = resolved.section(id);
        let why = match fate {
            Fate::Duplicate => "another copy is used",
            Fate::Discarded => "by the script",
            Fate::Unreferenced => "nothing refers to it",
            Fate::NotContent | Fate::Output(_) => continue,
        };
        if section.size == 0 {
            continue;
        }
        if !any {
            out.push_str("Discarded input sections\n\n");
            any = true;
        }
        let _ = writeln!(out, " {:<24} {:>10} {} ({why})", text(section.name), format!("{:#x}", section.size), label(resolved, id));
    }
    if any {
        out.push('\n');
    }
}

/// The regions of the script, how full they are.
fn memory(linked: Linked<'_, '_, '_>, out: &mut String) {
    if linked.inputs.script.regions.is_empty() {
        return;
    }
    out.push_str("Memory\n\n Region             Origin     Length       Used\n");
    for (region, used) in linked.inputs.script.regions.iter().zip(&linked.layout.regions.uses) {
        let bytes = used.peak - used.origin;
        let percent = if used.length == 0 { 0.0 } else { bytes as f64 * 100.0 / used.length as f64 };
        let _ = writeln!(out, " {:<16} {:#010x} {:#010x} {bytes:>10} ({percent:.1} %)", region.name, used.origin, used.length);
    }
    out.push('\n');
}

/// Output sections with their input sections and symbols.
fn sections(linked: Linked<'_, '_, '_>, out: &mut String) {
    let symbols = symbols_by_section(linked);
    out.push_str("Sections, input sections and symbols\n\n");
    for line in &linked.inputs.plan.lines {
        match line {
            Line::Assign(assignment) => assigned(linked, &assignment.name, out),
            Line::Assert(_) => {}
            Line::Output(index) => {
                let (output, placed) = (&linked.inputs.plan.outputs[*index], linked.layout.outputs[*index]);
                if output.name == "/DISCARD/" {
                    continue;
                }
                if placed.present {
                    let _ = write!(out, "{:<16} {:#010x} {:>10}", output.name, placed.address, format!("{:#x}", placed.size));
                    if placed.load != placed.address {
                        let _ = write!(out, " loaded at {:#010x}", placed.load);
                    }
                    out.push('\n');
                }
                for item in &output.items {
                    match item {
                        Item::Section(id) => input(linked, *id, &symbols, out),
                        Item::Assign(assignment) => assigned(linked, &assignment.name, out),
                        Item::Data(..) | Item::Fill(_) | Item::Assert(_) => {}
                    }
                }
                if placed.present {
                    out.push('\n');
                }
            }
        }
    }
}

fn input(linked: Linked<'_, '_, '_>, id: SectionId, symbols: &BTreeMap<SectionId, Vec<(u32, String)>>, out: &mut String) {
    let resolved = linked.inputs.resolved;
    let section = resolved.section(id);
    let size = linked.shapes.size(resolved, id);
    if size == 0 && section.size == 0 {
        return;
    }
    let owner = if resolved.sections[id.0 as usize].object == LINKER { "made by the linker" } else { label(resolved, id) };
    // A long name stands on a line of its own, so that the columns stay.
    let name = text(section.name);
    let name = if name.len() > 15 { format!("{name}\n {:15}", "") } else { format!("{name:<15}") };
    let _ = write!(out, " {name} {:#010x} {:>10} {owner}", linked.layout.sections[id.0 as usize], format!("{size:#x}"));
    if size != section.size && section.size > 0 {
        let why = if linked.shapes.merged.is_merged(id) { "before merging" } else { "before relaxing" };
        let _ = write!(out, " ({:#x} {why})", section.size);
    }
    out.push('\n');
    for (address, name) in symbols.get(&id).into_iter().flatten() {
        let _ = writeln!(out, " {:<15} {address:#010x}            {name}", "");
    }
}

fn assigned(linked: Linked<'_, '_, '_>, name: &str, out: &mut String) {
    let Some(id) = linked.inputs.resolved.symbols.find(name.as_bytes()) else { return };
    if let Some(symbol) = linked.layout.symbols[id.0 as usize] {
        let _ = writeln!(out, " {:<15} {:#010x}            {name} (script)", "", symbol.address as u32);
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
