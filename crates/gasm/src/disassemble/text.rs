//! The text: in the columns of objdump, so that what reads those reads these.

use super::input::Relocation;
use super::lines::{Line, Lines};
use super::sweep::{Kind, Piece, pieces};
use super::{Output, View};
use rv32::{COp, Insn, Op, Style};
use std::fmt::Write;
use std::ops::Range;

/// Shows a range of a section.
pub fn show(view: &View<'_>, range: Range<u32>, mut lines: Option<&mut Lines>, out: &mut Output<'_>) {
    let section = view.section;
    // Addresses have 8 digits, or 4 places if no more are needed.
    let width = if section.end() > 0xffff { 8 } else { 4 };
    let mut told: Option<Line> = None;
    let mut relocations = &section.relocations[section.relocations.partition_point(|r| r.address < range.start)..];
    let mut pairs = Pairs::new(view.input.gp);
    let mut buffer = String::new();
    for piece in pieces(section, range.clone(), view.request.zeros) {
        let at = piece.address;
        buffer.clear();
        match section.symbol_before(at) {
            Some((symbol, 0)) => label(&mut buffer, at, &symbol.name),
            // A range that begins inside something says inside what.
            _ if at == range.start => label(&mut buffer, at, &view.input.name_of(section, at).unwrap_or_else(|| section.name.clone())),
            _ => {}
        }
        if let Some(lines) = lines.as_deref_mut()
            && let Some(line) = lines.find(at.wrapping_add(section.line_base))
            && told != Some(line)
        {
            told = Some(line);
            let text = if view.request.source { lines.text(line, out.host) } else { None };
            let file = lines.file(line);
            let _ = match text {
                Some(text) => writeln!(buffer, "# {file}:{}: {text}", line.number),
                None => writeln!(buffer, "# {file}:{}", line.number),
            };
        }
        let bytes = &section.bytes[(at - section.address) as usize..][..piece.len as usize];
        let text = assembly(view, piece, bytes, &mut pairs);
        let _ = match (view.request.hide_bytes, piece.kind) {
            (false, Kind::Zeros) => writeln!(buffer, "{at:>width$x}:\t{:<17} \t{text}", "..."),
            (false, _) => writeln!(buffer, "{at:>width$x}:\t{:<17} \t{text}", hex(bytes)),
            (true, _) => writeln!(buffer, "{at:>width$x}:\t{text}"),
        };
        let here = relocations.iter().take_while(|r| r.address < at.saturating_add(piece.len)).count();
        for relocation in &relocations[..here] {
            let _ = writeln!(buffer, "\t\t\t{:x}: {}", relocation.address, relocation_text(relocation));
        }
        relocations = &relocations[here..];
        out.push(&buffer);
        if out.closed {
            return;
        }
    }
}

fn label(buffer: &mut String, address: u32, name: &str) {
    let _ = write!(buffer, "\n{address:08x} <{name}>:\n");
}

/// The bytes as parcels of 16 or words of 32 bits, as objdump groups them.
fn hex(bytes: &[u8]) -> String {
    match *bytes {
        [a] => format!("{a:02x}"),
        [a, b] => format!("{:04x}", u16::from_le_bytes([a, b])),
        [a, b, c, d] => format!("{:08x}", u32::from_le_bytes([a, b, c, d])),
        _ => bytes.chunks(2).map(|c| c.iter().rev().map(|b| format!("{b:02x}")).collect::<String>()).collect::<Vec<_>>().join(" "),
    }
}

/// `R_RISCV_HI20<tab>symbol+0x4`.
pub fn relocation_text(relocation: &Relocation) -> String {
    let symbol = if relocation.symbol.is_empty() { "*ABS*" } else { &relocation.symbol };
    match relocation.addend {
        0 => format!("{}\t{symbol}", relocation.kind),
        n if n < 0 => format!("{}\t{symbol}-{:#x}", relocation.kind, n.unsigned_abs()),
        n => format!("{}\t{symbol}+{n:#x}", relocation.kind),
    }
}

