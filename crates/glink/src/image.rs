//! Phase 10: the file: headers, sections, symbol table and the platform's note.

use crate::apply::Linked;
use crate::attributes;
use crate::compressed::{self, Compress};
use crate::emit_relocs;
use crate::fill;
use crate::options::Strip;
use crate::link_order;
use crate::numbering;
use crate::object_file::Rela;
use crate::plan::{Item, Line, Output};
use crate::problem::Problem;
use crate::resolve::SectionId;
use crate::segments::{self, HEADER, PROGRAM_HEADER, Segment};
use crate::symtab;
use crate::synthetic;
use diag::{Diagnostic, codes};
use guest_abi::image::{FLAG_USES_HVK, NOTE_SECTION, Note, USES_HVK_SYMBOL};
use object::LittleEndian as LE;
use object::elf::{self, FileHeader32, Ident, ProgramHeader32, SectionHeader32, Sym32};
use object::pod::{bytes_of, bytes_of_slice};
use object::{U16, U32};
use std::ops::Range;

/// A section on its way into the file.
struct Part {
    name: Vec<u8>,
    kind: elf::SectionType,
    flags: elf::SectionFlags,
    address: u64,
    offset: u64,
    size: u64,
    link: u32,
    info: u32,
    align: u64,
    entsize: u32,
}

/// An image in parts that other formats can be made from.
pub struct Image {
    /// Loaded segments and others.
    pub segments: Vec<Segment>,
    /// Output sections that the file holds, in its order: those with addresses, then the others.
    order: Vec<usize>,
    /// By output section: where its contents are in `bytes`.
    pub spans: Vec<Range<usize>>,
    /// The file up to the end of the sections, without its headers.
    pub bytes: Vec<u8>,
    /// Entry address.
    pub entry: u32,
    /// The note.
    pub note: Note,
}

impl Image {
    /// Where an input section stands in the file, if it does.
    #[must_use]
    pub fn offset_of(&self, linked: Linked<'_, '_, '_>, section: SectionId) -> Option<usize> {
        let output = linked.inputs.plan.output_of(section)?;
        let within = u64::from(linked.layout.sections[section.0 as usize]).wrapping_sub(linked.layout.outputs[output].address & 0xffff_ffff);
        self.order.contains(&output).then(|| self.spans[output].start + within as usize)
    }
}

/// The most that alignment and the script's location counter may add to what the inputs hold. A
/// damaged object can ask for an alignment of 2 GiB.
const MOST_GAPS: u64 = 64 << 20;

/// Whether the sections lie in the address space and have no absurd gaps.
fn is_reasonable(linked: Linked<'_, '_, '_>, problems: &mut Vec<Problem>) -> bool {
    // What passes the last address was told of where it was placed.
    if linked.layout.outputs.iter().any(|placed| placed.end() > 1 << 32) {
        return false;
    }
    let mut gaps = 0u64;
    for (output, placed) in linked.inputs.plan.outputs.iter().zip(&linked.layout.outputs) {
        if output.kind == elf::SHT_NOBITS {
            continue;
        }
        let resolved = linked.inputs.resolved;
        let size = |item: &Item<'_>| match item {
            Item::Section(id) if resolved.section(*id).kind != elf::SHT_NOBITS => u64::from(linked.shapes.size(resolved, *id)),
            Item::Inputs(_) | Item::Section(_) | Item::Assign(_) | Item::Data(..) | Item::Fill(_) | Item::Assert(_) => 0,
        };
        let held: u64 = output.items.iter().map(size).sum();
        gaps = gaps.saturating_add(placed.size.saturating_sub(held));
        if gaps > MOST_GAPS {
            let message = format!("`{}` would have {} bytes, {} of them gaps", output.name, placed.size, placed.size.saturating_sub(held));
            let diagnostic = Diagnostic::new(&codes::E0514, message).note(format!("its strictest alignment is {}", output.align)).help("look for an `.align` that was meant to be `.balign`");
            problems.push(Problem::Plain(Box::new(diagnostic)));
            return false;
        }
    }
    true
}

