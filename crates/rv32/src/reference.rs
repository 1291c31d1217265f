//! The reference pages, as Markdown, generated from the tables.

use crate::compressed;
use crate::csr::{self, Privilege, Status};
use crate::instructions;
use crate::isa::Ext;
use crate::operand::{Operand, Syntax};
use crate::print::assembly;
use crate::pseudo::{self, Expansion, PseudoRow};
use crate::reloc::Reloc;
use crate::reserved;
use std::fmt::Write;

/// Says at the top of a page where it comes from.
fn heading(title: &str, source: &str, introduction: &str) -> String {
    format!(
        "# {title}\n\n<!-- Generated from {source}: change the table, then run `cargo xtask generate`. -->\n\n{introduction}\n"
    )
}

/// A table row; the bars in cells are escaped.
fn row(page: &mut String, cells: &[&str]) {
    for cell in cells {
        let _ = write!(page, "| {} ", cell.replace('|', "\\|"));
    }
    page.push_str("|\n");
}

fn table(page: &mut String, columns: &[&str]) {
    page.push('\n');
    row(page, columns);
    row(page, &vec!["---"; columns.len()]);
}

fn usage(mnemonic: &str, placeholders: impl Iterator<Item = &'static str>) -> String {
    let operands: Vec<&str> = placeholders.filter(|text| !text.is_empty()).collect();
    if operands.is_empty() {
        format!("`{mnemonic}`")
    } else {
        format!("`{mnemonic} {}`", operands.join(", "))
    }
}

/// `docs/reference/instructions.md`: the instructions by extension, the compressed ones, the operands, the encodings
/// that are refused.
pub fn instructions() -> String {
    let mut page = heading(
        "Instructions",
        "`crates/rv32/src/instructions.rs` and `compressed.rs`",
        "In an encoding, `-` is a bit of an operand. What each operand may be stands under [Operands](#operands). A \
         branch to a label out of reach becomes an inverted branch and a jump.",
    );
    for ext in Ext::ALL {
        let rows: Vec<_> = instructions::ROWS
            .iter()
            .filter(|row| row.ext == ext)
            .collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(page, "\n## {}: {}\n", ext.name(), ext.summary());
        table(&mut page, &["instruction", "meaning", "encoding"]);
        for r in rows {
            let mnemonic = if r.operands.contains(&Operand::Ordering) {
                format!("{}[.aq|.rl|.aqrl]", r.mnemonic)
            } else {
                r.mnemonic.to_owned()
            };
            let usage = usage(
                &mnemonic,
                r.operands.iter().map(|operand| operand.placeholder()),
            );
            row(
                &mut page,
                &[
                    &usage,
                    r.summary,
                    &format!("`{}`", bits(r.bits, r.mask, 32)),
                ],
            );
        }
    }
    page.push_str("\n## c: compressed instructions\n\nUnder `.option rvc` the assembler chooses them by itself where they fit. `'` marks operands that must be one of s0, s1, a0 to a5.\n");
    table(
        &mut page,
        &["instruction", "meaning", "stands for", "encoding"],
    );
    for r in &compressed::ROWS {
        let usage = usage(
            r.mnemonic,
            r.operands.iter().map(|operand| operand.placeholder()),
        );
        row(
            &mut page,
            &[
                &usage,
                r.summary,
                &format!("`{}`", r.expands_to.op.mnemonic()),
                &format!("`{}`", bits(r.bits.into(), r.mask.into(), 16)),
            ],
        );
    }
    page.push_str("\n## Operands\n");
    operands(&mut page);
    page.push_str("\n## Reserved encodings\n\nGNU objdump prints these as instructions; the specification reserves them, and here they are illegal.\n");
    table(&mut page, &["objdump prints", "encoding", "specification"]);
    for r in reserved::ROWS {
        let encoding = bits(r.bits, r.mask, u32::from(r.len) * 8);
        row(
            &mut page,
            &[
                &format!("`{}`", r.printed_as),
                &format!("`{encoding}`"),
                r.section,
            ],
        );
    }
    page
}

