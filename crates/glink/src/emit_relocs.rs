//! `--emit-relocs`: the image's relocations as they are after linking, for tools that change or check code. Addresses are final, forms are
//! those that relaxation chose; what relaxation has used up (`R_RISCV_RELAX`, `R_RISCV_ALIGN`) is gone.

use crate::apply::{Linked, resolve_target};
use crate::object_file::Rela;
use crate::plan::{Item, Output};
use crate::relax::{Base, Call, Kind, Spot, Upper};
use crate::resolve::{ObjectId, Place, SectionId};
use crate::symtab::Index;
use object::LittleEndian as LE;
use object::elf;
use object::{I32, U32};
use rv32::Reloc;
use std::collections::HashSet;

/// The local symbols that relocations name, which stay whatever they are called.
#[must_use]
pub fn used_locals(linked: Linked<'_, '_, '_>) -> HashSet<(ObjectId, u32)> {
    let sections = linked.inputs.plan.outputs.iter().flat_map(|output| &output.items).filter_map(|item| if let Item::Section(id) = item { Some(*id) } else { None });
    let inputs = sections.map(|id| &linked.inputs.resolved.sections[id.0 as usize]);
    inputs.flat_map(|input| input.section.relas.iter().map(|rela| (input.object, rela.r_sym(LE)))).collect()
}

/// The relocations of an output section.
#[must_use]
pub fn relocations(linked: Linked<'_, '_, '_>, index: &Index, output: &Output<'_>) -> Vec<Rela> {
    let mut relas = Vec::new();
    for item in &output.items {
        let Item::Section(id) = item else { continue };
        // Merged sections have none.
        let input = &linked.inputs.resolved.sections[id.0 as usize];
        let spots = linked.relaxation.of(*id).map_or(&[][..], |relaxed| &relaxed.spots[..]);
        let taken = linked.frames.taken(*id, linked.shapes.deletions_of(*id));
        let mut next = 0;
        for (number, rela) in input.section.relas.iter().enumerate() {
            while spots.get(next).is_some_and(|spot| (spot.rela as usize) < number) {
                next += 1;
            }
            let spot = spots.get(next).filter(|spot| spot.rela as usize == number);
            let is_gone = taken.is_some_and(|taken| taken.holds(rela.r_offset.get(LE)));
            if let Some(kind) = kind(linked, rela, spot).filter(|_| !is_gone) {
                relas.push(relocation(linked, index, *id, rela, kind));
            }
        }
    }
    relas
}

/// What a relocation is now; none if its instruction is gone.
fn kind(linked: Linked<'_, '_, '_>, rela: &Rela, spot: Option<&Spot>) -> Option<elf::RelocationType> {
    let own = rela.r_type(LE);
    let is_store = matches!(own, elf::R_RISCV_LO12_S | elf::R_RISCV_PCREL_LO12_S | elf::R_RISCV_TPREL_LO12_S);
    let base = |group: u32| {
        let group = &linked.relaxation.groups[group as usize];
        if group.short { group.base(linked.shapes, linked.layout) } else { None }
    };
    let number = |reloc: Reloc| elf::RelocationType(u32::from(reloc.number()));
    Some(match spot.map(|spot| spot.kind) {
        None if own == elf::R_RISCV_RELAX => return None,
        None => own,
        Some(Kind::Align { .. }) => return None,
        Some(Kind::Call { form, .. }) => match form {
            Call::Compressed => elf::R_RISCV_RVC_JUMP,
            Call::Jal => elf::R_RISCV_JAL,
            Call::Zero => elf::R_RISCV_LO12_I,
            Call::Full => own,
        },
        Some(Kind::Lui { group, .. } | Kind::Dropped { group }) if base(group).is_some() => return None,
        Some(Kind::Lui { form: Upper::Compressed, .. }) => number(Reloc::RvcLui),
        Some(Kind::Lui { .. } | Kind::Dropped { .. }) => own,
        Some(Kind::Lower { group }) => match (base(group), is_store) {
            (None, _) => own,
            (Some(Base::Zero), false) => elf::R_RISCV_LO12_I,
            (Some(Base::Zero), true) => elf::R_RISCV_LO12_S,
            (Some(Base::Gp), false) => number(Reloc::GprelI),
            (Some(Base::Gp), true) => number(Reloc::GprelS),
            (Some(Base::Tp), false) => number(Reloc::TprelI),
            (Some(Base::Tp), true) => number(Reloc::TprelS),
        },
    })
}

fn relocation(linked: Linked<'_, '_, '_>, index: &Index, section: SectionId, rela: &Rela, kind: elf::RelocationType) -> Rela {
    let resolved = linked.inputs.resolved;
    let object = resolved.sections[section.0 as usize].object;
    let offset = linked.shapes.address(linked.layout, Place::Section(section, rela.r_offset.get(LE)), 0);
    let make = |symbol: u32, kind: elf::RelocationType, addend: i32| Rela { r_offset: U32::new(LE, offset), r_info: Rela::r_info(LE, symbol, kind), r_addend: I32::new(LE, addend) };
    let number = rela.r_sym(LE);
    let named = match resolved.global(object, number) {
        Some(shared) => index.globals.get(&shared),
        None => index.locals.get(&(object, number)),
    };
    if let (Some(&symbol), addend) = (named, rela.r_addend.get(LE)) {
        return make(symbol, kind, addend);
    }
    let (place, addend) = resolve_target(resolved, object, rela);
    match place {
        Place::Section(target, at) => {
            // The section that holds it may be another, if it was merged.
            let (holder, _) = linked.shapes.locate(target, at);
            let output = linked.inputs.plan.output_of(target).and_then(|_| linked.inputs.plan.output_of(holder));
            match output.and_then(|output| Some((index.sections[output]?, linked.layout.outputs[output].address as u32))) {
                Some((symbol, start)) => make(symbol, kind, linked.shapes.address(linked.layout, place, addend).wrapping_sub(start) as i32),
                None => make(0, elf::R_RISCV_NONE, 0),
            }
        }
        Place::Absolute(_) | Place::Linker(_) => make(0, kind, linked.shapes.address(linked.layout, place, addend) as i32),
        Place::UndefinedWeak | Place::Undefined(_) => make(0, kind, addend),
    }
}
