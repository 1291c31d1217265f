//! Phase 9: segments: which output sections are loaded together, and where they stand in the file.

use crate::layout::{Inputs, Layout, PAGE};
use crate::plan::{Line, Output};
use crate::problem::Problem;
use diag::{Diagnostic, codes};
use object::elf;

/// A program header, before its file offset is known to readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// `PT_…`
    pub kind: elf::ProgramType,
    /// `PF_…`
    pub flags: elf::ProgramFlags,
    /// Output sections in order of address.
    pub outputs: Vec<usize>,
    /// Offset in the file.
    pub offset: u64,
    /// Address.
    pub address: u64,
    /// Load address.
    pub load: u64,
    /// Bytes in the file.
    pub file_size: u64,
    /// Bytes in memory.
    pub memory_size: u64,
    /// Alignment.
    pub align: u64,
    /// Where it begins in the file, if headers are in it: at the file's (0) or at the program headers.
    pub headers: Option<u64>,
}

/// Size of the ELF header.
pub const HEADER: u64 = 52;
/// Size of a program header.
pub const PROGRAM_HEADER: u64 = 32;

/// Groups the output sections into segments.
pub fn segments(inputs: Inputs<'_, '_, '_>, layout: &Layout, problems: &mut Vec<Problem>) -> Vec<Segment> {
    let order = in_order(inputs, layout);
    check_names(inputs, layout, problems);
    check(inputs, layout, &order, problems);
    if !inputs.script.segments.is_empty() {
        return by_script(inputs, layout, problems);
    }
    let mut segments = by_flags(inputs, layout, &order);
    for segment in &mut segments {
        measure(inputs, layout, segment);
    }
    segments
}

/// Sections with addresses, in the order of these.
fn in_order(inputs: Inputs<'_, '_, '_>, layout: &Layout) -> Vec<usize> {
    let mut order: Vec<usize> = (0..layout.outputs.len()).filter(|&index| layout.outputs[index].present && inputs.plan.outputs[index].is_allocated() && !inputs.plan.outputs[index].is_hollow(layout.outputs[index].size)).collect();
    order.sort_by_key(|&index| (layout.outputs[index].address, layout.outputs[index].size > 0, index));
    order
}

/// What the headers of the file and of its segments take (`SIZEOF_HEADERS`), by the addresses so far.
#[must_use]
pub fn headers_size(inputs: Inputs<'_, '_, '_>, layout: &Layout) -> u64 {
    let segments = match inputs.script.segments.len() {
        0 => by_flags(inputs, layout, &in_order(inputs, layout)).len(),
        count => count,
    };
    HEADER + PROGRAM_HEADER * header_count(inputs, segments)
}

fn end_of(layout: &Layout, output: &Output<'_>, index: usize) -> u64 {
    let placed = layout.outputs[index];
    if output.is_tbss() { placed.address } else { placed.end() }
}

/// What the script names must exist.
fn check_names(inputs: Inputs<'_, '_, '_>, layout: &Layout, problems: &mut Vec<Problem>) {
    for rule in inputs.plan.outputs.iter().filter_map(|output| output.rule) {
        for name in [&rule.region, &rule.load_region].into_iter().flatten() {
            if layout.regions.bounds(inputs.script, name).is_none() {
                let diagnostic = Diagnostic::new(&codes::E0508, format!("memory region `{name}` not declared: MEMORY does not have it")).at(rule.span, "which this section is to go into");
                problems.push(Problem::Plain(Box::new(diagnostic)));
            }
        }
    }
}

