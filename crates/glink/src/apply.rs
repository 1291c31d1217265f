//! The bytes of a section in the image: relaxed instructions rewritten, relocations applied.

use crate::addresses::{Deletions, Shapes};
use crate::eh_frame::Frames;
use crate::indirect::Indirect;
use crate::layout::{Inputs, Layout};
use crate::object_file::Rela;
use crate::problem::{Problem, Site};
use crate::relax::{Base, Call, Kind, Relaxation, Spot, Upper};
use crate::resolve::{self, ObjectId, Place, Resolved, SectionId};
use crate::strings::text;
use crate::synthetic::{self, Entry, GOT_HEADER, GOT_PLT, Got};
use diag::{Diagnostic, codes};
use object::LittleEndian as LE;
use object::elf;
use rv32::reloc::FieldError;
use rv32::{Field, Reloc};

/// Everything that bytes depend on; nothing changes any more.
#[derive(Clone, Copy)]
pub struct Linked<'x, 'a, 's> {
    /// Symbols, sections, plan.
    pub inputs: Inputs<'x, 'a, 's>,
    /// Addresses.
    pub layout: &'x Layout,
    /// Merged and shortened sections.
    pub shapes: &'x Shapes<'x>,
    /// Forms of relaxed instructions.
    pub relaxation: &'x Relaxation,
    /// The global offset table.
    pub got: &'x Got,
    /// Indirect functions, if there are any.
    pub indirect: Option<&'x Indirect>,
    /// What `.eh_frame` no longer holds.
    pub frames: &'x Frames,
}

/// The target of a relocation. A section symbol's addend is an offset into the section as it stands
/// in the object, so it becomes part of the place.
#[must_use]
pub fn resolve_target(resolved: &Resolved<'_>, object: ObjectId, rela: &Rela) -> (Place, i32) {
    let index = rela.r_sym(LE);
    let addend = rela.r_addend.get(LE);
    if let Some(shared) = resolved.global(object, index) {
        return (resolved.place_of(shared), addend);
    }
    let place = resolved.place(object, index);
    if let Place::Section(section, value) = place
        && let Some(symbol) = resolved.objects.get(object.0 as usize).and_then(|object| object.file.symbol(index as usize))
        && symbol.st_type() == elf::STT_SECTION
        && let Some(offset) = value.checked_add_signed(addend)
        && offset <= resolved.section(section).size
    {
        return (Place::Section(section, offset), 0);
    }
    (place, addend)
}

/// Addresses of one object's symbols. Most symbols are the target of several relocations, in code and
/// in debug sections, so each address is found once.
pub struct Targets<'k> {
    object: ObjectId,
    known: &'k mut Vec<Known>,
}

/// What is known of a symbol.
#[derive(Clone, Copy, Debug)]
pub enum Known {
    /// Nobody asked for it yet.
    No,
    /// Its address, whatever is added to it.
    Address(u32),
    /// There is more to it: undefined, not in the image, or the start of a section whose insides moved.
    Special,
}

impl<'k> Targets<'k> {
    /// Nothing known of this object's symbols; `memory` is reused.
    pub fn new(linked: Linked<'_, '_, '_>, object: ObjectId, memory: &'k mut Vec<Known>) -> Targets<'k> {
        memory.clear();
        memory.resize(linked.inputs.resolved.objects.get(object.0 as usize).map_or(0, |object| object.file.symbols.len()), Known::No);
        Targets { object, known: memory }
    }

    /// The address that a relocation speaks of; none if its symbol is special.
    fn address(&mut self, linked: Linked<'_, '_, '_>, rela: &Rela) -> Option<u32> {
        let index = rela.r_sym(LE) as usize;
        let known = match self.known.get(index)? {
            Known::No => {
                let known = find(linked, self.object, index as u32);
                self.known[index] = known;
                known
            }
            &known @ (Known::Address(_) | Known::Special) => known,
        };
        match known {
            Known::Address(address) => Some(address.wrapping_add_signed(rela.r_addend.get(LE))),
            Known::No | Known::Special => None,
        }
    }
}

