//! Call frame information: what `.cfi_*` says, and the `.eh_frame` and `.debug_frame` made of it,
//! as GNU as lays them out (LSB "Exception Frames", DWARF 5 §6.4).

use crate::assembler::Assembler;
use crate::contents::Contents;
use crate::elf::{SHF_ALLOC, SHT_PROGBITS};
use crate::expr::Value;
use crate::layout::{push_sleb, push_uleb};
use crate::place::Where;
use crate::section::{At, ChainId, Fill, FixKind, Variable};
use crate::symbols::{Definition, SymbolId};
use diag::{Diagnostic, codes};
use rv32::Reloc;

/// Bytes of a call-frame unit of data: registers are saved at multiples of it, downwards.
const DATA_ALIGN: i64 = -4;
/// The stack pointer's number.
const SP: u64 = 2;
/// `DW_CFA_def_cfa_register`
const DEF_CFA_REGISTER: u8 = 0x0d;
/// `DW_EH_PE_pcrel | DW_EH_PE_sdata4`
const PCREL_SDATA4: u8 = 0x1b;
/// `DW_EH_PE_omit`
pub const OMIT: u8 = 0xff;

/// An instruction of a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Insn {
    /// The location moves on.
    Advance(At, At),
    /// Bytes that are complete, which a CIE may hold too.
    Bytes(Vec<u8>),
    /// `.cfi_remember_state`
    Remember,
    /// `.cfi_escape`: bytes that no CIE takes.
    Escape(Vec<u8>),
    /// `.cfi_val_encoded_addr`: register, encoding, address.
    EncodedAddress(u64, u8, Value, Where),
    /// `.cfi_label`
    Label(SymbolId),
}

impl Insn {
    /// Whether it ends what a CIE takes over.
    fn ends_cie(&self) -> bool {
        !matches!(self, Insn::Bytes(_))
    }
}

/// A function's frame.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its chain.
    pub chain: ChainId,
    start: At,
    end: At,
    /// What happens in it.
    pub insns: Vec<Insn>,
    /// Where the last instruction stands.
    last: At,
    /// `.cfi_personality`
    pub personality: (u8, Option<(Value, Where)>),
    /// `.cfi_lsda`
    pub lsda: (u8, Option<(Value, Where)>),
    /// `.cfi_return_column`
    pub return_column: u64,
    /// `.cfi_signal_frame`
    pub signal: bool,
    /// Offset of the CFA as of now.
    pub cfa_offset: i64,
    remembered: Vec<i64>,
    eh_frame: bool,
    debug_frame: bool,
    /// `.cfi_startproc simple`: it begins with no instruction.
    simple: bool,
    /// `.cfi_startproc`
    pub place: Where,
}

/// What is known of frames.
pub struct Cfi {
    /// Frames that are complete.
    done: Vec<Frame>,
    /// Frames that are open, one a chain at most.
    open: Vec<Frame>,
    /// `.cfi_sections` wants `.eh_frame`.
    pub eh_frame: bool,
    /// `.cfi_sections` wants `.debug_frame`.
    pub debug_frame: bool,
}

impl Default for Cfi {
    fn default() -> Cfi {
        Cfi { done: Vec::new(), open: Vec::new(), eh_frame: true, debug_frame: false }
    }
}

/// A CIE that was written.
struct Cie {
    at: At,
    label: SymbolId,
    return_column: u64,
    signal: bool,
    personality: (u8, Option<Value>),
    lsda_encoding: u8,
    insns: Vec<Insn>,
}

/// Bytes that an advance takes.
pub fn advance_len(delta: u32) -> u32 {
    match delta {
        0 => 0,
        1..=0x3f => 1,
        0x40..=0xff => 2,
        0x100..=0xffff => 3,
        _ => 5,
    }
}

