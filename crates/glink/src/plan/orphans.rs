//! Where sections go that no line of the script names, as GNU ld sorts them: behind the section of this
//! name or, without one, behind the last section that is like them.

use super::{Item, Line, Output, Plan, Fate, is_empty_table, is_unique, summarise, unique_patterns};
use crate::names::NameMap;
use crate::options::Options;
use crate::resolve::{LINKER, Resolved, SectionId};
use crate::script::ast::OutputType;
use crate::strings::text;
use object::elf;
use std::collections::BTreeMap;

/// What decides behind which section one goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Code,
    ReadOnly,
    Thread,
    Data,
    Zeroed,
    Note,
    NotAllocated,
    /// Debug sections go to the end.
    Debug,
}

impl Class {
    /// The section that leads the class.
    fn leader(self) -> &'static str {
        match self {
            Class::Code => ".text",
            Class::ReadOnly => ".rodata",
            Class::Thread => ".tdata",
            Class::Data => ".data",
            Class::Zeroed => ".bss",
            Class::Note => ".interp",
            Class::NotAllocated => ".comment",
            Class::Debug => "",
        }
    }
}

fn is_debug(output: &Output<'_>) -> bool {
    !output.is_allocated() && (output.name.starts_with(".debug") || output.name.starts_with(".stab"))
}

fn class_of(output: &Output<'_>) -> Class {
    if !output.is_allocated() {
        if is_debug(output) { Class::Debug } else { Class::NotAllocated }
    } else if output.kind == elf::SHT_NOTE {
        Class::Note
    } else if output.kind == elf::SHT_NOBITS && !output.has(elf::SHF_TLS) {
        Class::Zeroed
    } else if output.has(elf::SHF_TLS) {
        Class::Thread
    } else if output.has(elf::SHF_WRITE) {
        Class::Data
    } else if output.has(elf::SHF_EXECINSTR) {
        Class::Code
    } else {
        Class::ReadOnly
    }
}

/// What decides whether a section is like another.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Likeness {
    allocated: bool,
    contents: bool,
    read_only: bool,
    code: bool,
    thread: bool,
    debug: bool,
}

/// How much like its likes a section must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    /// Of the same type (`SHT_…`) too; one that the script alone makes has none, unless by its name.
    Type,
    /// Of the same rights.
    Rights,
}

/// What is known of a section when orphans are placed. A section of the script that nothing is in yet is known by its name.
fn likeness(resolved: &Resolved<'_>, output: &Output<'_>) -> Likeness {
    let has_sections = output.items.iter().any(|item| matches!(item, Item::Section(id) if !is_empty_table(resolved, *id)));
    let of = |allocated, contents, read_only, code, thread| Likeness { allocated, contents, read_only, code, thread, debug: false };
    if has_sections {
        return Likeness {
            allocated: output.is_allocated(),
            contents: output.kind != elf::SHT_NOBITS,
            read_only: !output.has(elf::SHF_WRITE),
            code: output.has(elf::SHF_EXECINSTR),
            thread: output.has(elf::SHF_TLS),
            debug: is_debug(output),
        };
    }
    if output.has_data() {
        let is_fixed = matches!(output.rule.and_then(|rule| rule.kind), Some(OutputType::ReadOnly | OutputType::ReadOnlyKind(_)));
        return of(output.is_allocated(), output.kind != elf::SHT_NOBITS, is_fixed || output.begins_with_data(), false, false);
    }
    match output.name.as_str() {
        _ if output.is_made() => of(false, false, false, false, false),
        ".text" => of(true, true, true, true, false),
        ".rodata" | ".interp" => of(true, true, true, false, false),
        ".tdata" => of(true, true, false, false, true),
        ".data" | ".sdata" => of(true, true, false, false, false),
        ".bss" => of(true, false, false, false, false),
        ".comment" => of(false, true, false, false, false),
        _ => of(false, false, false, false, false),
    }
}