/// Sections must lie in the address space and apart.
fn check(inputs: Inputs<'_, '_, '_>, layout: &Layout, order: &[usize], problems: &mut Vec<Problem>) {
    let outputs = &inputs.plan.outputs;
    let placed = |index: usize| layout.outputs[index].address..end_of(layout, &outputs[index], index);
    let mut highest: Option<usize> = None;
    // Sections that begin at one address are meant to take turns there.
    let mut starts: Vec<u64> = order.iter().filter(|&&index| layout.outputs[index].size > 0 && !outputs[index].is_tbss()).map(|&index| layout.outputs[index].address).collect();
    starts.sort_unstable();
    let take_turns = starts.windows(2).any(|pair| pair[0] == pair[1]);
    let mut told = Vec::new();
    for &index in order {
        let end = end_of(layout, &outputs[index], index);
        if end > 1 << 32 {
            let message = format!("`{}` ends at {end:#x}, past the last address", outputs[index].name);
            let mut diagnostic = by_size(inputs, index, Diagnostic::new(&codes::E0514, message));
            // A section that is all gap has been told an address as a distance.
            let widest = order.iter().copied().max_by_key(|&index| layout.outputs[index].size).filter(|&widest| layout.outputs[widest].size > 1 << 30);
            if let Some(widest) = widest {
                let hint = format!("`{}` is {:#x} bytes long: in its braces the location counter counts from its start", outputs[widest].name, layout.outputs[widest].size);
                diagnostic = diagnostic.note(hint).help("set an address outside: `. = 0x…;` before the section");
            }
            problems.push(Problem::Plain(Box::new(diagnostic)));
            return;
        }
        if let Some(before) = highest
            && inputs.options.check_overlaps
            && !take_turns
            && end_of(layout, &outputs[before], before) > layout.outputs[index].address
            && layout.outputs[index].size > 0
            && !outputs[index].is_tbss()
            && !(is_overlaid(&outputs[before]) && is_overlaid(&outputs[index]))
        {
            let (own, other) = (placed(index), placed(before));
            let message = format!("section `{}` at {:#x} overlaps section `{}`, which ends at {:#x}", outputs[index].name, own.start, outputs[before].name, other.end);
            let note = format!("section {} [{:#x}, {:#x}] overlaps section {} [{:#x}, {:#x}]", outputs[index].name, own.start, own.end - 1, outputs[before].name, other.start, other.end - 1);
            let help = "give one another address, or join them in an OVERLAY; --no-check-sections lets them overlap";
            problems.push(Problem::Plain(Box::new(Diagnostic::new(&codes::E0514, message).note(note).help(help))));
            told.push(index);
        }
        if highest.is_none_or(|before| end >= end_of(layout, &outputs[before], before)) {
            highest = Some(index);
        }
    }
    if inputs.options.check_overlaps {
        check_loads(inputs, layout, order, &told, problems);
    }
    for (region, used) in inputs.script.regions.iter().zip(&layout.regions.uses) {
        let (next, end) = (used.peak, used.origin.saturating_add(used.length));
        if next > end {
            let last = used.sections.last().map_or("", |&(output, _)| outputs[output].name.as_str());
            let message = format!("region `{}` overflowed by {} bytes: section `{last}` will not fit", region.name, next - end);
            let mut diagnostic = Diagnostic::new(&codes::E0514, message).at(region.span, format!("{} bytes", used.length));
            let mut largest = used.sections.clone();
            largest.sort_by_key(|&(output, size)| (std::cmp::Reverse(size), output));
            for (output, size) in largest.into_iter().filter(|&(_, size)| size > 0).take(5) {
                diagnostic = diagnostic.note(format!("`{}` takes {size} bytes", outputs[output].name));
            }
            diagnostic = diagnostic.help("make the region larger, move a section to another, or leave out what nothing uses: --gc-sections, with -ffunction-sections in the compiler");
            problems.push(Problem::Plain(Box::new(diagnostic)));
        }
    }
}