/// An advance of fixed length.
fn push_advance(out: &mut Vec<u8>, delta: u32) {
    match delta {
        0 => {}
        1..=0x3f => out.push(0x40 | delta as u8),
        0x40..=0xff => out.extend_from_slice(&[0x02, delta as u8]),
        0x100..=0xffff => {
            out.push(0x03);
            out.extend_from_slice(&(delta as u16).to_le_bytes());
        }
        _ => {
            out.push(0x04);
            out.extend_from_slice(&delta.to_le_bytes());
        }
    }
}

/// `DW_CFA_offset` and its kin.
pub fn offset(register: u64, offset: i64) -> Vec<u8> {
    let mut out = Vec::new();
    let scaled = offset / DATA_ALIGN;
    if scaled < 0 {
        out.push(0x11);
        push_uleb(&mut out, register);
        push_sleb(&mut out, scaled);
    } else if register <= 0x3f {
        out.push(0x80 | register as u8);
        push_uleb(&mut out, scaled as u64);
    } else {
        out.push(0x05);
        push_uleb(&mut out, register);
        push_uleb(&mut out, scaled as u64);
    }
    out
}

/// `DW_CFA_val_offset`, `DW_CFA_val_offset_sf`.
pub fn val_offset(register: u64, offset: i64) -> Vec<u8> {
    let scaled = offset / DATA_ALIGN;
    let mut out = vec![if scaled < 0 { 0x15 } else { 0x14 }];
    push_uleb(&mut out, register);
    if scaled < 0 { push_sleb(&mut out, scaled) } else { push_uleb(&mut out, scaled as u64) }
    out
}

/// `DW_CFA_def_cfa`, `DW_CFA_def_cfa_sf`.
pub fn def_cfa(register: u64, offset: i64) -> Vec<u8> {
    let mut out = vec![if offset < 0 { 0x12 } else { 0x0c }];
    push_uleb(&mut out, register);
    if offset < 0 { push_sleb(&mut out, offset / DATA_ALIGN) } else { push_uleb(&mut out, offset as u64) }
    out
}

/// `DW_CFA_def_cfa_offset`, `DW_CFA_def_cfa_offset_sf`.
pub fn def_cfa_offset(offset: i64) -> Vec<u8> {
    let mut out = vec![if offset < 0 { 0x13 } else { 0x0e }];
    if offset < 0 { push_sleb(&mut out, offset / DATA_ALIGN) } else { push_uleb(&mut out, offset as u64) }
    out
}

/// An operation with registers as operands.
pub fn registers(op: u8, registers: &[u64]) -> Vec<u8> {
    let mut out = vec![op];
    for register in registers {
        push_uleb(&mut out, *register);
    }
    out
}

/// `DW_CFA_restore`, `DW_CFA_restore_extended`.
pub fn restore(register: u64) -> Vec<u8> {
    if register <= 0x3f { vec![0xc0 | register as u8] } else { registers(0x06, &[register]) }
}