/// Whether an output section has the type of an orphan, as far as it is known.
fn has_kind(resolved: &Resolved<'_>, output: &Output<'_>, orphan: &Output<'_>) -> bool {
    let first = output.items.iter().find_map(|item| if let Item::Section(id) = item { Some(*id).filter(|&id| !is_empty_table(resolved, id)) } else { None });
    let by_name = rv32::sections::find(output.name.as_bytes()).map(|(_, kind)| elf::SectionType(kind));
    // A section that the script makes something else than its inputs are has no type yet.
    let is_turned = |id: SectionId| match output.rule.and_then(|rule| rule.kind) {
        Some(OutputType::NoLoad | OutputType::NotAllocated) => true,
        Some(OutputType::ReadOnly | OutputType::ReadOnlyKind(_)) => resolved.section(id).has(elf::SHF_WRITE),
        Some(OutputType::Kind(_)) | None => false,
    };
    match first {
        Some(id) if is_turned(id) => false,
        Some(id) => super::lists_functions(&output.name).unwrap_or(resolved.section(id).kind) == orphan.kind,
        None => !output.is_made() || by_name == Some(orphan.kind),
    }
}

/// Gives each orphan its output section: one of its name that the script has, else a new one behind
/// its like.
pub(super) fn place(resolved: &Resolved<'_>, plan: &mut Plan<'_>, options: &Options) {
    let orphans = std::mem::take(&mut plan.orphans);
    let unique = unique_patterns(options);
    let keeps_groups = options.relocatable && !options.force_group_allocation;
    let first_new = plan.outputs.len();
    let mut by_name: NameMap<'_, Vec<usize>> = NameMap::default();
    for &id in &orphans {
        let input = &resolved.sections[id.0 as usize];
        let section = &input.section;
        // Common blocks that the script forgets are zeroed data like any other.
        let section_name: &[u8] = if section.name == b"COMMON" { b".bss" } else { section.name };
        let is_memory = section.has(elf::SHF_ALLOC);
        let is_zeroed = section.kind == elf::SHT_NOBITS;
        let same_name = by_name.entry(section_name).or_insert_with(|| (0..first_new).filter(|&output| plan.outputs[output].name.as_bytes() == section_name).collect());
        // Sections of one name are one, unless only one of them is memory or loaded.
        let fits = |output: &Output<'_>| !output.has_sections() || output.is_allocated() == is_memory && (!is_memory || (output.kind == elf::SHT_NOBITS) == is_zeroed);
        // Members of groups stay by themselves as long as the groups do.
        let is_alone = keeps_groups && section.has(elf::SHF_GROUP) || options.unique_orphans || is_unique(&unique, section.name);
        // What a later link leaves out does not come together with what it keeps.
        let is_excluded = |id: SectionId| resolved.section(id).has(elf::SHF_EXCLUDE);
        // All of one section are alike, so the first speaks for them.
        let first = |output: &Output<'_>| output.items.iter().find_map(|item| if let Item::Section(other) = item { Some(*other) } else { None });
        let keeps_apart = |output: &Output<'_>| options.relocatable && first(output).is_some_and(|other| is_excluded(other) != is_excluded(id));
        let fits = |output: &Output<'_>| fits(output) && !keeps_apart(output);
        let found = same_name.iter().copied().find(|&output| !is_alone && !plan.outputs[output].has(elf::SHF_GROUP) && fits(&plan.outputs[output]));
        let output = found.unwrap_or_else(|| {
            same_name.push(plan.outputs.len());
            let name = text(section_name).into_owned();
            plan.outputs.push(Output { name, rule: None, items: Vec::new(), kind: section.kind, flags: section.flags, entsize: 0, align: 1, like: None, keeps: false, assigns: false });
            plan.outputs.len() - 1
        });
        if is_alone {
            same_name.pop();
        }
        plan.outputs[output].items.push(Item::Section(id));
        plan.fates[id.0 as usize] = Fate::Output(output as u32);
        if output < first_new {
            summarise(resolved, &mut plan.outputs[output]);
        }
        if section.kind == elf::SHT_NOTE && !section.has(elf::SHF_LINK_ORDER) || input.object == LINKER {
            plan.kept[id.0 as usize] = true;
        }
    }
    plan.orphans = orphans;
    // The first orphan of each class looks for its place; the others of the class follow it.
    let mut first_of: BTreeMap<Class, usize> = BTreeMap::new();
    let mut rows = Rows::default();
    for index in in_turn(resolved, plan, first_new) {
        let class = class_of(&plan.outputs[index]);
        if class == Class::Debug {
            plan.lines.push(Line::Output(index));
            continue;
        }
        if let Some(&first) = first_of.get(&class).filter(|_| class != Class::Note) {
            plan.outputs[index].like = plan.outputs[first].like;
            rows.followers.entry(first).or_default().push(index);
            rows.first.insert(index, first);
            continue;
        }
        first_of.insert(class, index);
        let after = leader(resolved, plan, &rows, class, &plan.outputs[index]);
        plan.outputs[index].like = after.and_then(|after| plan.outputs[after].placing());
        if let Some(&first) = after.and_then(|after| rows.first.get(&after)) {
            // Behind the row of orphans that it goes behind.
            rows.behind.entry(first).or_default().push(index);
            rows.first.insert(index, first);
            continue;
        }
        let line = after.and_then(|after| plan.lines.iter().position(|line| matches!(line, Line::Output(output) if *output == after)));
        let at = match line {
            Some(line) if class == Class::Note => behind_notes(plan, line, plan.outputs[index].align),
            Some(line) => behind_assignments(plan, line),
            None => behind_assignments(plan, usize::MAX),
        };
        plan.lines.insert(at, Line::Output(index));
    }
    let mut lines = Vec::with_capacity(plan.lines.len() + plan.outputs.len() - first_new);
    for line in plan.lines.drain(..) {
        match line {
            Line::Output(output) => lines.extend(rows.from(output).into_iter().map(Line::Output)),
            Line::Assign(_) | Line::Assert(_) => lines.push(line),
        }
    }
    plan.lines = lines;
}

