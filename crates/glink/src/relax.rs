//! Phase 7: relaxation. Every instruction that may be shortened starts in its shortest form; what
//! does not reach grows, until all do. Forms only grow, so this ends, and the result is the smallest
//! that this way can find. A pass looks only at what may still grow.
//!
//! Padding of `R_RISCV_ALIGN` is cut to what is needed whether relaxation is on or not: the psABI
//! leaves no choice.

use crate::addresses::Shapes;
use crate::layout::{Inputs, Layout};
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

/// The forms of a call or jump, shortest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// `c.j` or `c.jal`.
    Compressed,
    /// `jal`.
    Jal,
    /// `jalr` from `zero`, for targets near address 0.
    Zero,
    /// `auipc` and `jalr`.
    Full,
}

/// The forms of a `lui` whose lower half needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Upper {
    /// `c.lui`.
    Compressed,
    /// `lui`.
    Full,
}

/// What a relaxable relocation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A call or jump with link register `rd`.
    Call {
        /// Where to.
        target: Target,
        /// Link register.
        rd: u8,
        /// Present form.
        form: Call,
    },
    /// Padding.
    Align {
        /// Bytes in the object.
        padding: u32,
        /// What follows is to be a multiple of this.
        alignment: u32,
        /// Bytes that stay.
        keep: u32,
    },
    /// `lui`; goes if its group is short.
    Lui {
        /// Its group.
        group: u32,
        /// Destination register.
        rd: u8,
        /// Form if the group is long.
        form: Upper,
    },
    /// `auipc`, the `lui` of a thread offset or its `add`; goes if its group is short.
    Dropped {
        /// Its group.
        group: u32,
    },
    /// The instruction with the low part; gets another base if its group is short.
    Lower {
        /// Its group.
        group: u32,
    },
}

/// A target of a relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The symbol.
    pub place: Place,
    /// What is added.
    pub addend: i32,
}

/// A relaxable relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Offset into the section as it stands in the object.
    pub offset: u32,
    /// Index of its relocation.
    pub rela: u32,
    /// What it is.
    pub kind: Kind,
}

/// What the addresses of a group are relative to once their upper parts are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// `zero`.
    Zero,
    /// `gp`.
    Gp,
    /// `tp`.
    Tp,
}

/// Instructions that form one symbol's address together: all or none lose their upper parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The symbol.
    pub place: Place,
    /// The least addend.
    pub low: i32,
    /// The greatest addend.
    pub high: i32,
    /// Thread-relative.
    pub thread: bool,
    /// Whether the upper parts are gone.
    pub short: bool,
}

/// The relaxable relocations of a section.
#[derive(Clone, Debug)]
pub struct Relaxed {
    /// The section.
    pub section: SectionId,
    /// By offset.
    pub spots: Vec<Spot>,
    /// Indices of spots that may still grow.
    active: Vec<u32>,
    /// Index of its deletions.
    deletions: usize,
    /// Whether compressed instructions may be made.
    rvc: bool,
    /// The strictest alignment asked for inside.
    alignment: u32,
    /// The address for which the deletions were computed.
    address: u32,
    dirty: bool,
}

/// The outcome.
#[derive(Clone, Debug, Default)]
pub struct Relaxation {
    /// Sections with relaxable relocations.
    pub sections: Vec<Relaxed>,
    /// By section: index into `sections`, or `u32::MAX`.
    index: Vec<u32>,
    /// Groups.
    pub groups: Vec<Group>,
}

impl Relaxation {
    /// The relaxable relocations of a section.
    #[must_use]
    pub fn of(&self, section: SectionId) -> Option<&Relaxed> {
        self.sections.get(*self.index.get(section.0 as usize)? as usize)
    }
}

/// No link needs more passes than this; one that does has a script whose values feed on themselves.
const MOST_PASSES: usize = 100;

/// Lays the image out and shortens what can be shortened.
pub fn relax(inputs: Inputs<'_, '_, '_>, shapes: &mut Shapes<'_>, layout: &mut Layout, problems: &mut Vec<Problem>) -> Relaxation {
    let mut relaxation = collect(inputs, shapes, problems);
    for relaxed in &mut relaxation.sections {
        delete(relaxed, &relaxation.groups, shapes, 0);
    }
    let mut verified = false;
    for pass in 0.. {
        let moved = layout.pass(inputs, shapes, None);
        let grew = relaxation.grow(inputs, shapes, layout, verified);
        verified = false;
        if !moved && !grew {
            if relaxation.all_fit(inputs, shapes, layout) {
                break;
            }
            // Something that had seemed settled does not reach after all: look at everything once.
            verified = true;
        }
        if pass == MOST_PASSES {
            let before = layout.symbols.clone();
            layout.pass(inputs, shapes, None);
            let moving: Vec<String> = inputs
                .resolved
                .symbols
                .iter()
                .filter(|(id, _)| before[id.0 as usize].map(|symbol| symbol.address) != layout.symbols[id.0 as usize].map(|symbol| symbol.address))
                .map(|(_, symbol)| format!("`{}`", crate::strings::text(symbol.name)))
                .take(8)
                .collect();
            let message = match moving.is_empty() {
                true => "the layout never settles: section addresses depend on themselves".to_string(),
                false => format!("the layout never settles: {} depend on themselves", moving.join(", ")),
            };
            problems.push(Problem::plain(&codes::E0508, message));
            break;
        }
    }
    layout.pass(inputs, shapes, Some(problems));
    relaxation
}

