//! Finds what can be shortened: every relaxable relocation becomes a spot, those of one symbol in one object a group, a low part
//! joins the group of its upper part.

use super::{Call, Group, Kind, Relaxation, Relaxed, Spot, Target, Upper};
use crate::addresses::Shapes;
use crate::layout::Inputs;
use crate::names::NameHasher;
use crate::object_file::Rela;
use crate::plan::{Fate, Item};
use crate::problem::{Problem, Site};
use crate::resolve::{ObjectId, Place, SectionId};
use diag::{Diagnostic, codes};
use object::LittleEndian as LE;
use object::elf;
use rv32::Reloc;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

type GroupMap = HashMap<u64, u32, BuildHasherDefault<NameHasher>>;

fn key(a: u32, b: u32) -> u64 {
    u64::from(a) << 32 | u64::from(b)
}

/// Finds every relaxable relocation.
pub(super) fn collect(inputs: Inputs<'_, '_, '_>, shapes: &mut Shapes<'_>, problems: &mut Vec<Problem>) -> Relaxation {
    let mut collector = Collector { inputs, relaxation: Relaxation { index: vec![u32::MAX; inputs.resolved.sections.len()], ..Relaxation::default() }, absolute: GroupMap::default(), thread: GroupMap::default(), pcrel: GroupMap::default(), waiting: Vec::new() };
    for output in &inputs.plan.outputs {
        for item in &output.items {
            if let Item::Section(id) = item
                && inputs.resolved.section(*id).has(elf::SHF_EXECINSTR)
                && !inputs.resolved.section(*id).relas.is_empty()
                && matches!(inputs.plan.fates[id.0 as usize], Fate::Output(_))
            {
                collector.section(*id, shapes, problems);
            }
        }
    }
    collector.join_waiting();
    let Collector { mut relaxation, .. } = collector;
    for relaxed in &mut relaxation.sections {
        relaxed.spots.sort_by_key(|spot| spot.rela);
        relaxed.active = (0..relaxed.spots.len() as u32).collect();
    }
    relaxation
}

/// A low part that waits for its upper part to be found: (section of the spot, spot, key of the upper).
type Waiting = (usize, Spot, u64, bool);

struct Collector<'x, 'a, 's> {
    inputs: Inputs<'x, 'a, 's>,
    relaxation: Relaxation,
    absolute: GroupMap,
    thread: GroupMap,
    pcrel: GroupMap,
    waiting: Vec<Waiting>,
}