/// New output sections in the order in which they are placed: as they were first seen, but what a thread's data begins with before what is
/// zeroed, or the two would share room in the thread's block. (GNU ld lets them.)
fn in_turn(resolved: &Resolved<'_>, plan: &mut Plan<'_>, first_new: usize) -> Vec<usize> {
    for output in &mut plan.outputs[first_new..] {
        summarise(resolved, output);
    }
    let mut order: Vec<usize> = (first_new..plan.outputs.len()).collect();
    let places: Vec<usize> = (0..order.len()).filter(|&at| class_of(&plan.outputs[order[at]]) == Class::Thread).collect();
    let mut thread: Vec<usize> = places.iter().map(|&at| order[at]).collect();
    thread.sort_by_key(|&index| plan.outputs[index].is_tbss());
    for (at, index) in places.into_iter().zip(thread) {
        order[at] = index;
    }
    order
}

/// Orphans that follow others.
#[derive(Default)]
struct Rows {
    /// By the first of a class: the others, in order.
    followers: BTreeMap<usize, Vec<usize>>,
    /// By the first of a class: the first ones of other classes that go behind them all.
    behind: BTreeMap<usize, Vec<usize>>,
    /// By orphan: the one that it follows.
    first: BTreeMap<usize, usize>,
}

impl Rows {
    /// A section and all that follow it.
    fn from(&self, output: usize) -> Vec<usize> {
        let mut row = vec![output];
        row.extend(self.followers.get(&output).into_iter().flatten());
        // There are as few classes as this can be deep.
        row.extend(self.behind.get(&output).into_iter().flatten().flat_map(|&first| self.from(first)));
        row
    }
}