/// A piece as assembly: the mnemonic, a tab, the operands; what can be told besides, behind ` # `.
pub fn assembly(view: &View<'_>, piece: Piece, bytes: &[u8], pairs: &mut Pairs) -> String {
    let (input, section) = (view.input, view.section);
    match piece.kind {
        Kind::Instruction(decoded) => {
            let symbolize = |address: u32| input.name_of(section, address);
            let mut text = rv32::print_with(&decoded, piece.address, view.request.style, view.request.registers, &symbolize);
            if let Some(address) = pairs.follow(&decoded, piece.address, view.request.style) {
                // In a relocatable file only the linker knows.
                if !input.relocatable {
                    let _ = write!(text, " # {address:x}");
                    if let Some(name) = input.name_of(section, address) {
                        let _ = write!(text, " <{name}>");
                    }
                }
            }
            text
        }
        Kind::Unknown => match *bytes {
            // Defined to be illegal (unprivileged specification, "Compressed Instruction Formats").
            [0, 0] if view.request.style == Style::Aliases => "unimp".into(),
            [0, 0] => "c.unimp".into(),
            [a, b] => format!(".2byte\t{:#x}", u16::from_le_bytes([a, b])),
            [a, b, c, d] => format!(".4byte\t{:#x}", u32::from_le_bytes([a, b, c, d])),
            _ => format!(".byte\t{}", bytes.iter().map(|b| format!("{b:#04x}")).collect::<Vec<_>>().join(", ")),
        },
        Kind::Data => {
            let mut text = match *bytes {
                [a, b] => format!(".half\t{:#06x}", u16::from_le_bytes([a, b])),
                [a, b, c, d] => format!(".word\t{:#010x}", u32::from_le_bytes([a, b, c, d])),
                _ => format!(".byte\t{}", bytes.iter().map(|b| format!("{b:#04x}")).collect::<Vec<_>>().join(", ")),
            };
            if bytes.iter().any(u8::is_ascii_graphic) && bytes.iter().all(|b| b.is_ascii_graphic() || matches!(b, b' ' | b'\n' | b'\t' | 0)) {
                let _ = write!(text, " # \"{}\"", bytes.escape_ascii().to_string().replace("\\x00", "\\0"));
            }
            text
        }
        Kind::Zeros => format!(".zero\t{}", piece.len),
    }
}

/// Follows `lui` and `auipc` to the instructions that complete their addresses.
pub struct Pairs {
    upper: [Option<u32>; 32],
    gp: Option<u32>,
}

const ZERO: u8 = 0;
const GP: u8 = 3;
const TP: u8 = 4;

impl Pairs {
    /// None yet; `gp` is what that register holds.
    pub fn new(gp: Option<u32>) -> Pairs {
        Pairs { upper: [None; 32], gp }
    }

    /// The address that an instruction completes, as objdump sees it.
    pub fn follow(&mut self, decoded: &rv32::Decoded, pc: u32, style: Style) -> Option<u32> {
        let Insn { op, rd, rs1, imm, .. } = decoded.insn;
        let imm = imm as u32;
        let compressed = decoded.compressed.is_some();
        #[allow(clippy::wildcard_enum_match_arm, reason = "other instructions complete no address")]
        match op {
            Op::Auipc => self.upper[usize::from(rd)] = Some(pc.wrapping_add(imm)),
            Op::Lui => self.upper[usize::from(rd)] = Some(imm),
            // `mv` shows no offset to complete.
            Op::Addi if imm == 0 && style == Style::Aliases => {}
            Op::Addi if rs1 != ZERO && matches!(decoded.compressed, None | Some(COp::CAddi)) => return self.complete(rs1, imm),
            Op::Jalr | Op::Lb | Op::Lbu | Op::Lh | Op::Lhu | Op::Lw | Op::Sb | Op::Sh | Op::Sw if !compressed => return self.complete(rs1, imm),
            _ => {}
        }
        None
    }

    fn complete(&mut self, base: u8, offset: u32) -> Option<u32> {
        if let Some(upper) = self.upper[usize::from(base)].take() {
            // x0 is not written.
            return Some(if base == ZERO { offset } else { upper.wrapping_add(offset) });
        }
        match base {
            GP => self.gp.map(|gp| gp.wrapping_add(offset)),
            TP | ZERO => Some(offset),
            _ => None,
        }
    }
}