impl Assembler<'_> {
    /// `.cfi_startproc`; false if a frame is open.
    pub fn begin_frame(&mut self, simple: bool, place: Where) -> bool {
        if self.frame().is_some() {
            return false;
        }
        let here = self.here();
        let insns = if simple { Vec::new() } else { vec![Insn::Bytes(registers(DEF_CFA_REGISTER, &[SP]))] };
        self.cfi.open.push(Frame {
            chain: self.chain,
            start: here,
            end: here,
            insns,
            last: here,
            personality: (OMIT, None),
            lsda: (OMIT, None),
            return_column: 1,
            signal: false,
            cfa_offset: 0,
            remembered: Vec::new(),
            eh_frame: self.cfi.eh_frame,
            debug_frame: self.cfi.debug_frame,
            simple,
            place,
        });
        true
    }

    /// The frame that is open in this chain.
    pub fn frame(&mut self) -> Option<&mut Frame> {
        let chain = self.chain;
        self.cfi.open.iter_mut().find(|f| f.chain == chain)
    }

    /// `.cfi_endproc`; false if no frame is open.
    pub fn end_frame(&mut self) -> bool {
        let (chain, here) = (self.chain, self.here());
        let Some(i) = self.cfi.open.iter().position(|f| f.chain == chain) else { return false };
        let mut frame = self.cfi.open.remove(i);
        frame.end = here;
        frame.eh_frame = self.cfi.eh_frame;
        frame.debug_frame = self.cfi.debug_frame;
        self.cfi.done.push(frame);
        true
    }

    /// Moves the frame's location to this place; the frame, if one is open.
    pub fn frame_here(&mut self) -> Option<&mut Frame> {
        let here = self.here();
        let frame = self.frame()?;
        if frame.last != here {
            let from = frame.last;
            frame.insns.push(Insn::Advance(from, here));
            frame.last = here;
        }
        Some(frame)
    }

    /// Adds an instruction at this place; false if no frame is open.
    pub fn frame_insn(&mut self, insn: Insn) -> bool {
        match self.frame_here() {
            Some(frame) => {
                frame.insns.push(insn);
                true
            }
            None => false,
        }
    }

    /// `.cfi_remember_state`.
    pub fn frame_remember(&mut self) -> bool {
        let done = self.frame_insn(Insn::Remember);
        if let Some(frame) = self.frame() {
            let offset = frame.cfa_offset;
            frame.remembered.push(offset);
        }
        done
    }

    /// `.cfi_restore_state`; `None`: nothing was remembered.
    pub fn frame_restore_state(&mut self) -> Option<bool> {
        if let Some(frame) = self.frame() {
            frame.cfa_offset = frame.remembered.pop()?;
        }
        Some(self.frame_insn(Insn::Bytes(vec![0x0b])))
    }

    /// Frames that were never closed.
    pub fn open_frames(&self) -> Vec<Where> {
        self.cfi.open.iter().map(|f| f.place).collect()
    }

    /// Makes `.eh_frame` and `.debug_frame` of all frames.
    pub fn write_frames(&mut self) {
        let frames = std::mem::take(&mut self.cfi.done);
        let Some(first) = frames.first() else { return };
        let place = first.place;
        let before = (self.chain, self.previous);
        for (eh, name) in [(true, b".eh_frame".as_slice()), (false, b".debug_frame")] {
            let wanted: Vec<&Frame> = frames.iter().filter(|f| if eh { f.eh_frame } else { f.debug_frame }).collect();
            if wanted.is_empty() {
                continue;
            }
            let section = self.section_named(name, place);
            self.sections[section].flags = if eh { SHF_ALLOC } else { 0 };
            self.sections[section].kind = SHT_PROGBITS;
            self.chain = self.sections.chain(section, 0);
            self.align_section(2);
            let align = Variable::Align { power: 2, max: 0, fill: Fill::Bytes { value: 0, size: 1 } };
            if self.here().pos != 0 {
                self.out().push_variable(align, 0);
            }
            let mut cies: Vec<Cie> = Vec::new();
            for frame in wanted {
                self.write_frame(frame, eh, &mut cies);
            }
        }
        (self.chain, self.previous) = before;
    }

    fn write_frame(&mut self, frame: &Frame, eh: bool, cies: &mut Vec<Cie>) {
        let place = frame.place;
        // GNU as moves what a frame begins with into the CIE; llvm-mc what every frame begins with.
        let shared = if self.llvm { usize::from(!frame.simple) } else { usize::MAX };
        let head: Vec<Insn> = frame.insns.iter().take_while(|i| !i.ends_cie()).take(shared).cloned().collect();
        let personality = (frame.personality.0, frame.personality.1.map(|(v, _)| v));
        // A CIE fits whose instructions are those with which the frame begins; the last one made is tried first.
        let known = cies.iter().rposition(|c| {
            c.return_column == frame.return_column
                && c.signal == frame.signal
                && (!eh || (c.personality == personality && c.lsda_encoding == frame.lsda.0))
                && head.starts_with(&c.insns)
        });
        let index = known.unwrap_or_else(|| {
            let cie = self.write_cie(frame, eh, head.clone());
            cies.push(cie);
            cies.len() - 1
        });
        let (cie_label, taken) = (cies[index].label, cies[index].insns.len());
        let (start, end) = (self.unplaced(place), self.unplaced(place));
        self.put_difference(end, start, place);
        self.place_label(start);
        if eh {
            self.put_difference(start, cie_label, place);
        } else {
            let cie = self.temporary_label(cies[index].at, place);
            self.put(FixKind::Data(4), Value::symbol(cie), place, 4);
        }
        let from = self.temporary_label(frame.start, place);
        let to = self.temporary_label(frame.end, place);
        let kind = if eh { FixKind::Relative32 } else { FixKind::Data(4) };
        self.put(kind, Value::symbol(from), place, 4);
        self.put_difference(to, from, place);
        if eh {
            let has_lsda = frame.lsda.0 != OMIT;
            let length = if has_lsda { u64::from(encoded_len(frame.lsda.0)) } else { 0 };
            push_uleb(&mut self.out().bytes, length);
            if has_lsda && let Some((value, place)) = frame.lsda.1 {
                self.put_encoded(frame.lsda.0, value, place);
            }
        }
        for insn in &frame.insns[taken..] {
            self.put_insn(insn);
        }
        self.end_record(end);
    }

    /// Pads a record and places the label of its end.
    fn end_record(&mut self, end: SymbolId) {
        self.out().push_variable(Variable::Align { power: 2, max: 0, fill: Fill::Bytes { value: 0, size: 1 } }, 0);
        self.place_label(end);
    }

    fn write_cie(&mut self, frame: &Frame, eh: bool, insns: Vec<Insn>) -> Cie {
        let place = frame.place;
        let (label, start, end) = (self.unplaced(place), self.unplaced(place), self.unplaced(place));
        let at = self.here();
        self.place_label(label);
        self.put_difference(end, start, place);
        self.place_label(start);
        let id = if eh { 0u32 } else { u32::MAX };
        let version = self.options.cie_version.unwrap_or(match (self.llvm, eh) {
            (true, true) => 1,
            (true, false) => 4,
            (false, _) => 3,
        });
        if version == 1 && frame.return_column > 255 {
            let d = Diagnostic::new(&codes::E0419, format!("return column {} does not fit version 1 of frame descriptions", frame.return_column))
                .at(place.span, "in this frame")
                .help("--gdwarf-cie-version=3");
            self.report_at(d, place);
        }
        let out = &mut self.out().bytes;
        out.extend_from_slice(&id.to_le_bytes());
        out.push(version);
        let personality = frame.personality;
        if eh {
            out.push(b'z');
            if personality.0 != OMIT {
                out.push(b'P');
            }
            if frame.lsda.0 != OMIT {
                out.push(b'L');
            }
            out.push(b'R');
        }
        if frame.signal {
            out.push(b'S');
        }
        out.push(0);
        if version == 4 {
            // Sizes of an address and of a segment selector.
            out.extend_from_slice(&[4, 0]);
        }
        push_uleb(out, 1);
        push_sleb(out, DATA_ALIGN);
        match u8::try_from(frame.return_column) {
            // In version 1 the column is a byte, which may look like the first of two.
            Ok(column) if version == 1 => out.push(column),
            _ => push_uleb(out, frame.return_column),
        }
        if eh {
            let mut length = 1;
            if personality.0 != OMIT {
                length += 1 + u64::from(encoded_len(personality.0));
            }
            if frame.lsda.0 != OMIT {
                length += 1;
            }
            push_uleb(out, length);
            if personality.0 != OMIT {
                out.push(personality.0);
                if let Some((value, place)) = personality.1 {
                    self.put_encoded(personality.0, value, place);
                }
            }
            let out = &mut self.out().bytes;
            if frame.lsda.0 != OMIT {
                out.push(frame.lsda.0);
            }
            out.push(PCREL_SDATA4);
        }
        for insn in &insns {
            if self.llvm && *insn == Insn::Bytes(registers(DEF_CFA_REGISTER, &[SP])) {
                self.put_insn(&Insn::Bytes(def_cfa(SP, 0))); // the same in llvm-mc's words
            } else {
                self.put_insn(insn);
            }
        }
        self.end_record(end);
        // The pointer in an .eh_frame FDE is to the start of the CIE.
        Cie { at, label, return_column: frame.return_column, signal: frame.signal, personality: (personality.0, personality.1.map(|(v, _)| v)), lsda_encoding: frame.lsda.0, insns }
    }

    fn put_insn(&mut self, insn: &Insn) {
        match insn {
            Insn::Advance(from, to) if from.chain == to.chain && from.fragment == to.fragment => {
                push_advance(&mut self.out().bytes, to.pos - from.pos);
            }
            Insn::Advance(from, to) => self.out().push_variable(Variable::CfaAdvance { from: *from, to: *to }, 1),
            Insn::Bytes(bytes) | Insn::Escape(bytes) => self.out().bytes.extend_from_slice(bytes),
            Insn::Remember => self.out().bytes.push(0x0a),
            Insn::EncodedAddress(register, encoding, value, place) => {
                // DW_CFA_val_expression with DW_OP_GNU_encoded_addr.
                let out = &mut self.out().bytes;
                out.push(0x16);
                push_uleb(out, *register);
                out.push(2 + encoded_len(*encoding));
                out.push(0xf1);
                out.push(*encoding);
                self.put_encoded(*encoding, *value, *place);
            }
            Insn::Label(id) => self.place_label(*id),
        }
    }

    fn put_encoded(&mut self, encoding: u8, value: Value, place: Where) {
        let len = encoded_len(encoding);
        let kind = if encoding & 0x70 == 0x10 { FixKind::Relative32 } else { FixKind::Data(len) };
        self.put(kind, value, place, len);
    }

    fn put(&mut self, kind: FixKind, value: Value, place: Where, len: u8) {
        self.fix_here(kind, value, place, false);
        self.out().bytes.extend_from_slice(&[0; 8][..usize::from(len)]);
    }

    fn put_difference(&mut self, a: SymbolId, b: SymbolId, place: Where) {
        self.put(FixKind::Data(4), Value { add: a, sub: b, num: 0 }, place, 4);
    }

    /// A label to be placed later.
    fn unplaced(&mut self, place: Where) -> SymbolId {
        let id = self.symbols.add(self.temporary_name, Definition::Undefined, place);
        self.symbols[id].temporary = true;
        self.symbols[id].internal = true;
        id
    }

    fn place_label(&mut self, id: SymbolId) {
        let here = self.here();
        self.symbols[id].definition = Definition::Label(here);
    }

    /// Writes an advance over a distance that linking may change.
    pub fn cfa_advance_contents(&mut self, from: At, to: At, size: u32, out: &mut Contents) {
        let delta = self.sections.address(to).wrapping_sub(self.sections.address(from));
        let place = self.place_of_nothing();
        if size == 0 {
            return;
        }
        let (a, b) = (self.temporary_label(to, place), self.temporary_label(from, place));
        let start = out.bytes.len();
        let (at, set, sub) = match size {
            1 => {
                out.bytes.push(0x40 | (delta as u8 & 0x3f));
                (start, Reloc::Set6, Reloc::Sub6)
            }
            2 => {
                out.bytes.extend_from_slice(&[0x02, delta as u8]);
                (start + 1, Reloc::Set8, Reloc::Sub8)
            }
            3 => {
                out.bytes.push(0x03);
                out.bytes.extend_from_slice(&(delta as u16).to_le_bytes());
                (start + 1, Reloc::Set16, Reloc::Sub16)
            }
            _ => {
                out.bytes.push(0x04);
                out.bytes.extend_from_slice(&delta.to_le_bytes());
                (start + 1, Reloc::Set32, Reloc::Sub32)
            }
        };
        self.relocate_pair(out, at, set, a, sub, b);
    }
}

/// Bytes of an encoded pointer.
pub fn encoded_len(encoding: u8) -> u8 {
    match encoding & 0x7 {
        2 => 2,
        4 => 8,
        _ => 4,
    }
}