impl Collector<'_, '_, '_> {
    fn section(&mut self, id: SectionId, shapes: &mut Shapes<'_>, problems: &mut Vec<Problem>) {
        let resolved = self.inputs.resolved;
        let input = &resolved.sections[id.0 as usize];
        let (object, section) = (input.object, &input.section);
        let rvc = resolved.objects.get(object.0 as usize).is_some_and(|object| object.file.flags & elf::EF_RISCV_RVC.0 != 0);
        let mut spots = Vec::new();
        let mut alignment = 1;
        // Bytes before this offset belong to an earlier spot.
        let mut free = 0;
        let here = self.relaxation.sections.len();
        for (index, rela) in section.relas.iter().enumerate() {
            let Some(reloc) = Reloc::from_number(rela.r_type(LE).0) else { continue };
            let offset = rela.r_offset.get(LE);
            if reloc == Reloc::Align {
                match padding(rela, section.size, free) {
                    Some((padding, align)) => {
                        alignment = alignment.max(align);
                        free = offset + padding;
                        spots.push(Spot { offset, rela: index as u32, kind: Kind::Align { padding, alignment: align, keep: padding } });
                    }
                    None => problems.push(Problem::At(Site { section: id, offset }, Box::new(Diagnostic::new(&codes::E0505, "the padding that R_RISCV_ALIGN asks for does not lie in its section")))),
                }
                continue;
            }
            let wants = self.inputs.options.relax && section.relas.get(index + 1).is_some_and(|next| next.r_offset.get(LE) == offset && next.r_type(LE) == elf::R_RISCV_RELAX);
            if let Some(kind) = self.spot(here, object, id, rela, reloc, index as u32, wants && offset >= free) {
                free = offset.saturating_add(if matches!(kind, Kind::Call { .. }) { 8 } else { 4 });
                spots.push(Spot { offset, rela: index as u32, kind });
            }
        }
        // A section whose only spots wait for their upper parts must exist for them.
        if spots.is_empty() && self.waiting.last().is_none_or(|waiting| waiting.0 != here) {
            return;
        }
        self.relaxation.index[id.0 as usize] = here as u32;
        let deletions = shapes.track(id);
        self.relaxation.sections.push(Relaxed { section: id, spots, active: Vec::new(), deletions, rvc, alignment, address: 0, dirty: false });
    }

    /// What a relocation is to relaxation. One that must not be relaxed still counts for its group.
    #[expect(clippy::too_many_arguments, reason = "the parts of one relocation")]
    fn spot(&mut self, here: usize, object: ObjectId, id: SectionId, rela: &Rela, reloc: Reloc, index: u32, wants: bool) -> Option<Kind> {
        let resolved = self.inputs.resolved;
        let offset = rela.r_offset.get(LE);
        let word = |at: u32| resolved.section(id).data.get(at as usize..at as usize + 4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        let insn = word(offset);
        let rd = insn.map_or(0, |insn| (insn >> 7 & 31) as u8);
        let wants = wants && !self.is_indirect(object, rela) && !self.is_outside(object, rela, reloc);
        match reloc {
            Reloc::Call | Reloc::CallPlt => {
                let jalr = word(offset.checked_add(4)?)?;
                let is_pair = insn? & 0x7f == 0x17 && jalr & 0x707f == 0x67;
                let place = self.target_place(object, rela)?;
                let rd = (jalr >> 7 & 31) as u8;
                (wants && is_pair).then_some(Kind::Call { target: place, rd, form: Call::Compressed })
            }
            Reloc::Hi20 | Reloc::Lo12I | Reloc::Lo12S => {
                let upper = reloc == Reloc::Hi20;
                let wants = wants && (!upper || insn.is_some_and(|insn| insn & 0x7f == 0x37));
                let group = self.join(false, object, rela, wants)?;
                if !wants {
                    return None;
                }
                Some(if upper { Kind::Lui { group, rd, form: Upper::Compressed } } else { Kind::Lower { group } })
            }
            Reloc::TprelHi20 | Reloc::TprelAdd | Reloc::TprelLo12I | Reloc::TprelLo12S => {
                let group = self.join(true, object, rela, wants)?;
                if !wants {
                    return None;
                }
                Some(if matches!(reloc, Reloc::TprelHi20 | Reloc::TprelAdd) { Kind::Dropped { group } } else { Kind::Lower { group } })
            }
            Reloc::PcrelHi20 => {
                let target = self.target_place(object, rela)?;
                let wants = wants && insn.is_some_and(|insn| insn & 0x7f == 0x17);
                let group = self.relaxation.groups.len() as u32;
                self.relaxation.groups.push(Group { place: target.place, low: target.addend, high: target.addend, thread: false, short: wants });
                self.pcrel.insert(key(id.0, offset), group);
                wants.then_some(Kind::Dropped { group })
            }
            Reloc::PcrelLo12I | Reloc::PcrelLo12S => {
                if let Place::Section(section, label) = resolved.place(object, rela.r_sym(LE)) {
                    let spot = Spot { offset, rela: index, kind: Kind::Lower { group: 0 } };
                    // With an offset of its own the low part stays what it is; one that stands before its upper part is in a loop that
                    // nobody would have written, and stays too.
                    let is_plain = rela.r_addend.get(LE) == 0 && !(section == id && offset < label);
                    self.waiting.push((here, spot, key(section.0, label), wants && is_plain));
                }
                None
            }
            // Nothing that could be shorter; padding is taken care of before.
            Reloc::None | Reloc::Abs32 | Reloc::Abs64 | Reloc::Relative | Reloc::Copy | Reloc::JumpSlot | Reloc::TlsDtpmod32
            | Reloc::TlsDtpmod64 | Reloc::TlsDtprel32 | Reloc::TlsDtprel64 | Reloc::TlsTprel32 | Reloc::TlsTprel64
            | Reloc::Branch | Reloc::Jal | Reloc::GotHi20 | Reloc::TlsGotHi20 | Reloc::TlsGdHi20 | Reloc::Add8 | Reloc::Add16
            | Reloc::Add32 | Reloc::Add64 | Reloc::Sub8 | Reloc::Sub16 | Reloc::Sub32 | Reloc::Sub64 | Reloc::Got32Pcrel
            | Reloc::Align | Reloc::RvcBranch | Reloc::RvcJump | Reloc::RvcLui | Reloc::GprelI | Reloc::GprelS | Reloc::TprelI
            | Reloc::TprelS | Reloc::Relax | Reloc::Sub6 | Reloc::Set6 | Reloc::Set8 | Reloc::Set16 | Reloc::Set32
            | Reloc::Pcrel32 | Reloc::Irelative | Reloc::Plt32 | Reloc::SetUleb128 | Reloc::SubUleb128 => None,
        }
    }

    /// Whether a relocation names an indirect function, whose uses keep their full forms: tools know the entry by them.
    fn is_indirect(&self, object: ObjectId, rela: &Rela) -> bool {
        let indirect = &self.inputs.resolved.indirect;
        if indirect.is_empty() {
            return false;
        }
        let index = rela.r_sym(LE);
        let shared = self.inputs.resolved.global(object, index);
        shared.is_some_and(|shared| indirect.contains_key(&(None, shared.0))) || indirect.contains_key(&(Some(object), index))
    }

    /// Whether an address lies outside the section that its symbol belongs to (`.set x, . + 0x1800`): what is there does not move with
    /// that section, so it keeps its full form, as in GNU ld.
    fn is_outside(&self, object: ObjectId, rela: &Rela, reloc: Reloc) -> bool {
        let is_address = matches!(reloc, Reloc::Hi20 | Reloc::Lo12I | Reloc::Lo12S | Reloc::PcrelHi20);
        is_address && matches!(self.inputs.resolved.place(object, rela.r_sym(LE)), Place::Section(section, offset) if offset > self.inputs.resolved.section(section).size)
    }

    /// The target of a relocation; none if its section is not in the image.
    fn target_place(&self, object: ObjectId, rela: &Rela) -> Option<Target> {
        let (place, addend) = crate::apply::resolve_target(self.inputs.resolved, object, rela);
        match place {
            Place::Section(section, _) if self.inputs.plan.output_of(section).is_none() => None,
            Place::Section(..) | Place::Absolute(_) | Place::Linker(_) | Place::UndefinedWeak | Place::Undefined(_) => Some(Target { place, addend }),
        }
    }

    /// Adds a relocation to the group of its symbol in its object.
    fn join(&mut self, thread: bool, object: ObjectId, rela: &Rela, wants: bool) -> Option<u32> {
        let target = self.target_place(object, rela)?;
        let groups = &mut self.relaxation.groups;
        let map = if thread { &mut self.thread } else { &mut self.absolute };
        let number = *map.entry(key(object.0, rela.r_sym(LE))).or_insert_with(|| {
            groups.push(Group { place: target.place, low: target.addend, high: target.addend, thread, short: true });
            groups.len() as u32 - 1
        });
        let group = &mut groups[number as usize];
        if group.place == target.place {
            group.low = group.low.min(target.addend);
            group.high = group.high.max(target.addend);
            group.short &= wants;
        } else {
            // A section symbol's addend was folded into its place: no common range to speak of.
            group.short = false;
        }
        Some(number)
    }

    /// Joins low parts with the upper parts that they name.
    fn join_waiting(&mut self) {
        for (section, mut spot, key, wants) in std::mem::take(&mut self.waiting) {
            let Some(&group) = self.pcrel.get(&key) else { continue };
            if wants {
                spot.kind = Kind::Lower { group };
                self.relaxation.sections[section].spots.push(spot);
            } else {
                self.relaxation.groups[group as usize].short = false;
            }
        }
    }
}

/// Bytes of padding and the alignment that they are for.
fn padding(rela: &Rela, size: u32, free: u32) -> Option<(u32, u32)> {
    let offset = rela.r_offset.get(LE);
    let padding = u32::try_from(rela.r_addend.get(LE)).ok()?;
    let alignment = padding.checked_add(1)?.checked_next_power_of_two()?;
    (offset >= free && offset.checked_add(padding)? <= size).then_some((padding, alignment))
}
