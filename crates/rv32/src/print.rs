//! Printing, in the words of GNU objdump 2.40.

use crate::compressed::{COp, COperand};
use crate::csr;
use crate::decode::Decoded;
use crate::instructions::Insn;
use crate::operand::{Operand, Syntax};
use crate::pseudo::{self, Expansion, PseudoRow};
use crate::reg::Reg;

/// How to print.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Style {
    /// What the encoding is: `c.addi a0,1`, `addi zero,zero,0` (objdump `-M no-aliases`).
    NoAliases,
    /// What one would write: `nop`, `ret`; compressed instructions as what they stand for.
    Aliases,
}

/// How registers are called.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Registers {
    /// By their use: `a0`.
    Abi,
    /// By their number: `x10` (objdump `-M numeric`).
    Numeric,
}

impl Registers {
    fn name(self, number: u8) -> String {
        match Reg::new(number) {
            Some(reg) if self == Registers::Abi => reg.abi_name().to_owned(),
            _ => format!("x{number}"),
        }
    }
}

/// What the operands' texts depend on besides the instruction.
#[derive(Clone, Copy)]
struct Context<'a> {
    pc: u32,
    registers: Registers,
    symbolize: &'a dyn Fn(u32) -> Option<String>,
}

/// The text of an instruction at address `pc`: mnemonic, and if it has operands a tab and the operands. `symbolize` names
/// the address that a jump or branch goes to; with a name it prints as `80000010 <name>`, without as `0x80000010`.
pub fn print(
    decoded: &Decoded,
    pc: u32,
    style: Style,
    symbolize: &dyn Fn(u32) -> Option<String>,
) -> String {
    print_with(decoded, pc, style, Registers::Abi, symbolize)
}

/// [`print`], with the registers' names chosen.
pub fn print_with(
    decoded: &Decoded,
    pc: u32,
    style: Style,
    registers: Registers,
    symbolize: &dyn Fn(u32) -> Option<String>,
) -> String {
    let context = Context {
        pc,
        registers,
        symbolize,
    };
    let (mnemonic, operands) = match (style, decoded.compressed) {
        (Style::NoAliases, Some(cop)) => compressed_text(cop, &decoded.insn, context),
        (Style::NoAliases, None) => real_text(&decoded.insn, context),
        (Style::Aliases, cop) => alias_text(cop, &decoded.insn, context),
    };
    if operands.is_empty() {
        mnemonic
    } else {
        format!("{mnemonic}\t{}", operands.join(","))
    }
}

/// A line of assembly for an instruction of a row: the mnemonic, the operands as an assembler takes them. Jump and branch
/// targets are written relative to `.`; the address of a pseudo-instruction as `symbol`.
pub fn assembly(mnemonic: &str, operands: &[Operand], insn: &Insn) -> String {
    let texts: Vec<String> = operands
        .iter()
        .zip(operand_texts(operands, insn, Context { pc: 0, registers: Registers::Abi, symbolize: &|_| None }))
        .filter(|(operand, _)| operand.syntax() != Syntax::None)
        .map(|(operand, text)| match operand.syntax() {
            Syntax::Target if *operand == Operand::Symbol => "symbol".to_owned(),
            Syntax::Target => format!(".{:+}", insn.imm),
            Syntax::Register
            | Syntax::Immediate
            | Syntax::Memory
            | Syntax::Csr
            | Syntax::FenceSet
            | Syntax::None => text,
        })
        .collect();
    if texts.is_empty() {
        mnemonic.to_owned()
    } else {
        format!("{mnemonic} {}", texts.join(", "))
    }
}

type Text = (String, Vec<String>);

fn real_text(insn: &Insn, context: Context<'_>) -> Text {
    if let Some(row) = always_printed(insn) {
        return (row.mnemonic.to_owned(), Vec::new());
    }
    let row = insn.op.row();
    let ordering = match insn.imm {
        _ if !row.operands.contains(&Operand::Ordering) => "",
        1 => ".rl",
        2 => ".aq",
        3 => ".aqrl",
        _ => "",
    };
    let mut operands = operand_texts(row.operands, insn, context);
    operands.retain(|text| !text.is_empty()); // the ordering stands in the mnemonic
    (format!("{}{ordering}", row.mnemonic), operands)
}

/// A pseudo-instruction that is printed even for what the encoding is: `unimp`, as objdump does.
fn always_printed(insn: &Insn) -> Option<&'static PseudoRow> {
    pseudo::ROWS
        .iter()
        .find(|row| row.expansion == Expansion::Unimp && row.template == *insn)
}

fn compressed_text(
    cop: COp,
    insn: &Insn,
    context: Context<'_>,
) -> Text {
    let row = cop.row();
    let row = row.printed_as.map_or(row, COp::row);
    let operands = row.operands.iter().map(|operand| match operand {
        COperand::Sp => context.registers.name(2),
        COperand::UpperImm6 => upper(insn),
        COperand::LoadSp | COperand::StoreSp | COperand::Word => memory(insn, context),
        COperand::Rd | COperand::RdRs1 | COperand::RdShort | COperand::RdRs1Short => {
            context.registers.name(insn.rd)
        }
        COperand::Rs1 | COperand::Rs1Short => context.registers.name(insn.rs1),
        COperand::Rs2 | COperand::Rs2Short => context.registers.name(insn.rs2),
        COperand::Imm6 | COperand::Addi4spn | COperand::Addi16sp => insn.imm.to_string(),
        COperand::Shamt => format!("{:#x}", insn.imm),
        COperand::BranchTarget | COperand::JumpTarget => target(insn, context),
    });
    (row.mnemonic.to_owned(), operands.collect())
}