fn find(linked: Linked<'_, '_, '_>, object: ObjectId, index: u32) -> Known {
    let resolved = linked.inputs.resolved;
    let place = resolved.place(object, index);
    match place {
        Place::Undefined(_) => Known::Special,
        Place::Section(section, _) => {
            let symbol = resolved.objects[object.0 as usize].file.symbol(index as usize);
            let starts_section = symbol.is_some_and(|symbol| symbol.st_type() == elf::STT_SECTION);
            let moved = linked.shapes.merged.is_merged(section) || linked.shapes.deletions_of(section).is_some();
            if starts_section && moved || linked.inputs.plan.output_of(section).is_none() {
                return Known::Special;
            }
            Known::Address(linked.shapes.address(linked.layout, place, 0))
        }
        Place::Absolute(_) | Place::Linker(_) | Place::UndefinedWeak => Known::Address(linked.shapes.address(linked.layout, place, 0)),
    }
}

/// Fills `out`, which has the section's final size. `targets` are its object's.
pub fn section(linked: Linked<'_, '_, '_>, id: SectionId, out: &mut [u8], targets: &mut Targets<'_>, problems: &mut Vec<Problem>) {
    let resolved = linked.inputs.resolved;
    if linked.got.section == id {
        fill_got(linked, out);
        return;
    }
    if linked.got.plt == id {
        put_all(out, &GOT_PLT);
        return;
    }
    if linked.indirect.is_some_and(|indirect| indirect.fill(linked, id, out)) {
        return;
    }
    if linked.shapes.merged.is_merged(id) {
        if let Some(contents) = linked.shapes.merged.contents(id) {
            out.copy_from_slice(contents);
        }
        return;
    }
    let input = &resolved.sections[id.0 as usize];
    let deletions = linked.shapes.deletions_of(id);
    copy(deletions, &input.section.data, out);
    linked.frames.point(linked, id, out);
    if input.section.relas.is_empty() {
        return;
    }
    let spots = linked.relaxation.of(id).map_or(&[][..], |relaxed| &relaxed.spots[..]);
    let address = linked.layout.sections[id.0 as usize];
    let mut applier = Applier { linked, object: input.object, id, address, deletions, allocated: input.section.has(elf::SHF_ALLOC), out, targets, problems };
    let taken = linked.frames.taken(id, deletions);
    let mut next = 0;
    for (index, rela) in input.section.relas.iter().enumerate() {
        if taken.is_some_and(|taken| taken.holds(rela.r_offset.get(LE))) || applier.data(rela) {
            continue;
        }
        while spots.get(next).is_some_and(|spot| (spot.rela as usize) < index) {
            next += 1;
        }
        let spot = spots.get(next).filter(|spot| spot.rela as usize == index);
        applier.apply(index, rela, spot);
    }
}

fn copy(deletions: Option<&Deletions>, data: &[u8], out: &mut [u8]) {
    let Some(deletions) = deletions else {
        let length = data.len().min(out.len());
        out[..length].copy_from_slice(&data[..length]);
        return;
    };
    let (mut from, mut to) = (0, 0);
    for run in &deletions.runs {
        let start = run.start as usize;
        out[to..to + start - from].copy_from_slice(&data[from..start]);
        to += start - from;
        from = start + run.count as usize;
    }
    out[to..].copy_from_slice(&data[from..]);
}

fn fill_got(linked: Linked<'_, '_, '_>, out: &mut [u8]) {
    put_all(out, &GOT_HEADER);
    for &(offset, entry, place) in &linked.got.entries {
        let address = linked.shapes.address(linked.layout, place, 0);
        let thread = address.wrapping_sub(linked.layout.tls_base as u32);
        let at = offset as usize;
        match entry {
            Entry::Address => put(out, at, address),
            Entry::ThreadOffset => put(out, at, thread),
            Entry::ThreadPair => {
                put(out, at, 1);
                put(out, at + 4, thread.wrapping_sub(0x800));
            }
        }
    }
}

fn put_all(out: &mut [u8], words: &[u32]) {
    for (number, &word) in words.iter().enumerate() {
        put(out, number * 4, word);
    }
}

fn put(out: &mut [u8], at: usize, word: u32) {
    out[at..at + 4].copy_from_slice(&word.to_le_bytes());
}

/// What a relocation does to the bits of a field of data: most relocations are of this kind, since
/// debug sections have by far the most.
#[derive(Clone, Copy)]
struct Data {
    action: Action,
    field: Field,
}