/// What each operand may be, and which instructions have it.
fn operands(page: &mut String) {
    let mut kinds: Vec<([&str; 2], Vec<String>)> = Vec::new();
    for r in &instructions::ROWS {
        for operand in r.operands {
            if matches!(operand.syntax(), Syntax::None | Syntax::Register) {
                continue;
            }
            let kind = [operand.placeholder(), operand.describe()];
            let mnemonic = format!("`{}`", r.mnemonic);
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, mnemonics)) => mnemonics.push(mnemonic),
                None => kinds.push((kind, vec![mnemonic])),
            }
        }
    }
    table(page, &["operand", "is", "of"]);
    for ([placeholder, description], mnemonics) in &kinds {
        row(
            page,
            &[
                &format!("`{placeholder}`"),
                description,
                &mnemonics.join(" "),
            ],
        );
    }
}

/// The fixed bits as digits, the others as `-`, in groups of four.
fn bits(bits: u32, mask: u32, width: u32) -> String {
    let digit = |bit: u32| match (mask >> bit & 1, bits >> bit & 1) {
        (0, _) => '-',
        (_, 0) => '0',
        _ => '1',
    };
    let mut text = String::new();
    for bit in (0..width).rev() {
        text.push(digit(bit));
        if bit % 4 == 0 && bit != 0 {
            text.push(' ');
        }
    }
    text
}

/// `docs/reference/pseudo-instructions.md`: pseudo-instructions and other spellings.
pub fn pseudo() -> String {
    let mut page = heading(
        "Pseudo-instructions",
        "`crates/rv32/src/pseudo.rs`",
        "What stands for other instructions, and other spellings of instructions.",
    );
    table(&mut page, &["form", "meaning", "becomes"]);
    for r in &pseudo::ROWS {
        let usage = usage(
            r.mnemonic,
            r.operands.iter().map(|operand| operand.placeholder()),
        );
        row(&mut page, &[&usage, r.summary, &becomes(r)]);
    }
    page
}

fn becomes(row: &PseudoRow) -> String {
    let op = row.template.op.mnemonic();
    let text = match row.expansion {
        Expansion::One => return format!("`{}`", template(row)),
        Expansion::Compressed(cop) => return format!("`{}`", cop.mnemonic()),
        Expansion::Li => "`addi`, `lui`, or `lui` and `addi`",
        Expansion::La => {
            "`auipc` and `addi`; in position-independent code `auipc` and `lw` from the GOT"
        }
        Expansion::Lla => "`auipc rd, %pcrel_hi(symbol)` and `addi rd, rd, %pcrel_lo(label)`",
        Expansion::LaTlsIe => {
            "`auipc rd, %tls_ie_pcrel_hi(symbol)` and `lw rd, %pcrel_lo(label)(rd)`"
        }
        Expansion::LaTlsGd => {
            "`auipc rd, %tls_gd_pcrel_hi(symbol)` and `addi rd, rd, %pcrel_lo(label)`"
        }
        Expansion::Call => "`auipc` and `jalr`, which the linker shortens",
        Expansion::LoadSymbol => {
            return format!("`auipc rd, %pcrel_hi(symbol)` and `{op} rd, %pcrel_lo(label)(rd)`");
        }
        Expansion::StoreSymbol => {
            return format!("`auipc rs1, %pcrel_hi(symbol)` and `{op} rs2, %pcrel_lo(label)(rs1)`");
        }
        Expansion::TprelAdd => "`add` with a relocation",
        Expansion::ShiftLeftRightArithmetic => "`slli` and `srai`",
        Expansion::ShiftLeftRightLogical => "`slli` and `srli`",
        Expansion::Unimp => "`c.unimp` under `.option rvc`, else `csrrw zero, cycle, zero`",
        Expansion::IllegalHalfword => "the halfword 0",
        Expansion::Withdrawn => return format!("the word {:#010x}; illegal here", row.template.imm),
    };
    text.to_owned()
}