/// Whether the sections of each segment lie near each other: the file has what is between them, too.
fn are_near(linked: Linked<'_, '_, '_>, segments: &[Segment], problems: &mut Vec<Problem>) -> bool {
    let held = |segment: &Segment| segment.outputs.iter().filter(|&&index| linked.inputs.plan.outputs[index].kind != elf::SHT_NOBITS).map(|&index| linked.layout.outputs[index].size).sum::<u64>();
    let loaded = segments.iter().filter(|segment| segment.kind == elf::PT_LOAD);
    let far = loaded.map(|segment| (segment, segment.file_size.saturating_sub(held(segment)))).find(|&(_, gaps)| gaps > MOST_GAPS);
    if let Some((segment, gaps)) = far {
        let names: Vec<String> = segment.outputs.iter().map(|&index| format!("`{}` at {:#x}", linked.inputs.plan.outputs[index].name, linked.layout.outputs[index].address)).collect();
        let message = format!("a segment would have {} bytes in the file, {gaps} of them between its sections", segment.file_size);
        let help = "give sections that lie far apart segments of their own, with PHDRS; or load addresses that are near, with AT";
        problems.push(Problem::Plain(Box::new(Diagnostic::new(&codes::E0514, message).note(format!("it holds {}", names.join(", "))).help(help))));
    }
    far.is_none()
}

/// Makes the parts of an image; none, and a problem, if it would not fit the address space.
pub fn build(linked: Linked<'_, '_, '_>, entry: u32, has_attributes: bool, problems: &mut Vec<Problem>) -> Option<Image> {
    let mut segments = segments::segments(linked.inputs, linked.layout, problems);
    // Bytes are made only of an image that can be: its size is bounded by that of its inputs.
    if !is_reasonable(linked, problems) || !are_near(linked, &segments, problems) {
        return None;
    }
    let base = u64::from(guest_abi::memory_map::RAM.base);
    let loaded = segments.iter().filter(|segment| segment.kind == elf::PT_LOAD);
    let end = loaded.map(|segment| segment.load + segment.memory_size).max().unwrap_or(base);
    let min_ram = u32::try_from(end.saturating_sub(base)).unwrap_or(u32::MAX).max(linked.inputs.options.guest_memory);
    let uses_hvk = linked.inputs.resolved.symbols.find(USES_HVK_SYMBOL.as_bytes()).is_some_and(|id| linked.inputs.resolved.symbols.get(id).definition != crate::resolve::Definition::Undefined);
    let note = Note { min_ram, flags: if uses_hvk { FLAG_USES_HVK } else { 0 } };
    segments.sort_by_key(|segment| (segment.kind != elf::PT_PHDR, segment.kind != elf::PT_LOAD));
    let order = order(linked);
    // Headers of the sections' segments, of the note and of the attributes.
    let headers_end = HEADER + PROGRAM_HEADER * (segments.len() as u64 + 1 + u64::from(has_attributes));
    let (spans, end) = place(linked, &mut segments, &order, headers_end);
    let mut bytes = vec![0; end];
    fill::fill(linked, &spans, &mut bytes, problems);
    Some(Image { segments, order, spans, bytes, entry, note })
}

/// Output sections that the file holds, in the order of the script.
fn order(linked: Linked<'_, '_, '_>) -> Vec<usize> {
    let plan = linked.inputs.plan;
    let is_debug = |name: &str| name.starts_with(".debug") || name.starts_with(".zdebug") || name.starts_with(".stab") || name == ".gdb_index";
    let listed = plan.lines.iter().filter_map(|line| if let Line::Output(index) = line { Some(*index) } else { None });
    let is_in = |&index: &usize| linked.layout.outputs[index].present && !(linked.inputs.options.strip >= Strip::Debug && is_debug(&plan.outputs[index].name));
    listed.filter(is_in).collect()
}