/// What has contents must be loaded apart, wherever it is to be in the end. `told` are those that lie over others anyway.
fn check_loads(inputs: Inputs<'_, '_, '_>, layout: &Layout, order: &[usize], told: &[usize], problems: &mut Vec<Problem>) {
    let outputs = &inputs.plan.outputs;
    let mut loaded: Vec<usize> = order.iter().copied().filter(|&index| layout.outputs[index].size > 0 && outputs[index].kind != elf::SHT_NOBITS).collect();
    loaded.sort_by_key(|&index| (layout.outputs[index].load, index));
    for pair in loaded.windows(2) {
        let &[before, index] = pair else { continue };
        let (own, other) = (layout.outputs[index], layout.outputs[before]);
        if own.load >= other.load_end() || told.contains(&index) || told.contains(&before) {
            continue;
        }
        let range = |placed: crate::layout::Placed| format!("[{:#x}, {:#x}]", placed.load, placed.load_end() - 1);
        let message = format!("section `{}` would be loaded at {:#x}, over section `{}`", outputs[index].name, own.load, outputs[before].name);
        let mut diagnostic = Diagnostic::new(&codes::E0514, message);
        if let Some(rule) = outputs[index].rule {
            diagnostic = diagnostic.at(rule.span, "this section");
        }
        let note = format!("section {} LMA {} overlaps section {} LMA {}", outputs[index].name, range(own), outputs[before].name, range(other));
        let help = format!("load it behind: AT(LOADADDR({0}) + SIZEOF({0})); --no-check-sections lets them overlap", outputs[before].name);
        problems.push(Problem::Plain(Box::new(diagnostic.note(note).help(help))));
    }
}

/// Whether it may lie where others do.
fn is_overlaid(output: &Output<'_>) -> bool {
    output.rule.is_some_and(|rule| rule.overlay.is_some())
}

/// Adds the largest inputs of a section.
fn by_size(inputs: Inputs<'_, '_, '_>, index: usize, mut diagnostic: Diagnostic) -> Diagnostic {
    let mut sections: Vec<_> = inputs.plan.outputs[index].items.iter().filter_map(|item| if let crate::plan::Item::Section(id) = item { Some(*id) } else { None }).collect();
    sections.sort_by_key(|&id| (std::cmp::Reverse(inputs.resolved.section(id).size), id));
    for id in sections.into_iter().take(3) {
        let input = &inputs.resolved.sections[id.0 as usize];
        diagnostic = diagnostic.note(format!("{} bytes are {}:({})", input.section.size, inputs.resolved.object_name(input.object), crate::strings::text(input.section.name)));
    }
    diagnostic
}

fn flags_of(output: &Output<'_>) -> elf::ProgramFlags {
    let mut flags = elf::PF_R;
    if output.has(elf::SHF_WRITE) {
        flags |= elf::PF_W;
    }
    if output.has(elf::SHF_EXECINSTR) {
        flags |= elf::PF_X;
    }
    flags
}

fn empty(kind: elf::ProgramType, flags: elf::ProgramFlags) -> Segment {
    Segment { kind, flags, outputs: Vec::new(), offset: 0, address: 0, load: 0, file_size: 0, memory_size: 0, align: 1, headers: None }
}