/// The output section behind which the first orphan of a class goes.
fn leader(resolved: &Resolved<'_>, plan: &Plan<'_>, rows: &Rows, class: Class, orphan: &Output<'_>) -> Option<usize> {
    let listed = plan.lines.iter().filter_map(|line| if let Line::Output(output) = line { Some(*output) } else { None });
    let in_order: Vec<usize> = listed.filter(|&output| plan.outputs[output].name != "/DISCARD/").flat_map(|output| rows.from(output)).collect();
    if let Some(named) = in_order.iter().find(|&&output| plan.outputs[output].name == class.leader()) {
        return Some(*named);
    }
    let own = likeness(resolved, orphan);
    let find = |how: Match| {
        let last = |fits: &dyn Fn(Likeness) -> bool| {
            let fits = |&output: &usize| (how == Match::Rights || has_kind(resolved, &plan.outputs[output], orphan)) && fits(likeness(resolved, &plan.outputs[output]));
            in_order.iter().copied().rev().find(fits)
        };
        let exact = last(&|other| Likeness { debug: own.debug, ..other } == own);
        exact.or_else(|| match class {
            Class::Code => last(&|other| Likeness { read_only: own.read_only, debug: own.debug, ..other } == own),
            Class::ReadOnly | Class::Note => last(&|other| Likeness { code: own.code, thread: own.thread, debug: own.debug, ..other } == own),
            Class::Data => last(&|other| Likeness { read_only: own.read_only, code: own.code, debug: own.debug, ..other } == own),
            Class::Zeroed => last(&|other| other.allocated),
            Class::Thread => behind_thread_data(in_order.iter().map(|&output| (output, likeness(resolved, &plan.outputs[output]))), own),
            Class::NotAllocated | Class::Debug => in_order.iter().copied().rev().find(|&output| !likeness(resolved, &plan.outputs[output]).debug),
        })
    };
    find(Match::Type).or_else(|| find(Match::Rights))
}

/// The last section of the thread's data, else of all data. What has contents goes before what is zeroed.
fn behind_thread_data(in_order: impl Iterator<Item = (usize, Likeness)>, own: Likeness) -> Option<usize> {
    let mut found = None;
    let mut seen = false;
    for (output, other) in in_order {
        if other.allocated && other.thread {
            if !other.contents && own.contents {
                break;
            }
            (found, seen) = (Some(output), true);
        } else if seen {
            break;
        } else if other.allocated && other.contents {
            found = Some(output);
        }
    }
    found
}

/// The line for a note: in the row of notes behind an output section, behind those that are aligned as strictly. Notes of one alignment
/// stand together, since they are one table for who reads them.
fn behind_notes(plan: &Plan<'_>, line: usize, align: u32) -> usize {
    let output = |at: usize| if let Some(Line::Output(output)) = plan.lines.get(at) { Some(&plan.outputs[*output]) } else { None };
    let is_note = |at: usize| output(at).is_some_and(|output| output.has_sections() && output.kind == elf::SHT_NOTE && output.is_allocated());
    let mut place = line;
    if is_note(line) {
        while place > 0 && is_note(place - 1) {
            place -= 1;
        }
    } else {
        place = behind_assignments(plan, line);
    }
    for at in place.. {
        match output(at) {
            Some(output) if is_note(at) && output.align >= align => place = at + 1,
            Some(output) if !output.has_sections() => {}
            _ => break,
        }
    }
    place
}

/// The line behind an output section and the assignments that follow it, as they say where it ends; but
/// before one that moves the location counter for the next section.
fn behind_assignments(plan: &Plan<'_>, line: usize) -> usize {
    let (first, mut ignore_first) = if line == usize::MAX { (0, true) } else { (line + 1, false) };
    let mut moves: Option<usize> = None;
    for (at, line) in plan.lines.iter().enumerate().skip(first) {
        match line {
            Line::Assign(assignment) if assignment.name == "." => {
                if !std::mem::take(&mut ignore_first) {
                    moves = moves.or(Some(at));
                }
            }
            Line::Assign(_) | Line::Assert(_) => {}
            Line::Output(next) => {
                let next = &plan.outputs[*next];
                let counts = !next.has_sections() || next.is_allocated();
                return moves.filter(|_| counts).unwrap_or(at);
            }
        }
    }
    plan.lines.len()
}
