//! Indirect functions (`STT_GNU_IFUNC`) in a static image. Every use of one goes to an entry of `.iplt`, which jumps to the address in its
//! word of `.igot.plt`. The start-up code fills those words: for each entry of `.rela.iplt`, from `__rela_iplt_start` to `__rela_iplt_end`,
//! it calls the resolver at `r_addend` and stores what that gives at `r_offset`. All uses of a function see one address, that of its entry.

use crate::apply::Linked;
use crate::object_file::Rela;
use crate::plan::{Item, Plan};
use crate::problem::{Problem, Site};
use crate::resolve::{Definition, ObjectId, Place, Resolved, SectionId, SymbolId};
use crate::synthetic::add_section;
use diag::{Diagnostic, codes};
use object::LittleEndian as LE;
use object::elf;
use object::pod::bytes_of;
use object::{I32, U32};
use rv32::Field;

/// Bytes of an entry of `.iplt`.
const ENTRY: u32 = 16;
/// Bytes of a word of `.igot.plt`.
const WORD: u32 = 4;
/// The entry: `auipc t3, %pcrel_hi(word)`, `lw t3, %pcrel_lo(entry)(t3)`, `jalr t1, t3`, `nop` (psABI, "PLT").
const CODE: [u32; 4] = [0x0000_0e17, 0x000e_2e03, 0x000e_0367, 0x0000_0013];

/// The sections for indirect functions, and which function has which entry.
#[derive(Clone, Copy, Debug)]
pub struct Sections {
    entries: SectionId,
    words: SectionId,
    relocations: SectionId,
}

/// Every indirect function that the image uses: the resolvers in the order of their entries.
#[derive(Clone, Debug)]
pub struct Indirect {
    sections: Sections,
    resolvers: Vec<Place>,
}

/// Adds the empty sections, so that the script can place them; none if no object has an indirect function.
pub fn declare(resolved: &mut Resolved<'_>) -> Option<Sections> {
    if !resolved.objects.iter().any(|object| object.file.has_indirect) {
        return None;
    }
    let data = elf::SHF_ALLOC | elf::SHF_WRITE;
    Some(Sections {
        entries: add_section(resolved, b".iplt", elf::SHT_PROGBITS, elf::SHF_ALLOC | elf::SHF_EXECINSTR, ENTRY),
        words: add_section(resolved, b".igot.plt", elf::SHT_PROGBITS, data, WORD),
        relocations: add_section(resolved, b".rela.iplt", elf::SHT_RELA, elf::SHF_ALLOC, 4),
    })
}

/// Gives every indirect function that the plan's sections use an entry, to which all its uses go from here on; what stays
/// empty leaves the plan.
pub fn allocate(sections: Option<Sections>, resolved: &mut Resolved<'_>, plan: &mut Plan<'_>, is_platform: bool, problems: &mut Vec<Problem>) -> Option<Indirect> {
    let sections = sections?;
    let mut indirect = Indirect { sections, resolvers: Vec::new() };
    for (site, object, index) in uses(resolved, plan) {
        let shared = resolved.global(object, index);
        if shared.is_some_and(|shared| resolved.indirect.contains_key(&(None, shared.0))) || resolved.indirect.contains_key(&(Some(object), index)) {
            continue;
        }
        if is_platform && indirect.resolvers.is_empty() && !is_resolved(resolved) {
            let message = format!("`{}` is an indirect function, and nothing in the program calls its resolver", crate::resolve::display_name(resolved, object, index));
            let help = "let the start-up code call the resolver of each entry from `__rela_iplt_start` to `__rela_iplt_end` and store what it gives; or call the function that you want";
            problems.push(Problem::At(site, Box::new(Diagnostic::new(&codes::INDIRECT_FUNCTION, message).help(help))));
        }
        let entry = Place::Section(sections.entries, indirect.resolvers.len() as u32 * ENTRY);
        indirect.resolvers.push(resolved.place(object, index));
        match shared {
            Some(shared) => resolved.redirect(shared, entry),
            None => {
                resolved.indirect.insert((Some(object), index), entry);
            }
        }
    }
    let count = indirect.resolvers.len() as u32;
    for (section, size) in [(sections.entries, ENTRY), (sections.words, WORD), (sections.relocations, size_of::<Rela>() as u32)] {
        resolved.sections[section.0 as usize].section.size = count * size;
        plan.settle_table(resolved, section);
    }
    (count > 0).then_some(indirect)
}