/// A segment for each run of sections that can share one; `-N`: code is writable.
fn by_flags(inputs: Inputs<'_, '_, '_>, layout: &Layout, order: &[usize]) -> Vec<Segment> {
    let outputs = &inputs.plan.outputs;
    let mut segments: Vec<Segment> = Vec::new();
    let has_script = inputs.options.has_script();
    for index in if has_script { by_load(inputs, layout, order) } else { order.to_vec() } {
        let output = &outputs[index];
        // A script's empty section can begin a segment; zeroed thread data is made for each thread.
        if output.is_tbss() || layout.outputs[index].size == 0 && !has_script {
            continue;
        }
        let flags = if inputs.options.omagic && !has_script { elf::PF_R | elf::PF_W | elf::PF_X } else { flags_of(output) };
        let joins = match segments.last().and_then(|segment| Some((segment.flags, *segment.outputs.last()?))) {
            None => false,
            Some((so_far, before)) if has_script => joins_by_page(inputs, layout, so_far, before, index),
            Some((so_far, before)) => so_far == flags && joins_by_rights(inputs, layout, before, index),
        };
        if !joins {
            segments.push(empty(elf::PT_LOAD, flags));
        }
        if let Some(segment) = segments.last_mut() {
            segment.flags |= flags;
            segment.outputs.push(index);
        }
    }
    let leaves_room = |segment: &Segment| {
        let first = segment.outputs.first().map_or(0, |&first| layout.outputs[first].load);
        let headers = HEADER + PROGRAM_HEADER * header_count(inputs, segments.len() + usize::from(order.iter().any(|&index| outputs[index].has(elf::SHF_TLS))));
        let page = u64::from(inputs.options.page_size).max(1);
        first >= headers && (layout.loads_headers || first % page >= headers % page)
    };
    // The headers are loaded where a script leaves room for them.
    if has_script && !inputs.options.is_unpaged() && segments.first().is_some_and(leaves_room) {
        segments[0].headers = Some(0);
    }
    if !has_script {
        segments.sort_by_key(|segment| segment.outputs.first().map(|&first| layout.outputs[first].address));
    }
    segments.extend(notes(inputs, layout, order));
    let thread: Vec<usize> = order.iter().copied().filter(|&index| outputs[index].has(elf::SHF_TLS)).collect();
    if !thread.is_empty() {
        segments.push(Segment { outputs: thread, ..empty(elf::PT_TLS, elf::PF_R) });
    }
    segments
}

/// The program headers of a file with this many segments: the platform's note has one besides, and the attributes.
fn header_count(inputs: Inputs<'_, '_, '_>, segments: usize) -> u64 {
    segments as u64 + 1 + u64::from(inputs.plan.has_attributes)
}

/// What is loaded one behind the other can share a segment, whatever its addresses are. At one address what is empty comes first, and
/// what has contents before what is zeroed.
fn by_load(inputs: Inputs<'_, '_, '_>, layout: &Layout, order: &[usize]) -> Vec<usize> {
    let mut place = vec![0; inputs.plan.outputs.len()];
    for (at, line) in inputs.plan.lines.iter().enumerate() {
        if let &Line::Output(index) = line {
            place[index] = at;
        }
    }
    let mut sorted = order.to_vec();
    sorted.sort_by_key(|&index| {
        let (output, placed) = (&inputs.plan.outputs[index], layout.outputs[index]);
        let is_zeroed = output.kind == elf::SHT_NOBITS;
        (placed.load, placed.address, is_zeroed && !output.has(elf::SHF_TLS), if is_zeroed { 0 } else { placed.size }, place[index])
    });
    sorted
}

/// Whether a section, by address and load address, goes on where another ends.
fn distance_is_kept(layout: &Layout, before: usize, index: usize) -> bool {
    let (previous, placed) = (layout.outputs[before], layout.outputs[index]);
    placed.load.wrapping_sub(placed.address) == previous.load.wrapping_sub(previous.address)
}

/// In the built-in layout: sections of the same rights near each other share a segment.
fn joins_by_rights(inputs: Inputs<'_, '_, '_>, layout: &Layout, before: usize, index: usize) -> bool {
    let (previous, placed) = (layout.outputs[before], layout.outputs[index]);
    let is_zeroed = |index: usize| inputs.plan.outputs[index].kind == elf::SHT_NOBITS;
    placed.address.saturating_sub(previous.end()) < PAGE && distance_is_kept(layout, before, index) && (inputs.options.omagic || !is_zeroed(before) || is_zeroed(index))
}