fn alias_text(
    cop: Option<COp>,
    insn: &Insn,
    context: Context<'_>,
) -> Text {
    if cop == Some(COp::CMv) {
        // What it expands to, `add rd, zero, rs2`, has no alias; the instruction itself is the alias `mv`.
        let operands = vec![context.registers.name(insn.rd), context.registers.name(insn.rs2)];
        return ("mv".to_owned(), operands);
    }
    if let Some(row) = always_printed(insn) {
        return (row.mnemonic.to_owned(), Vec::new());
    }
    match pseudo::ROWS
        .iter()
        .find(|row| row.printed && row.matches(insn))
    {
        Some(row) => (
            row.mnemonic.to_owned(),
            operand_texts(row.operands, insn, context),
        ),
        None => real_text(insn, context),
    }
}

fn operand_texts(
    operands: &[Operand],
    insn: &Insn,
    context: Context<'_>,
) -> Vec<String> {
    operands
        .iter()
        .map(|operand| match operand {
            Operand::Rd => context.registers.name(insn.rd),
            Operand::Rs1 => context.registers.name(insn.rs1),
            Operand::Rs2 => context.registers.name(insn.rs2),
            Operand::ImmI | Operand::Imm32 => insn.imm.to_string(),
            Operand::Shamt => format!("{:#x}", insn.imm),
            Operand::ImmU => upper(insn),
            Operand::BranchTarget | Operand::JumpTarget => target(insn, context),
            Operand::Load | Operand::Store => memory(insn, context),
            Operand::Address => format!("({})", context.registers.name(insn.rs1)),
            Operand::Csr => csr_name(insn.imm),
            Operand::Uimm5 => insn.rs1.to_string(),
            Operand::FencePred => fence_set(insn.imm >> 4),
            Operand::FenceSucc => fence_set(insn.imm),
            Operand::Ordering | Operand::Symbol => String::new(),
        })
        .collect()
}

fn memory(insn: &Insn, context: Context<'_>) -> String {
    format!("{}({})", insn.imm, context.registers.name(insn.rs1))
}

fn upper(insn: &Insn) -> String {
    format!("{:#x}", insn.imm as u32 >> 12)
}

fn target(insn: &Insn, context: Context<'_>) -> String {
    let address = context.pc.wrapping_add(insn.imm as u32);
    (context.symbolize)(address).map_or_else(
        || format!("{address:#x}"),
        |name| format!("{address:x} <{name}>"),
    )
}

fn csr_name(number: i32) -> String {
    csr::by_number(number as u16).map_or_else(|| format!("{number:#x}"), |row| row.name.to_owned())
}

/// The letters of a fence set; `unknown` for the empty one, as objdump has it.
fn fence_set(set: i32) -> String {
    let letters: String = [(8, 'i'), (4, 'o'), (2, 'r'), (1, 'w')]
        .iter()
        .filter(|(bit, _)| set & bit != 0)
        .map(|(_, letter)| *letter)
        .collect();
    if letters.is_empty() {
        "unknown".to_owned()
    } else {
        letters
    }
}

impl PseudoRow {
    /// Whether an instruction is what this row's template gives with some operands.
    pub fn matches(&self, insn: &Insn) -> bool {
        if self.template.op != insn.op || self.expansion != Expansion::One {
            return false;
        }
        // Writing the row's operands over both leaves the fields that the template fixes.
        let mut word = crate::encode::encode_unchecked(&self.template);
        for operand in self.operands {
            operand.insert(&mut word, insn);
        }
        word == crate::encode::encode_unchecked(insn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::decode;
    use crate::instructions::Op;

    fn text(word: u32, style: Style) -> String {
        print(&decode(word).unwrap(), 0x8000_0000, style, &|address| {
            (address == 0x8000_0010).then(|| "f+0x4".to_owned())
        })
    }

    #[test]
    fn styles_differ_where_they_should() {
        for (word, no_aliases, aliases) in [
            (0x0000_0013, "addi\tzero,zero,0", "nop"),
            (0x0000_8067, "jalr\tzero,0(ra)", "ret"),
            (
                0x0100_006f,
                "jal\tzero,80000010 <f+0x4>",
                "j\t80000010 <f+0x4>",
            ),
            (0x0140_00ef, "jal\tra,0x80000014", "jal\t0x80000014"),
            (0x0000_8082, "c.jr\tra", "ret"),
            (0x0000_852e, "c.mv\ta0,a1", "mv\ta0,a1"),
            (0x0000_0505, "c.addi\ta0,1", "addi\ta0,a0,1"),
            (0xc000_2573, "csrrs\ta0,cycle,zero", "rdcycle\ta0"),
            (0xc000_1073, "unimp", "unimp"),
            (0x0ff0_000f, "fence\tiorw,iorw", "fence"),
            (0x0010_000f, "fence\tunknown,w", "fence\tunknown,w"),
            (0x0000_0073, "ecall", "ecall"),
            (
                0x0605_a52f,
                "amoadd.w.aqrl\ta0,zero,(a1)",
                "amoadd.w.aqrl\ta0,zero,(a1)",
            ),
        ] {
            assert_eq!(
                (
                    text(word, Style::NoAliases).as_str(),
                    text(word, Style::Aliases).as_str()
                ),
                (no_aliases, aliases),
                "{word:#010x}"
            );
        }
    }

    #[test]
    fn fields_out_of_range_print_something() {
        let insn = Insn {
            op: Op::Addi,
            rd: 200,
            rs1: 99,
            rs2: 77,
            imm: i32::MIN,
        };
        let decoded = Decoded {
            insn,
            len: 4,
            compressed: None,
        };
        assert_eq!(
            print(&decoded, 0, Style::NoAliases, &|_| None),
            "addi\tx200,x99,-2147483648"
        );
        assert!(!print(&decoded, 0, Style::Aliases, &|_| None).is_empty());
    }
}