/// Gives output sections their places in the file, and segments their offsets. Gives also where the
/// sections end.
fn place(linked: Linked<'_, '_, '_>, segments: &mut [Segment], order: &[usize], headers_end: u64) -> (Vec<Range<usize>>, usize) {
    let (plan, layout) = (linked.inputs.plan, linked.layout);
    let mut next = segments::assign_offsets(segments, headers_end);
    let mut segment_of: Vec<Option<usize>> = vec![None; plan.outputs.len()];
    let loaded = segments.iter().enumerate().filter(|(_, segment)| segment.kind == elf::PT_LOAD);
    for (number, segment) in loaded {
        for &index in &segment.outputs {
            segment_of[index] = segment_of[index].or(Some(number));
        }
    }
    let mut spans: Vec<Range<usize>> = vec![0..0; plan.outputs.len()];
    for &index in order {
        let (output, placed) = (&plan.outputs[index], layout.outputs[index]);
        let size = if output.kind == elf::SHT_NOBITS { 0 } else { placed.size };
        let within = |segment: &Segment| segment.offset + (placed.address - segment.address).min(segment.file_size);
        let start = match segment_of[index].map(|number| &segments[number]) {
            Some(segment) if output.is_allocated() => within(segment),
            // Zeroed thread data: congruent to its address, in nobody's way.
            None if output.is_allocated() && size == 0 => {
                let before = segments.iter().filter(|segment| segment.kind == elf::PT_LOAD && segment.address <= placed.address);
                before.map(within).max().unwrap_or(next)
            }
            Some(_) | None => {
                let start = next.next_multiple_of(placed.align.clamp(1, crate::layout::PAGE));
                next = start + size;
                start
            }
        };
        spans[index] = start as usize..(start + size) as usize;
    }
    for segment in segments.iter_mut().filter(|segment| !matches!(segment.kind, elf::PT_LOAD | elf::PT_PHDR)) {
        segment.offset = segment.outputs.first().filter(|&index| order.contains(index)).map_or(0, |&index| spans[index].start as u64);
    }
    (spans, next as usize)
}