/// In a script's layout, as GNU ld has it: what shares a page shares a segment; else data that is written
/// begins one, and so does what is far away, and what is loaded behind what is not. Regions share none.
fn joins_by_page(inputs: Inputs<'_, '_, '_>, layout: &Layout, flags: elf::ProgramFlags, before: usize, index: usize) -> bool {
    let (previous, placed) = (layout.outputs[before], layout.outputs[index]);
    let end = previous.load_end();
    let paged = !inputs.options.is_unpaged();
    let page = u64::from(inputs.options.page_size);
    let is_zeroed = |index: usize| inputs.plan.outputs[index].kind == elf::SHT_NOBITS;
    let region = |index: usize| layout.regions.choose(inputs.script, &inputs.plan.outputs[index]);
    if !distance_is_kept(layout, before, index) || placed.load < end || region(before) != region(index) {
        return false;
    }
    if paged && end.wrapping_sub(1) / page == placed.load / page {
        return true;
    }
    if end.checked_next_multiple_of(page).is_some_and(|next| next.saturating_add(page) <= placed.load) || is_zeroed(before) && !is_zeroed(index) {
        return false;
    }
    !paged || flags & elf::PF_W == elf::PF_W || !inputs.plan.outputs[index].has(elf::SHF_WRITE)
}

/// A segment for each run of notes with one alignment: they are a table for who reads them.
fn notes(inputs: Inputs<'_, '_, '_>, layout: &Layout, order: &[usize]) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut before: Option<usize> = None;
    for &index in order.iter().filter(|&&index| layout.outputs[index].size > 0) {
        let output = &inputs.plan.outputs[index];
        let is_note = output.kind == elf::SHT_NOTE;
        let goes_on = before.is_some_and(|before| {
            let (last, placed) = (layout.outputs[before], layout.outputs[index]);
            last.align == placed.align && last.end().checked_next_multiple_of(placed.align.max(1)) == Some(placed.address) && flags_of(&inputs.plan.outputs[before]) == flags_of(output)
        });
        before = is_note.then_some(index);
        match segments.last_mut() {
            Some(segment) if is_note && goes_on => segment.outputs.push(index),
            _ if is_note => segments.push(Segment { outputs: vec![index], ..empty(elf::PT_NOTE, flags_of(output)) }),
            _ => {}
        }
    }
    segments
}

/// The segments of `PHDRS`; a section without `:name` goes where the one before it in the script went.
fn by_script(inputs: Inputs<'_, '_, '_>, layout: &Layout, problems: &mut Vec<Problem>) -> Vec<Segment> {
    let mut segments: Vec<Segment> = inputs.script.segments.iter().map(|segment| empty(elf::ProgramType(segment.kind), elf::ProgramFlags(0))).collect();
    let mut current: Vec<usize> = segments.iter().position(|segment| segment.kind == elf::PT_LOAD).into_iter().collect();
    for line in &inputs.plan.lines {
        let &Line::Output(index) = line else { continue };
        let (output, placed) = (&inputs.plan.outputs[index], layout.outputs[index]);
        if let Some(rule) = output.placing().filter(|rule| !rule.segments.is_empty()) {
            current.clear();
            for name in rule.segments.iter().filter(|name| *name != "NONE") {
                match inputs.script.segments.iter().position(|segment| segment.name == *name) {
                    Some(segment) => current.push(segment),
                    None => {
                        let diagnostic = Diagnostic::new(&codes::E0508, format!("section `{}` assigned to non-existent phdr `{name}`", rule.name)).at(rule.span, "PHDRS does not have it");
                        problems.push(Problem::Plain(Box::new(diagnostic)));
                    }
                }
            }
        }
        if !placed.present || output.is_hollow(placed.size) || !output.is_allocated() {
            continue;
        }
        for &segment in &current {
            let segment = &mut segments[segment];
            if output.is_tbss() && segment.kind == elf::PT_LOAD || segment.kind == elf::PT_TLS && !output.has(elf::SHF_TLS) {
                continue;
            }
            segment.flags |= flags_of(output);
            segment.outputs.push(index);
        }
    }
    // What is not loaded can still be in a segment that is not.
    for (index, output) in inputs.plan.outputs.iter().enumerate().filter(|(index, output)| !output.is_allocated() && layout.outputs[*index].present) {
        for name in output.rule.iter().flat_map(|rule| &rule.segments) {
            if let Some(segment) = inputs.script.segments.iter().position(|segment| segment.name == *name && segment.kind != elf::PT_LOAD.0) {
                segments[segment].flags |= flags_of(output);
                segments[segment].outputs.push(index);
            }
        }
    }
    for ((segment, rule), &(load, flags)) in segments.iter_mut().zip(&inputs.script.segments).zip(&layout.segments) {
        if let Some(flags) = flags {
            segment.flags = elf::ProgramFlags(flags as u32);
        }
        if rule.kind == elf::PT_LOAD.0 && rule.has_headers() {
            segment.headers = Some(if rule.file_header { 0 } else { HEADER });
        }
        segment.outputs.sort_by_key(|&index| (layout.outputs[index].address, index));
        measure(inputs, layout, segment);
        segment.load = load.unwrap_or(segment.load);
    }
    segments
}