/// Whether the program itself walks the table of resolvers.
fn is_resolved(resolved: &Resolved<'_>) -> bool {
    resolved.symbols.find(b"__rela_iplt_start").is_some_and(|id| resolved.symbols.get(id).first_use.is_some())
}

/// Every relocation of the image that names an indirect function: its place, its object, its symbol.
fn uses(resolved: &Resolved<'_>, plan: &Plan<'_>) -> Vec<(Site, ObjectId, u32)> {
    let mut found = Vec::new();
    for item in plan.outputs.iter().flat_map(|output| &output.items) {
        let Item::Section(id) = item else { continue };
        let input = &resolved.sections[id.0 as usize];
        if !input.section.has(elf::SHF_ALLOC) {
            continue;
        }
        for rela in input.section.relas.iter().filter(|rela| rela.r_sym(LE) != 0) {
            if is_indirect(resolved, input.object, rela.r_sym(LE)) {
                found.push((Site { section: *id, offset: rela.r_offset.get(LE) }, input.object, rela.r_sym(LE)));
            }
        }
    }
    found
}

/// Whether a symbol of an object is an indirect function, there or where it is defined.
fn is_indirect(resolved: &Resolved<'_>, object: ObjectId, index: u32) -> bool {
    let (object, index) = match resolved.global(object, index) {
        Some(SymbolId(shared)) => match resolved.symbols.get(SymbolId(shared)).definition {
            Definition::Object(object, index) => (object, index),
            Definition::Undefined | Definition::Common { .. } | Definition::Block(_) | Definition::Linker => return false,
        },
        None => (object, index),
    };
    resolved.objects[object.0 as usize].file.symbol(index as usize).is_some_and(|symbol| symbol.st_type() == elf::STT_GNU_IFUNC)
}

impl Indirect {
    /// Writes a section's bytes, if it is one of these; gives whether it is.
    pub fn fill(&self, linked: Linked<'_, '_, '_>, section: SectionId, out: &mut [u8]) -> bool {
        let Sections { entries, words, relocations } = self.sections;
        let address = |section: SectionId| linked.layout.sections[section.0 as usize];
        if section == entries {
            for (number, out) in out.chunks_exact_mut(ENTRY as usize).enumerate() {
                let number = number as u32;
                let distance = (address(words) + number * WORD).wrapping_sub(address(entries) + number * ENTRY);
                for (insn, out) in CODE.iter().zip(out.chunks_exact_mut(4)) {
                    out.copy_from_slice(&insn.to_le_bytes());
                }
                let (_, low) = rv32::format::split_hi_lo(distance);
                // Both fit: addresses have 32 bits, and a low part is one by construction.
                let _ = Field::U.patch(out, i64::from(distance as i32));
                let _ = Field::I.patch(&mut out[4..], i64::from(low));
            }
        } else if section == relocations {
            for (number, (resolver, out)) in self.resolvers.iter().zip(out.chunks_exact_mut(size_of::<Rela>())).enumerate() {
                let resolver = linked.shapes.address(linked.layout, *resolver, 0);
                let rela = Rela {
                    r_offset: U32::new(LE, address(words) + number as u32 * WORD),
                    r_info: Rela::r_info(LE, 0, elf::R_RISCV_IRELATIVE),
                    r_addend: I32::new(LE, resolver as i32),
                };
                out.copy_from_slice(bytes_of(&rela));
            }
        } else if section != words {
            return false;
        }
        true
    }
}