/// Bytes that may come between a call and its target beyond a doubling of what is there.
const NEAR: i64 = 256;
/// Lays an object out (`-r`): nothing is shortened.
pub fn settle(inputs: Inputs<'_, '_, '_>, shapes: &Shapes<'_>, layout: &mut Layout, problems: &mut Vec<Problem>) {
    for _ in 0..MOST_PASSES {
        if !layout.pass(inputs, shapes, None) {
            break;
        }
    }
    layout.pass(inputs, shapes, Some(problems));
}

type GroupMap = HashMap<u64, u32, BuildHasherDefault<NameHasher>>;

fn key(a: u32, b: u32) -> u64 {
    u64::from(a) << 32 | u64::from(b)
}

/// Finds every relaxable relocation.
fn collect(inputs: Inputs<'_, '_, '_>, shapes: &mut Shapes<'_>, problems: &mut Vec<Problem>) -> Relaxation {
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

/// Recomputes a section's deletions for an address.
fn delete(relaxed: &mut Relaxed, groups: &[Group], shapes: &mut Shapes<'_>, address: u32) -> bool {
    let deletions = &mut shapes.deletions[relaxed.deletions];
    let before = deletions.total;
    deletions.clear();
    for spot in &mut relaxed.spots {
        let (keep, length) = match &mut spot.kind {
            Kind::Call { form: Call::Compressed, .. } => (2, 8),
            Kind::Call { form: Call::Jal | Call::Zero, .. } => (4, 8),
            Kind::Call { form: Call::Full, .. } | Kind::Lower { .. } => continue,
            Kind::Lui { group, .. } if groups[*group as usize].short => (0, 4),
            Kind::Lui { form: Upper::Compressed, .. } => (2, 4),
            Kind::Lui { form: Upper::Full, .. } => continue,
            Kind::Dropped { group } if groups[*group as usize].short => (0, 4),
            Kind::Dropped { .. } => continue,
            Kind::Align { padding, alignment, keep } => {
                let at = address.wrapping_add(spot.offset - deletions.total);
                // More than was left for it cannot be had: `apply` says so.
                *keep = (at.wrapping_neg() & (*alignment - 1)).min(*padding);
                (*keep, *padding)
            }
        };
        deletions.push(spot.offset + keep, length - keep);
    }
    deletions.finish();
    relaxed.address = address;
    relaxed.dirty = false;
    deletions.total != before
}

impl Group {
    /// What the group's addresses can be relative to, all of them.
    #[must_use]
    pub fn base(&self, shapes: &Shapes<'_>, layout: &Layout) -> Option<Base> {
        let low = shapes.address(layout, self.place, self.low);
        let high = shapes.address(layout, self.place, self.high);
        let near = |base: u32| {
            let distance = |address: u32| address.wrapping_sub(base) as i32;
            (-2048..2048).contains(&distance(low)) && (-2048..2048).contains(&distance(high))
        };
        if self.thread {
            return near(layout.tls_base as u32).then_some(Base::Tp);
        }
        if near(0) {
            return Some(Base::Zero);
        }
        layout.gp.filter(|&gp| near(gp)).map(|_| Base::Gp)
    }
}

impl Relaxation {
    /// Grows what does not reach. Gives whether anything changed.
    fn grow(&mut self, inputs: Inputs<'_, '_, '_>, shapes: &mut Shapes<'_>, layout: &Layout, everything: bool) -> bool {
        let mut groups_changed = false;
        for group in &mut self.groups {
            if group.short && group.base(shapes, layout).is_none() {
                group.short = false;
                groups_changed = true;
            }
        }
        for relaxed in &mut self.sections {
            if everything {
                relaxed.active = (0..relaxed.spots.len() as u32).collect();
            }
            let address = layout.sections[relaxed.section.0 as usize];
            let mut active = std::mem::take(&mut relaxed.active);
            active.retain(|&index| relaxed.visit(index as usize, &self.groups, groups_changed, inputs, shapes, layout));
            relaxed.active = active;
            relaxed.dirty |= address & (relaxed.alignment - 1) != relaxed.address & (relaxed.alignment - 1);
        }
        let mut changed = groups_changed;
        for relaxed in &mut self.sections {
            if relaxed.dirty {
                let address = layout.sections[relaxed.section.0 as usize];
                delete(relaxed, &self.groups, shapes, address);
                changed = true;
            }
        }
        changed
    }

    /// Whether every form reaches in this layout.
    fn all_fit(&self, inputs: Inputs<'_, '_, '_>, shapes: &Shapes<'_>, layout: &Layout) -> bool {
        self.groups.iter().all(|group| !group.short || group.base(shapes, layout).is_some())
            && self.sections.iter().all(|relaxed| {
                relaxed.spots.iter().all(|spot| match spot.kind {
                    Kind::Call { form: Call::Full, .. } => true,
                    Kind::Call { target, rd, form } => {
                        let (from, to) = relaxed.ends(spot, target, shapes, layout);
                        relaxed.call_fits(from, to, rd, form)
                    }
                    Kind::Lui { group, rd, form } => self.groups[group as usize].short || relaxed.lui_fits(spot, rd, form, inputs, shapes, layout),
                    Kind::Align { .. } | Kind::Dropped { .. } | Kind::Lower { .. } => true,
                })
            })
    }
}

impl Relaxed {
    /// Looks at one spot; gives whether it may grow later.
    fn visit(&mut self, index: usize, groups: &[Group], groups_changed: bool, inputs: Inputs<'_, '_, '_>, shapes: &Shapes<'_>, layout: &Layout) -> bool {
        let spot = self.spots[index];
        match spot.kind {
            Kind::Call { target, rd, form } => {
                let (from, to) = self.ends(&spot, target, shapes, layout);
                let mut new = form;
                while !self.call_fits(from, to, rd, new) {
                    new = match new {
                        Call::Compressed => Call::Jal,
                        Call::Jal => Call::Zero,
                        Call::Zero | Call::Full => Call::Full,
                    };
                }
                if new != form {
                    self.spots[index].kind = Kind::Call { target, rd, form: new };
                    self.dirty = true;
                }
                // Within a section nothing can be farther away than it is in the object. Otherwise twice as far is
                // far enough for all but odd cases, which the last look at everything finds.
                let farthest = match target.place {
                    Place::Section(section, offset) if section == self.section => (i64::from(offset) + i64::from(target.addend) - i64::from(spot.offset)).abs(),
                    Place::Section(..) | Place::Absolute(_) | Place::Linker(_) | Place::UndefinedWeak | Place::Undefined(_) => 2 * i64::from(to.wrapping_sub(from) as i32).abs() + NEAR,
                };
                match new {
                    Call::Full => false,
                    Call::Jal => farthest >= 1 << 20,
                    Call::Compressed => farthest >= 1 << 11,
                    Call::Zero => true,
                }
            }
            Kind::Lui { group, rd, form } => {
                if groups[group as usize].short {
                    return true;
                }
                self.dirty |= groups_changed;
                if form == Upper::Compressed && !self.lui_fits(&spot, rd, form, inputs, shapes, layout) {
                    self.spots[index].kind = Kind::Lui { group, rd, form: Upper::Full };
                    self.dirty = true;
                    return false;
                }
                form == Upper::Compressed
            }
            Kind::Dropped { group } => {
                let short = groups[group as usize].short;
                self.dirty |= !short;
                short
            }
            Kind::Align { .. } | Kind::Lower { .. } => false,
        }
    }

    /// The addresses of a spot and of its target.
    fn ends(&self, spot: &Spot, target: Target, shapes: &Shapes<'_>, layout: &Layout) -> (u32, u32) {
        let from = layout.sections[self.section.0 as usize].wrapping_add(shapes.deletions[self.deletions].translate(spot.offset));
        (from, shapes.address(layout, target.place, target.addend))
    }

    fn call_fits(&self, from: u32, to: u32, rd: u8, form: Call) -> bool {
        let distance = i64::from(to.wrapping_sub(from) as i32);
        match form {
            Call::Compressed => self.rvc && rd <= 1 && rv32::Field::CJ.fits(distance).is_ok(),
            Call::Jal => rv32::Field::J.fits(distance).is_ok(),
            Call::Zero => rv32::Field::I.fits(i64::from(to as i32)).is_ok(),
            Call::Full => true,
        }
    }

    fn lui_fits(&self, spot: &Spot, rd: u8, form: Upper, inputs: Inputs<'_, '_, '_>, shapes: &Shapes<'_>, layout: &Layout) -> bool {
        if form == Upper::Full {
            return true;
        }
        // c.lui loads neither 0 nor into zero or sp.
        if !self.rvc || rd == 0 || rd == 2 {
            return false;
        }
        let resolved = inputs.resolved;
        let rela = &resolved.section(self.section).relas[spot.rela as usize];
        let (place, addend) = crate::apply::resolve_target(resolved, resolved.sections[self.section.0 as usize].object, rela);
        let value = shapes.address(layout, place, addend);
        let (upper, _) = rv32::format::split_hi_lo(value);
        upper != 0 && rv32::Field::CLui.fits(i64::from(value as i32)).is_ok()
    }
}