/// Addresses and sizes.
fn measure(inputs: Inputs<'_, '_, '_>, layout: &Layout, segment: &mut Segment) {
    let Some(&first) = segment.outputs.first() else {
        segment.align = if segment.kind == elf::PT_LOAD && !inputs.options.is_unpaged() { u64::from(inputs.options.page_size) } else { 4 };
        return;
    };
    segment.address = layout.outputs[first].address;
    segment.load = layout.outputs[first].load;
    for &index in &segment.outputs {
        let (output, placed) = (&inputs.plan.outputs[index], layout.outputs[index]);
        let end = placed.end().saturating_sub(segment.address);
        segment.memory_size = segment.memory_size.max(end);
        if output.kind != elf::SHT_NOBITS {
            segment.file_size = segment.file_size.max(end);
        }
        segment.align = segment.align.max(placed.align);
    }
    if segment.kind == elf::PT_TLS {
        segment.memory_size = thread_size(layout, segment);
    }
    if segment.kind == elf::PT_LOAD && !inputs.options.is_unpaged() {
        segment.align = segment.align.max(u64::from(inputs.options.page_size));
    }
}

/// How large a thread's block is, by load addresses, as in GNU ld: a section that lies where zeroed data does, because it is placed behind
/// it, adds to it.
fn thread_size(layout: &Layout, segment: &Segment) -> u64 {
    let placed = segment.outputs.iter().map(|&index| layout.outputs[index]);
    placed.fold(0, |size: u64, placed| size.max(placed.load.saturating_sub(segment.load)).saturating_add(placed.size))
}

/// Gives segments their offsets in the file, congruent to their addresses, behind the headers. Gives
/// the first free offset.
pub fn assign_offsets(segments: &mut [Segment], headers_end: u64) -> u64 {
    let mut next = headers_end;
    for segment in segments.iter_mut().filter(|segment| segment.kind == elf::PT_LOAD) {
        let align = segment.align.clamp(4, PAGE.max(segment.align.min(1 << 16)));
        segment.offset = next + (segment.address.wrapping_sub(next) & (align - 1));
        if let Some(start) = segment.headers.filter(|_| next == headers_end) {
            // The segment begins with headers: its first section keeps its address.
            let before = segment.offset - start;
            if segment.address >= before && segment.load >= before {
                segment.address -= before;
                segment.load -= before;
                segment.file_size += before;
                segment.memory_size += before;
                segment.offset = start;
            }
        }
        // More than a page of alignment is kept in memory; the file is not made larger for it.
        segment.align = align.max(if segment.offset & (segment.align - 1) == segment.address & (segment.align - 1) { segment.align } else { align });
        next = segment.offset + segment.file_size;
    }
    // The program headers, where the first segment loads them.
    let first = segments.iter().find(|segment| segment.kind == elf::PT_LOAD).map(|first| (first.address, first.load, first.offset));
    if let (Some((address, load, offset @ 0..=HEADER)), Some(headers)) = (first, segments.iter_mut().find(|segment| segment.kind == elf::PT_PHDR)) {
        (headers.address, headers.load, headers.offset) = (address + HEADER - offset, load + HEADER - offset, HEADER);
        (headers.file_size, headers.memory_size, headers.align) = (headers_end - HEADER, headers_end - HEADER, 4);
        headers.flags |= elf::PF_R;
    }
    next
}