/// Writes the ELF file.
pub fn elf(linked: Linked<'_, '_, '_>, image: &mut Image, attributes: &attributes::Merged) -> Vec<u8> {
    let plan = linked.inputs.plan;
    let options = linked.inputs.options;
    let layout = linked.layout;
    let note = image.note.to_bytes();
    let mut file = std::mem::take(&mut image.bytes);
    let mut next = file.len() as u64;
    let mut numbers: Vec<Option<u32>> = vec![None; plan.outputs.len()];
    let mut parts: Vec<Part> = Vec::new();
    let write_at = |file: &mut Vec<u8>, offset: u64, bytes: &[u8]| {
        let start = offset as usize;
        if file.len() < start + bytes.len() {
            file.resize(start + bytes.len(), 0);
        }
        file[start..start + bytes.len()].copy_from_slice(bytes);
    };
    for &index in &image.order {
        parts.push(part(&plan.outputs[index], layout.outputs[index], image.spans[index].start as u64));
        numbers[index] = Some(parts.len() as u32);
    }
    for output in [linked.got.section, linked.got.plt].into_iter().filter_map(|table| plan.output_of(table)) {
        if let Some(number) = numbers[output] {
            parts[number as usize - 1].entsize = synthetic::GOT_ENTRY;
        }
    }
    if options.compress != Compress::No {
        next = compress(options.compress, &mut file, &mut parts) as u64;
    }
    link_parts(linked, &image.order, &numbers, &mut parts);
    let mut append = |file: &mut Vec<u8>, parts: &mut Vec<Part>, name: &str, kind: elf::SectionType, align: u64, bytes: &[u8]| {
        next = next.next_multiple_of(align);
        write_at(file, next, bytes);
        parts.push(Part { name: name.into(), kind, flags: elf::SectionFlags(0), address: 0, offset: next, size: bytes.len() as u64, link: 0, info: 0, align, entsize: 0 });
        next += bytes.len() as u64;
        parts.len() - 1
    };
    let attributes_part = attributes.section.as_ref().map(|bytes| append(&mut file, &mut parts, ".riscv.attributes", elf::SHT_RISCV_ATTRIBUTES, 1, bytes));
    let note_part = append(&mut file, &mut parts, NOTE_SECTION, elf::SHT_NOTE, 4, &note);
    let mut is_gnu = linked.indirect.is_some();
    if options.strip != Strip::All {
        let table = symtab::table(linked, &numbers);
        is_gnu |= table.is_gnu();
        let mut relocations = Vec::new();
        for &index in image.order.iter().filter(|_| options.emit_relocs) {
            let relas = emit_relocs::relocations(linked, &table.index, &plan.outputs[index]);
            if !relas.is_empty() {
                let part = append(&mut file, &mut parts, &format!(".rela{}", plan.outputs[index].name), elf::SHT_RELA, 4, bytes_of_slice(&relas));
                parts[part].info = numbers[index].unwrap_or(0);
                (parts[part].flags, parts[part].entsize) = (elf::SHF_INFO_LINK, size_of::<Rela>() as u32);
                relocations.push(part);
            }
        }
        let symbols = append(&mut file, &mut parts, ".symtab", elf::SHT_SYMTAB, 4, bytes_of_slice(&table.symbols));
        append(&mut file, &mut parts, ".strtab", elf::SHT_STRTAB, 1, &table.strings);
        if table.extended.iter().any(|number| number.get(LE) != 0) {
            let extended = append(&mut file, &mut parts, ".symtab_shndx", elf::SHT_SYMTAB_SHNDX, 4, bytes_of_slice(&table.extended));
            (parts[extended].link, parts[extended].entsize) = (symbols as u32 + 1, 4);
        }
        parts[symbols].link = symbols as u32 + 2;
        parts[symbols].info = table.first_global;
        parts[symbols].entsize = size_of::<Sym32<LE>>() as u32;
        for part in relocations {
            parts[part].link = symbols as u32 + 1;
        }
    }
    let mut names = vec![0];
    let mut name_offsets: Vec<u32> = Vec::with_capacity(parts.len() + 1);
    for name in parts.iter().map(|part| part.name.as_slice()).chain([&b".shstrtab"[..]]) {
        name_offsets.push(names.len() as u32);
        names.extend_from_slice(name);
        names.push(0);
    }
    append(&mut file, &mut parts, ".shstrtab", elf::SHT_STRTAB, 1, &names);
    let table_offset = next.next_multiple_of(4);
    let mut headers = vec![header_of(&Part { name: Vec::new(), kind: elf::SHT_NULL, flags: elf::SectionFlags(0), address: 0, offset: 0, size: 0, link: 0, info: 0, align: 0, entsize: 0 }, 0)];
    headers.extend(parts.iter().zip(&name_offsets).map(|(part, &name)| header_of(part, name)));
    let (section_count, names_section) = numbering::count(&mut headers);
    write_at(&mut file, table_offset, bytes_of_slice(&headers));

    // What says how to read the image comes before what is loaded, but behind the segments that a script lists.
    let described = if linked.inputs.script.segments.is_empty() { 0 } else { image.segments.len() };
    let mut program: Vec<ProgramHeader32<LE>> = image.segments.iter().map(program_header).collect();
    if let Some(attributes) = attributes_part {
        program.insert(described, flat_header(elf::PT_RISCV_ATTRIBUTES, &parts[attributes], 1));
    }
    program.push(flat_header(elf::PT_NOTE, &parts[note_part], 4));
    let header = FileHeader32 {
        e_ident: Ident {
            magic: elf::ELFMAG,
            class: elf::ELFCLASS32,
            data: elf::ELFDATA2LSB,
            version: elf::EV_CURRENT,
            os_abi: if is_gnu { elf::ELFOSABI_GNU } else { elf::ELFOSABI_NONE },
            abi_version: 0,
            padding: [0; 7],
        },
        e_type: U16::new(LE, elf::ET_EXEC),
        e_machine: U16::new(LE, elf::EM_RISCV),
        e_version: U32::new(LE, u32::from(elf::EV_CURRENT.0)),
        e_entry: U32::new(LE, image.entry),
        e_phoff: U32::new(LE, HEADER as u32),
        e_shoff: U32::new(LE, table_offset as u32),
        e_flags: U32::new(LE, elf::FileFlags(attributes.flags)),
        e_ehsize: U16::new(LE, HEADER as u16),
        e_phentsize: U16::new(LE, PROGRAM_HEADER as u16),
        e_phnum: U16::new(LE, program.len() as u16),
        e_shentsize: U16::new(LE, 40),
        e_shnum: U16::new(LE, section_count),
        e_shstrndx: U16::new(LE, names_section),
    };
    write_at(&mut file, 0, bytes_of(&header));
    write_at(&mut file, HEADER, bytes_of_slice(&program));
    file
}