#[derive(Clone, Copy)]
enum Action {
    Set,
    Add,
    Subtract,
}

/// By the number of a relocation.
static DATA: [Option<Data>; 256] = {
    let mut table = [None; 256];
    let mut number = 0;
    while number < 256 {
        if let Some(reloc) = Reloc::from_number(number as u32) {
            table[number] = data_action(reloc);
        }
        number += 1;
    }
    table
};

const fn data_action(reloc: Reloc) -> Option<Data> {
    let action = if matches!(reloc, Reloc::Abs32 | Reloc::Set6 | Reloc::Set8 | Reloc::Set16 | Reloc::Set32) {
        Action::Set
    } else if matches!(reloc, Reloc::Add8 | Reloc::Add16 | Reloc::Add32) {
        Action::Add
    } else if matches!(reloc, Reloc::Sub6 | Reloc::Sub8 | Reloc::Sub16 | Reloc::Sub32) {
        Action::Subtract
    } else {
        return None;
    };
    Some(Data { action, field: reloc.field() })
}

struct Applier<'y, 'k, 'x, 'a, 's> {
    linked: Linked<'x, 'a, 's>,
    object: ObjectId,
    id: SectionId,
    address: u32,
    deletions: Option<&'x Deletions>,
    allocated: bool,
    out: &'y mut [u8],
    targets: &'y mut Targets<'k>,
    problems: &'y mut Vec<Problem>,
}

