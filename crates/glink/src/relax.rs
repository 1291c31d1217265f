//! Phase 7: relaxation. Every instruction that may be shortened starts in its shortest form; what
//! does not reach grows, until all do. Forms only grow, so this ends, and the result is the smallest
//! that this way can find. A pass looks only at what may still grow.
//!
//! Padding of `R_RISCV_ALIGN` is cut to what is needed whether relaxation is on or not: the psABI
//! leaves no choice.

mod collect;

use crate::addresses::Shapes;
use crate::layout::{Inputs, Layout};
use crate::problem::Problem;
use crate::resolve::{Place, SectionId, SymbolId};
use diag::codes;

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
    let mut relaxation = collect::collect(inputs, shapes, problems);
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
            problems.push(unsettled(inputs, shapes, layout));
            break;
        }
    }
    layout.pass(inputs, shapes, Some(problems));
    relaxation
}

/// Says whose values never settle: one more pass moves them again.
fn unsettled(inputs: Inputs<'_, '_, '_>, shapes: &Shapes<'_>, layout: &mut Layout) -> Problem {
    let before = layout.symbols.clone();
    layout.pass(inputs, shapes, None);
    let has_moved = |id: SymbolId| before[id.0 as usize].map(|symbol| symbol.address) != layout.symbols[id.0 as usize].map(|symbol| symbol.address);
    let moving = inputs.resolved.symbols.iter().filter(|&(id, _)| has_moved(id));
    let moving: Vec<String> = moving.map(|(_, symbol)| format!("`{}`", crate::strings::text(symbol.name))).take(8).collect();
    let what = if moving.is_empty() { "section addresses".to_string() } else { moving.join(", ") };
    Problem::plain(&codes::E0508, format!("the layout never settles: {what} depend on themselves"))
}

/// Lays an object out (`-r`): nothing is shortened.
pub fn settle(inputs: Inputs<'_, '_, '_>, shapes: &Shapes<'_>, layout: &mut Layout, problems: &mut Vec<Problem>) {
    for _ in 0..MOST_PASSES {
        if !layout.pass(inputs, shapes, None) {
            break;
        }
    }
    layout.pass(inputs, shapes, Some(problems));
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

/// Bytes that may come between a call and its target beyond a doubling of what is there.
const NEAR: i64 = 256;

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