/// Compresses debug sections, which stand behind all that has addresses, and moves what follows them up. Gives where the file ends.
fn compress(how: Compress, file: &mut Vec<u8>, parts: &mut [Part]) -> usize {
    let Some(first) = parts.iter().position(|part| part.flags & elf::SHF_ALLOC != elf::SHF_ALLOC) else { return file.len() };
    let behind = file.split_off(parts[first].offset as usize);
    let start = parts[first].offset as usize;
    for part in &mut parts[first..] {
        let from = part.offset as usize - start;
        let bytes = if part.kind == elf::SHT_NOBITS { &[][..] } else { &behind[from..from + part.size as usize] };
        let shrunk = compressed::shrink(how, &part.name, part.flags, part.align as u32, bytes);
        if let Some((name, flags, packed, align)) = &shrunk {
            (part.name, part.flags, part.size, part.align) = (name.clone(), *flags, packed.len() as u64, u64::from(*align));
        }
        file.resize(file.len().next_multiple_of(part.align.clamp(1, crate::layout::PAGE) as usize), 0);
        part.offset = file.len() as u64;
        file.extend_from_slice(shrunk.as_ref().map_or(bytes, |(_, _, packed, _)| packed));
    }
    file.len()
}

/// Says which section another one speaks of: what it describes, or the strings of its symbols. `parts` are those of `order`.
fn link_parts(linked: Linked<'_, '_, '_>, order: &[usize], numbers: &[Option<u32>], parts: &mut [Part]) {
    let plan = linked.inputs.plan;
    let strings = order.iter().position(|&index| plan.outputs[index].name == ".stabstr").map(|at| at as u32 + 1);
    for (&index, part) in order.iter().zip(parts) {
        let output = &plan.outputs[index];
        if output.has(elf::SHF_LINK_ORDER) {
            let target = link_order::output_linked_to(linked.inputs.resolved, plan, output);
            part.link = target.and_then(|target| numbers[target]).unwrap_or(0);
        } else if output.name == ".stab" {
            part.link = strings.unwrap_or(0);
        }
    }
}

fn part(output: &Output<'_>, placed: crate::layout::Placed, offset: u64) -> Part {
    let (kind, flags) = if output.is_hollow(placed.size) { output.as_hollow() } else { (output.kind, output.flags) };
    Part {
        name: output.name.clone().into_bytes(),
        kind,
        flags,
        address: placed.address,
        offset,
        size: placed.size,
        link: 0,
        info: 0,
        // An address that the script gives may be no multiple of it.
        align: 1 << (placed.align | placed.address).trailing_zeros().min(31),
        entsize: if matches!(kind, elf::SHT_INIT_ARRAY | elf::SHT_FINI_ARRAY | elf::SHT_PREINIT_ARRAY) { 4 } else { output.entsize },
    }
}

fn header_of(part: &Part, name: u32) -> SectionHeader32<LE> {
    SectionHeader32 {
        sh_name: U32::new(LE, name),
        sh_type: U32::new(LE, part.kind),
        sh_flags: U32::new_u64_truncate(LE, part.flags),
        sh_addr: U32::new(LE, part.address as u32),
        sh_offset: U32::new(LE, part.offset as u32),
        sh_size: U32::new(LE, part.size as u32),
        sh_link: U32::new(LE, part.link),
        sh_info: U32::new(LE, part.info),
        sh_addralign: U32::new(LE, part.align as u32),
        sh_entsize: U32::new(LE, part.entsize),
    }
}

fn program_header(segment: &Segment) -> ProgramHeader32<LE> {
    ProgramHeader32 {
        p_type: U32::new(LE, segment.kind),
        p_offset: U32::new(LE, segment.offset as u32),
        p_vaddr: U32::new(LE, segment.address as u32),
        p_paddr: U32::new(LE, segment.load as u32),
        p_filesz: U32::new(LE, segment.file_size as u32),
        p_memsz: U32::new(LE, segment.memory_size as u32),
        p_flags: U32::new(LE, segment.flags),
        p_align: U32::new(LE, segment.align as u32),
    }
}

/// A header for a section that has no address.
fn flat_header(kind: elf::ProgramType, part: &Part, align: u32) -> ProgramHeader32<LE> {
    ProgramHeader32 {
        p_type: U32::new(LE, kind),
        p_offset: U32::new(LE, part.offset as u32),
        p_vaddr: U32::new(LE, 0),
        p_paddr: U32::new(LE, 0),
        p_filesz: U32::new(LE, part.size as u32),
        p_memsz: U32::new(LE, if kind == elf::PT_NOTE { part.size as u32 } else { 0 }),
        p_flags: U32::new(LE, elf::PF_R),
        p_align: U32::new(LE, align),
    }
}