impl Applier<'_, '_, '_, '_, '_> {
    fn complain(&mut self, offset: u32, diagnostic: Diagnostic) {
        self.problems.push(Problem::At(Site { section: self.id, offset }, Box::new(diagnostic)));
    }

    fn symbol_name(&self, rela: &Rela) -> String {
        resolve::display_name(self.linked.inputs.resolved, self.object, rela.r_sym(LE))
    }

    /// Where the relocated bytes are now, and the address of them.
    fn here(&self, offset: u32) -> (usize, u32) {
        let moved = self.deletions.map_or(offset, |deletions| deletions.translate(offset));
        (moved as usize, self.address.wrapping_add(moved))
    }

    /// Symbol plus addend; none if its section is not in the image.
    fn target(&mut self, rela: &Rela) -> Option<u32> {
        if let Some(address) = self.targets.address(self.linked, rela) {
            return Some(address);
        }
        let (place, addend) = resolve_target(self.linked.inputs.resolved, self.object, rela);
        if let Place::Section(section, _) = place
            && self.linked.inputs.plan.output_of(section).is_none()
        {
            self.discarded(rela, section);
            // In these lists a pair of zeroes is the end.
            let in_list = matches!(self.linked.inputs.resolved.section(self.id).name, b".debug_ranges" | b".debug_loc");
            return in_list.then_some(1);
        }
        // That it is undefined has been said.
        if let Place::Undefined(_) = place {
            return None;
        }
        Some(self.linked.shapes.address(self.linked.layout, place, addend))
    }

    /// Debug sections and tables of exceptions may speak of what is gone; code and data may not.
    fn discarded(&mut self, rela: &Rela, target: SectionId) {
        let resolved = self.linked.inputs.resolved;
        let own = resolved.section(self.id).name;
        if !self.allocated || own.starts_with(b".eh_frame") || own.starts_with(b".gcc_except_table") {
            return;
        }
        let section = text(resolved.section(target).name);
        let of = resolved.object_name(resolved.sections[target.0 as usize].object);
        let why = match self.linked.inputs.plan.fates[target.0 as usize] {
            crate::plan::Fate::Duplicate => "another object's copy of it is used",
            crate::plan::Fate::Discarded => "the script discards it",
            crate::plan::Fate::Unreferenced => "nothing was found to refer to it",
            crate::plan::Fate::NotContent | crate::plan::Fate::Output(_) => "it holds no part of the program",
        };
        let user = resolved.object_name(self.object);
        let message = format!("`{}` referenced in section `{}` of {user}: defined in discarded section `{section}` of {of}", self.symbol_name(rela), text(own));
        let diagnostic = Diagnostic::new(&codes::E0510, message).note(why);
        let diagnostic = match self.linked.inputs.plan.fates[target.0 as usize] {
            crate::plan::Fate::Discarded => diagnostic.help(format!("give `{section}` a place in the script, outside /DISCARD/ and without --orphan-handling=discard")),
            crate::plan::Fate::Unreferenced => diagnostic.help(format!("keep it: KEEP(*({section})) in the script, or -u with a symbol in it")),
            crate::plan::Fate::Duplicate => diagnostic.help("compile both objects with the same options, so that their copies are the same"),
            crate::plan::Fate::NotContent | crate::plan::Fate::Output(_) => diagnostic,
        };
        self.complain(rela.r_offset.get(LE), diagnostic);
    }

    /// Applies a relocation of data whose symbol is nothing special. Gives whether it was one.
    fn data(&mut self, rela: &Rela) -> bool {
        let Some(Data { action, field }) = DATA[(rela.r_type(LE).0 & 0xff) as usize] else { return false };
        let Some(value) = self.targets.address(self.linked, rela) else { return false };
        let (at, _) = self.here(rela.r_offset.get(LE));
        match field.size() {
            1 => self.combine::<1>(at, action, field, value),
            2 => self.combine::<2>(at, action, field, value),
            _ => self.combine::<4>(at, action, field, value),
        }
    }

    fn combine<const N: usize>(&mut self, at: usize, action: Action, field: Field, value: u32) -> bool {
        let Some(bytes) = self.out.get_mut(at..).and_then(|bytes| bytes.first_chunk_mut::<N>()) else { return false };
        let mut whole = [0; 4];
        whole[..N].copy_from_slice(bytes);
        let old = u32::from_le_bytes(whole);
        let new = match action {
            Action::Set => value,
            Action::Add => old.wrapping_add(value),
            Action::Subtract => old.wrapping_sub(value),
        };
        let mask = field.mask() as u32;
        bytes.copy_from_slice(&(old & !mask | new & mask).to_le_bytes()[..N]);
        true
    }

    fn patch(&mut self, rela: &Rela, field: Field, value: i64) {
        let (at, _) = self.here(rela.r_offset.get(LE));
        match field.patch(self.out.get_mut(at..).unwrap_or(&mut []), value) {
            Ok(()) => {}
            Err(error) => self.refuse(rela, field, value, error),
        }
    }

    fn refuse(&mut self, rela: &Rela, field: Field, value: i64, error: FieldError) {
        let name = Reloc::from_number(rela.r_type(LE).0).map_or("a relocation", Reloc::name);
        let symbol = self.symbol_name(rela);
        let offset = rela.r_offset.get(LE);
        let diagnostic = match error {
            FieldError::Truncated => Diagnostic::new(&codes::E0505, format!("{name} reaches past the end of its section")),
            FieldError::Odd => Diagnostic::new(&codes::E0506, format!("`{symbol}` is at an odd distance, {value}, which {} cannot hold", field.describe())),
            FieldError::Range => {
                let (low, high) = field.range();
                let fact = match field {
                    Field::B | Field::J | Field::CB | Field::CJ => format!("{value} bytes away, and {} reaches {low}..={high}", field.describe()),
                    Field::None | Field::Word8 | Field::Word16 | Field::Word32 | Field::Word64 | Field::Low6 | Field::Uleb128 | Field::I | Field::S | Field::U | Field::Call | Field::CLui => format!("the value is {value}, and {} holds {low}..={high}", field.describe()),
                };
                Diagnostic::new(&codes::E0506, format!("relocation truncated to fit: {name} against `{symbol}`: {fact}"))
            }
        };
        let diagnostic = match (field, error) {
            (Field::B | Field::CB, FieldError::Range) => diagnostic.help("branch the other way over a jump: `beqz a0, far` becomes `bnez a0, 1f; j far; 1:`"),
            (Field::J | Field::CJ, FieldError::Range) => diagnostic.help(format!("let the linker choose the form: `call {symbol}`, or `tail {symbol}` without a link")),
            _ => diagnostic,
        };
        self.complain(offset, diagnostic);
    }

    fn apply(&mut self, index: usize, rela: &Rela, spot: Option<&Spot>) {
        let number = rela.r_type(LE).0;
        let offset = rela.r_offset.get(LE);
        let Some(reloc) = Reloc::from_number(number) else {
            self.complain(offset, Diagnostic::new(&codes::E0511, format!("relocation type {number} is unknown")).note(format!("its symbol is `{}`", self.symbol_name(rela))));
            return;
        };
        let field = reloc.field();
        match reloc {
            Reloc::None | Reloc::Relax | Reloc::TprelAdd => {}
            Reloc::Align => self.align(rela, spot),
            Reloc::Abs32 | Reloc::Abs64 | Reloc::Set6 | Reloc::Set8 | Reloc::Set16 | Reloc::Set32 => {
                let value = self.target(rela).unwrap_or(0);
                // SET writes what fits of a difference that a SUB completes.
                let value = if reloc == Reloc::Abs64 { u64::from(value) } else { u64::from(value) & field.mask() };
                self.patch(rela, field, value as i64);
            }
            Reloc::Branch | Reloc::Jal | Reloc::RvcBranch | Reloc::RvcJump => {
                if let Some(target) = self.target(rela) {
                    let (_, here) = self.here(offset);
                    self.patch(rela, field, i64::from(target.wrapping_sub(here) as i32));
                }
            }
            Reloc::Call | Reloc::CallPlt => self.call(rela, spot),
            Reloc::PcrelHi20 | Reloc::GotHi20 | Reloc::TlsGotHi20 | Reloc::TlsGdHi20 => {
                if !self.is_dropped(spot)
                    && let Some(value) = self.upper(self.id, self.object, rela, reloc)
                {
                    self.patch(rela, Field::U, i64::from(value as i32));
                }
            }
            Reloc::Got32Pcrel | Reloc::Pcrel32 | Reloc::Plt32 => {
                if let Some(value) = self.upper(self.id, self.object, rela, reloc) {
                    self.patch(rela, Field::Word32, i64::from(value));
                }
            }
            Reloc::PcrelLo12I | Reloc::PcrelLo12S => self.pcrel_low(rela, spot, field),
            Reloc::Hi20 => self.lui(rela, spot),
            Reloc::RvcLui => {
                if let Some(value) = self.target(rela) {
                    self.compressed_lui(rela, value);
                }
            }
            Reloc::Lo12I | Reloc::Lo12S => {
                if let Some(value) = self.target(rela) {
                    self.low(rela, spot, field, value, value);
                }
            }
            Reloc::TprelHi20 | Reloc::TprelLo12I | Reloc::TprelLo12S | Reloc::TprelI | Reloc::TprelS => {
                if let Some(address) = self.target(rela) {
                    let value = address.wrapping_sub(self.linked.layout.tls_base as u32);
                    if reloc == Reloc::TprelHi20 {
                        if !self.is_dropped(spot) {
                            self.patch(rela, Field::U, i64::from(value as i32));
                        }
                    } else {
                        self.low(rela, spot, field, value, address);
                    }
                }
            }
            Reloc::GprelI | Reloc::GprelS => {
                if let Some(value) = self.target(rela) {
                    self.patch(rela, field, i64::from(value.wrapping_sub(self.linked.layout.gp.unwrap_or(0)) as i32));
                }
            }
            Reloc::Add8 | Reloc::Add16 | Reloc::Add32 | Reloc::Add64 => self.add(rela, field, false),
            Reloc::Sub8 | Reloc::Sub16 | Reloc::Sub32 | Reloc::Sub64 | Reloc::Sub6 => self.add(rela, field, true),
            Reloc::SetUleb128 => self.set_uleb128(index, rela),
            // The SET before it has done both.
            Reloc::SubUleb128 if self.set_before(index, offset) => {}
            Reloc::SubUleb128 => {
                let (at, _) = self.here(offset);
                let old = rv32::reloc::read_uleb128(self.out.get(at..).unwrap_or(&[])).map_or(0, |(value, _)| value);
                let value = old.wrapping_sub(u64::from(self.target(rela).unwrap_or(0)));
                self.patch(rela, field, value as i64);
            }
            Reloc::TlsTprel32 | Reloc::TlsDtprel32 => {
                let bias = if reloc == Reloc::TlsDtprel32 { 0x800 } else { 0 };
                let value = self.target(rela).map_or(0, |value| value.wrapping_sub(self.linked.layout.tls_base as u32).wrapping_sub(bias));
                self.patch(rela, field, i64::from(value));
            }
            Reloc::TlsDtpmod32 => self.patch(rela, field, 1),
            Reloc::Relative | Reloc::Copy | Reloc::JumpSlot | Reloc::Irelative | Reloc::TlsDtpmod64 | Reloc::TlsDtprel64 | Reloc::TlsTprel64 => {
                let message = format!("{} has no meaning in a static RV32 link", reloc.name());
                self.complain(offset, Diagnostic::new(&codes::E0511, message));
            }
        }
    }

    fn is_dropped(&self, spot: Option<&Spot>) -> bool {
        matches!(spot, Some(Spot { kind: Kind::Dropped { group }, .. }) if self.linked.relaxation.groups[*group as usize].short)
    }

    /// The value of a relocation that is relative to its own place; none if its target is gone.
    fn upper(&mut self, section: SectionId, object: ObjectId, rela: &Rela, reloc: Reloc) -> Option<u32> {
        let linked = self.linked;
        let offset = rela.r_offset.get(LE);
        let (section, offset) = linked.shapes.locate(section, offset);
        let here = linked.layout.sections[section.0 as usize].wrapping_add(offset);
        let address = match synthetic::entry_of(reloc) {
            Some(entry) => {
                let slot = linked.got.offset(linked.inputs.resolved, object, rela, entry)?;
                linked.layout.sections[linked.got.section.0 as usize].wrapping_add(slot).wrapping_add_signed(rela.r_addend.get(LE))
            }
            None => self.target(rela)?,
        };
        Some(address.wrapping_sub(here))
    }

    fn pcrel_low(&mut self, rela: &Rela, spot: Option<&Spot>, field: Field) {
        let resolved = self.linked.inputs.resolved;
        let offset = rela.r_offset.get(LE);
        let found = match resolved.place(self.object, rela.r_sym(LE)) {
            Place::Section(section, label) => upper_at(resolved, section, label).map(|(index, reloc)| (section, index, reloc)),
            Place::Absolute(_) | Place::Linker(_) | Place::Undefined(_) | Place::UndefinedWeak => None,
        };
        let Some((section, index, reloc)) = found else {
            let message = format!("dangerous relocation: %pcrel_lo missing matching %pcrel_hi: `{}` labels no instruction with a high part", self.symbol_name(rela));
            self.complain(offset, Diagnostic::new(&codes::E0512, message).help("%pcrel_lo takes the label of the auipc, not the symbol: `1: auipc a0, %pcrel_hi(x)`, `addi a0, a0, %pcrel_lo(1b)`"));
            return;
        };
        let symbol = resolved.objects[self.object.0 as usize].file.symbol(rela.r_sym(LE) as usize);
        if rela.r_addend.get(LE) != 0 && symbol.is_some_and(|symbol| symbol.st_type() == elf::STT_SECTION) {
            let message = format!("dangerous relocation: %pcrel_lo section symbol with an addend: `{}` plus {} is no label, so it cannot say whose low part is meant", self.symbol_name(rela), rela.r_addend.get(LE));
            self.complain(offset, Diagnostic::new(&codes::E0512, message).help("label the auipc and name the label: `1: auipc a0, %pcrel_hi(x)`, `addi a0, a0, %pcrel_lo(1b)`"));
            return;
        }
        let upper = &resolved.section(section).relas[index];
        let object = resolved.sections[section.0 as usize].object;
        let Some(value) = self.upper(section, object, upper, reloc) else { return };
        let addend = rela.r_addend.get(LE);
        if addend != 0 {
            self.pcrel_low_plus(rela, field, value, addend);
            return;
        }
        let address = if synthetic::entry_of(reloc).is_some() { value } else { self.address_of(object, upper) };
        self.low(rela, spot, field, value, address);
    }

    /// `%pcrel_lo(label + addend)`: only as far as the upper part stays the same.
    fn pcrel_low_plus(&mut self, rela: &Rela, field: Field, value: u32, addend: i32) {
        let (upper, _) = rv32::format::split_hi_lo(value);
        let (upper_plus, low) = rv32::format::split_hi_lo(value.wrapping_add_signed(addend));
        if upper != upper_plus {
            let message = format!("dangerous relocation: %pcrel_lo overflow with an addend, the value of %pcrel_hi is {upper:#x} without any addend, but may be {upper_plus:#x} after adding the %pcrel_lo addend");
            let note = format!("`{}` plus {addend} needs another high part than the instruction at the label has", self.symbol_name(rela));
            let help = "put the offset into both halves: `auipc a0, %pcrel_hi(x + 4)`, `lw a0, %pcrel_lo(label)(a0)`";
            self.complain(rela.r_offset.get(LE), Diagnostic::new(&codes::E0512, message).note(note).help(help));
            return;
        }
        self.patch(rela, field, i64::from(low));
    }

    fn address_of(&self, object: ObjectId, rela: &Rela) -> u32 {
        let (place, addend) = resolve_target(self.linked.inputs.resolved, object, rela);
        self.linked.shapes.address(self.linked.layout, place, addend)
    }

    /// The low part of `value`; or, if the upper part is gone, the distance of `address` from the base
    /// that took its place.
    fn low(&mut self, rela: &Rela, spot: Option<&Spot>, field: Field, value: u32, address: u32) {
        let group = match spot {
            Some(Spot { kind: Kind::Lower { group }, .. }) => self.linked.relaxation.groups[*group as usize],
            _ => {
                let (_, low) = rv32::format::split_hi_lo(value);
                self.patch(rela, field, i64::from(low));
                return;
            }
        };
        let base = if group.short { group.base(self.linked.shapes, self.linked.layout) } else { None };
        let layout = self.linked.layout;
        let (register, distance) = match base {
            None => {
                let (_, low) = rv32::format::split_hi_lo(value);
                self.patch(rela, field, i64::from(low));
                return;
            }
            Some(Base::Zero) => (rv32::Reg::ZERO, address as i32),
            Some(Base::Gp) => (rv32::Reg::GP, address.wrapping_sub(layout.gp.unwrap_or(0)) as i32),
            Some(Base::Tp) => (rv32::Reg::TP, address.wrapping_sub(layout.tls_base as u32) as i32),
        };
        let (at, _) = self.here(rela.r_offset.get(LE));
        if let Some(bytes) = self.out.get_mut(at..at + 4) {
            let insn = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            let insn = insn & !(31 << 15) | u32::from(register.number()) << 15;
            bytes.copy_from_slice(&insn.to_le_bytes());
        }
        self.patch(rela, field, i64::from(distance));
    }

    fn call(&mut self, rela: &Rela, spot: Option<&Spot>) {
        let Some(target) = self.target(rela) else { return };
        let (at, here) = self.here(rela.r_offset.get(LE));
        let distance = i64::from(target.wrapping_sub(here) as i32);
        let (rd, form) = match spot {
            Some(Spot { kind: Kind::Call { rd, form, .. }, .. }) => (*rd, *form),
            _ => (0, Call::Full),
        };
        let link = u32::from(rd) << 7;
        match form {
            Call::Compressed => {
                // c.j, c.jal
                let insn: u16 = if rd == 0 { 0xa001 } else { 0x2001 };
                self.out[at..at + 2].copy_from_slice(&insn.to_le_bytes());
                self.patch(rela, Field::CJ, distance);
            }
            Call::Jal => {
                put(self.out, at, 0x6f | link);
                self.patch(rela, Field::J, distance);
            }
            Call::Zero => {
                put(self.out, at, 0x67 | link);
                self.patch(rela, Field::I, i64::from(target as i32));
            }
            Call::Full => self.patch(rela, Field::Call, distance),
        }
    }

    fn lui(&mut self, rela: &Rela, spot: Option<&Spot>) {
        let Some(value) = self.target(rela) else { return };
        match spot {
            Some(Spot { kind: Kind::Lui { group, .. }, .. }) if self.linked.relaxation.groups[*group as usize].short => {}
            Some(Spot { kind: Kind::Lui { rd, form: Upper::Compressed, .. }, .. }) => {
                let (at, _) = self.here(rela.r_offset.get(LE));
                let insn = 0x6001 | u16::from(*rd) << 7;
                self.out[at..at + 2].copy_from_slice(&insn.to_le_bytes());
                self.patch(rela, Field::CLui, i64::from(value as i32));
            }
            _ => self.patch(rela, Field::U, i64::from(value as i32)),
        }
    }

    /// `c.lui` in the object: cannot load 0, so that becomes `c.li` (psABI).
    fn compressed_lui(&mut self, rela: &Rela, value: u32) {
        let (upper, _) = rv32::format::split_hi_lo(value);
        if upper != 0 {
            self.patch(rela, Field::CLui, i64::from(value as i32));
            return;
        }
        let (at, _) = self.here(rela.r_offset.get(LE));
        if let Some(bytes) = self.out.get_mut(at..at + 2) {
            let insn = u16::from_le_bytes([bytes[0], bytes[1]]);
            bytes.copy_from_slice(&(insn & 0x0f80 | 0x4001).to_le_bytes());
        }
    }

    fn add(&mut self, rela: &Rela, field: Field, subtract: bool) {
        let value = u64::from(self.target(rela).unwrap_or(0));
        let (at, _) = self.here(rela.r_offset.get(LE));
        let size = field.size();
        let Some(bytes) = self.out.get_mut(at..at + size) else {
            self.refuse(rela, field, 0, FieldError::Truncated);
            return;
        };
        let mut whole = [0; 8];
        whole[..size].copy_from_slice(bytes);
        let old = u64::from_le_bytes(whole);
        let sum = if subtract { old.wrapping_sub(value) } else { old.wrapping_add(value) };
        let new = old & !field.mask() | sum & field.mask();
        bytes.copy_from_slice(&new.to_le_bytes()[..size]);
    }

    fn set_uleb128(&mut self, index: usize, rela: &Rela) {
        let resolved = self.linked.inputs.resolved;
        let next = resolved.section(self.id).relas.get(index + 1).filter(|next| next.r_offset.get(LE) == rela.r_offset.get(LE) && next.r_type(LE).0 == u32::from(Reloc::SubUleb128.number())).copied();
        let set = self.target(rela).unwrap_or(0);
        let subtracted = next.and_then(|next| self.target(&next)).unwrap_or(0);
        self.patch(rela, Field::Uleb128, i64::from(set.wrapping_sub(subtracted)));
    }

    fn set_before(&self, index: usize, offset: u32) -> bool {
        let relas = &self.linked.inputs.resolved.section(self.id).relas;
        index.checked_sub(1).and_then(|before| relas.get(before)).is_some_and(|before| before.r_offset.get(LE) == offset && before.r_type(LE).0 == u32::from(Reloc::SetUleb128.number()))
    }

    fn align(&mut self, rela: &Rela, spot: Option<&Spot>) {
        let Some(Spot { kind: Kind::Align { keep, alignment, .. }, .. }) = spot else { return };
        let (at, here) = self.here(rela.r_offset.get(LE));
        if here.wrapping_add(*keep) & (alignment - 1) != 0 {
            let needed = here.wrapping_neg() & (alignment - 1);
            let message = format!("{needed} bytes required for alignment to {alignment}-byte boundary, but only {keep} present");
            self.complain(rela.r_offset.get(LE), Diagnostic::new(&codes::E0513, message).help("align the section itself at least as much, or assemble the object again"));
            return;
        }
        let (mut at, end) = (at, at + *keep as usize);
        if keep % 4 == 2 {
            self.out[at..at + 2].copy_from_slice(&0x0001u16.to_le_bytes());
            at += 2;
        }
        while at + 4 <= end {
            put(self.out, at, 0x0000_0013);
            at += 4;
        }
    }
}

/// The relocation with a high part at a label.
fn upper_at(resolved: &Resolved<'_>, section: SectionId, label: u32) -> Option<(usize, Reloc)> {
    let relas = &resolved.section(section).relas;
    let first = relas.partition_point(|rela| rela.r_offset.get(LE) < label);
    relas[first..].iter().take_while(|rela| rela.r_offset.get(LE) == label).enumerate().find_map(|(index, rela)| {
        let reloc = Reloc::from_number(rela.r_type(LE).0)?;
        matches!(reloc, Reloc::PcrelHi20 | Reloc::GotHi20 | Reloc::TlsGotHi20 | Reloc::TlsGdHi20).then_some((first + index, reloc))
    })
}