/// The real instruction with the names of the operands that the form gives and the values of the others.
fn template(row: &PseudoRow) -> String {
    let real = row.template.op.row();
    let mask = row
        .operands
        .iter()
        .fold(0, |mask, operand| mask | operand.mask());
    let operands: Vec<String> = real
        .operands
        .iter()
        .map(|operand| {
            if operand.mask() & mask == operand.mask() {
                return operand.placeholder().to_owned();
            }
            let given = assembly("", &[*operand], &row.template).trim().to_owned();
            // `0(rs1)`: the form gives the register, the template the offset.
            let half_given = operand.syntax() == Syntax::Memory && operand.mask() & mask != 0;
            if half_given {
                "0(rs1)".to_owned()
            } else {
                given
            }
        })
        .collect();
    if operands.is_empty() {
        real.mnemonic.to_owned()
    } else {
        format!("{} {}", real.mnemonic, operands.join(", "))
    }
}

/// `docs/reference/csrs.md`: control and status registers.
pub fn csrs() -> String {
    let mut page = heading(
        "Control and status registers",
        "`crates/rv32/src/csr.rs`",
        "The names that the assembler knows. Which registers a guest has is said by the platform page; access to another \
         is an illegal instruction.",
    );
    table(&mut page, &["number", "name", "access", "holds"]);
    for r in csr::ALL {
        let privilege = match r.privilege() {
            Privilege::User => "user",
            Privilege::Supervisor => "supervisor",
            Privilege::Hypervisor => "hypervisor",
            Privilege::Machine => "machine",
        };
        let access = if r.is_read_only() {
            "read"
        } else {
            "read, write"
        };
        let name = match r.status {
            Status::Current => format!("`{}`", r.name),
            Status::Alias => format!("`{}` (alias)", r.name),
            Status::Former => format!("`{}` (former)", r.name),
        };
        row(
            &mut page,
            &[
                &format!("`{:#05x}`", r.number),
                &name,
                &format!("{privilege}: {access}"),
                r.summary,
            ],
        );
    }
    page
}

/// `docs/reference/relocations.md`: relocations.
pub fn relocations() -> String {
    let mut page = heading(
        "Relocations",
        "`crates/rv32/src/reloc.rs`",
        "S is the symbol's value, A the addend, P the address of the field, V what stands in it, B the load address, TP the thread \
         pointer, GOT the address of the symbol's entry in the global offset table.",
    );
    table(&mut page, &["number", "name", "field", "value"]);
    for r in Reloc::ALL.iter().map(|reloc| reloc.row()) {
        row(
            &mut page,
            &[
                &r.number.to_string(),
                &format!("`{}`", r.name),
                r.field.describe(),
                r.summary,
            ],
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_name_every_row() {
        let page = instructions();
        assert!(
            instructions::ROWS
                .iter()
                .all(|r| page.contains(&format!("`{}", r.mnemonic)))
        );
        assert!(page.contains("`0000 000- ---- ---- -000 ---- -011 0011`"));
        let page = pseudo();
        for line in [
            "| `mv rd, rs1` | Copy a register | `addi rd, rs1, 0` |",
            "| `ret` | Return: jump to ra | `jalr zero, 0(ra)` |",
            "| `bgt rs2, rs1, target` | Branch if greater than, signed | `blt rs1, rs2, target` |",
            "| `csrw csr, rs1` | Write a CSR | `csrrw zero, csr, rs1` |",
            "| `jr rs1` | Jump to a register | `jalr zero, 0(rs1)` |",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
        assert!(csrs().contains("| `0x180` | `satp` | supervisor: read, write |"));
        assert!(
            relocations()
                .contains("| 26 | `R_RISCV_HI20` | the upper 20 bits of lui or auipc | S + A |")
        );
        for page in [instructions(), pseudo(), csrs(), relocations()] {
            for line in page.lines().filter(|line| line.starts_with('|')) {
                assert!(line.ends_with(" |"), "{line}");
            }
        }
    }
}
