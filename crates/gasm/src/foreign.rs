//! Words that people bring along from other machines, assemblers and languages: one row each, with what is written
//! here instead.

/// A word that is no instruction here.
pub struct WordRow {
    /// As it is written elsewhere, in lower case.
    pub words: &'static [&'static str],
    /// Why it is not there; may be empty.
    pub why: &'static str,
    /// What to write instead: `{0}`, `{1}`, `{2}` stand for the operands as they were written, `; ` separates statements.
    pub cure: &'static str,
    /// The same if the last operand is a number.
    pub with_number: &'static str,
    /// The same if the last operand is a name that is no register.
    pub with_name: &'static str,
}

const fn row(words: &'static [&'static str], why: &'static str, cure: &'static str) -> WordRow {
    WordRow { words, why, cure, with_number: "", with_name: "" }
}

const STACK: &str = "the stack is moved and used by two instructions";
const FLAGS: &str = "there are no flags: one instruction compares and branches";
const TRAP: &str = "calls of the system are made by ecall, the number in a7";
const RV64: &str = "that is an instruction of RV64; this machine is RV32";
const HIGH_LEVEL: &str = "assembly has no statements of higher languages";

/// Heads of statements.
pub static WORDS: &[WordRow] = &[
    WordRow { with_number: "li {0}, {1}", with_name: "la {0}, {1}", ..row(&["mov", "movl", "movs", "mr", "cpy", "copy"], "", "mv {0}, {1}") },
    row(&["subi", "subiu"], "subtracting a number is adding its negative", "addi {0}, {1}, -{2}"),
    row(&["addiu"], "additions never trap", "addi {0}, {1}, {2}"),
    row(&["addu"], "additions never trap", "add {0}, {1}, {2}"),
    row(&["subu"], "subtractions never trap", "sub {0}, {1}, {2}"),
    row(&["push"], STACK, "addi sp, sp, -4; sw {0}, 0(sp)"),
    row(&["pop"], STACK, "lw {0}, 0(sp); addi sp, sp, 4"),
    row(&["ldr", "lwz"], "", "lw {0}, {1}"),
    row(&["ldrb", "lbz"], "", "lbu {0}, {1}"),
    row(&["ldrh", "lhz"], "", "lhu {0}, {1}"),
    row(&["str", "stw"], "", "sw {0}, {1}"),
    row(&["strb", "stb"], "", "sb {0}, {1}"),
    row(&["strh", "sth"], "", "sh {0}, {1}"),
    row(&["load"], "", "lw {0}, {1}"),
    row(&["store"], "", "sw {0}, {1}"),
    row(&["lea", "adr"], "", "la {0}, {1}"),
    row(&["syscall", "svc", "swi", "sys", "trap"], TRAP, "ecall"),
    row(&["int"], TRAP, "ecall"),
    row(&["jmp", "b", "br", "goto", "ba"], "", "j {0}"),
    row(&["bl", "jsr", "blx"], "", "call {0}"),
    row(&["bx"], "", "ret"),
    row(&["retn", "rts", "return", "blr"], "", "ret"),
    row(&["halt", "hlt", "exit", "stop"], "a guest ends by a call of the system", "li a7, 10; ecall"),
    row(&["inc"], "", "addi {0}, {0}, 1"),
    row(&["dec"], "", "addi {0}, {0}, -1"),
    row(&["clr", "clear"], "", "li {0}, 0"),
    row(&["cmp", "test", "tst", "cmn"], FLAGS, "beq a0, a1, label"),
    row(&["je", "jz"], FLAGS, "beq a0, a1, {0}"),
    row(&["jne", "jnz"], FLAGS, "bne a0, a1, {0}"),
    row(&["jl", "bmi"], FLAGS, "blt a0, a1, {0}"),
    row(&["jg"], FLAGS, "bgt a0, a1, {0}"),
    row(&["jle"], FLAGS, "ble a0, a1, {0}"),
    row(&["jge", "bpl"], FLAGS, "bge a0, a1, {0}"),
    row(&["jb", "blo"], FLAGS, "bltu a0, a1, {0}"),
    row(&["ja", "bhi"], FLAGS, "bgtu a0, a1, {0}"),
    row(&["lsl", "shl", "sal"], "", "slli {0}, {1}, {2}"),
    row(&["lsr", "shr"], "", "srli {0}, {1}, {2}"),
    row(&["asr", "sar"], "", "srai {0}, {1}, {2}"),
    row(&["eor"], "", "xor {0}, {1}, {2}"),
    row(&["mult", "imul"], "", "mul a0, {0}, {1}"),
    row(&["mfhi"], "a product's upper half comes from an instruction of its own", "mulh {0}, a0, a1"),
    row(&["mflo"], "a product's lower half is the result of mul", "mul {0}, a0, a1"),
    row(&["mod"], "", "rem {0}, {1}, {2}"),
    row(&["lui.w"], "", "lui {0}, {1}"),
    row(&["if", "while", "for", "else", "do"], HIGH_LEVEL, "bne a0, a1, label"),
    row(&["break", "continue"], HIGH_LEVEL, "j label"),
    row(&["ld", "lwu"], RV64, "lw {0}, {1}"),
    row(&["sd"], RV64, "sw {0}, {1}"),
    row(&["sext.w", "zext.w"], RV64, "mv {0}, {1}"),
];

/// The row of a word in lower case.
pub fn word(name: &str) -> Option<&'static WordRow> {
    WORDS.iter().find(|row| row.words.contains(&name))
}

/// The instruction of RV32 that does on 32 bits what one of RV64 does: `addiw`, `mulw`.
pub fn without_w(name: &str) -> Option<&str> {
    name.strip_suffix('w').filter(|short| !rv32::lookup(short.as_bytes()).is_empty())
}

/// Directives of other assemblers, in lower case with the point, and ours.
pub static DIRECTIVES: &[(&[&str], &str)] = &[
    (&[".asciiz", ".stringz", ".asci", ".cstring"], ".asciz"),
    (&[".db", ".defb", ".char"], ".byte"),
    (&[".dw", ".dcw", ".defw"], ".half"),
    (&[".dd", ".dcd"], ".word"),
    (&[".dq"], ".dword"),
    (&[".resb", ".res", ".reserve", ".block"], ".space"),
    (&[".public", ".export", ".xdef", ".entry"], ".globl"),
    (&[".import", ".xref", ".external"], ".extern"),
    (&[".code", ".segment"], ".text"),
    (&[".const", ".rodata", ".rdata"], ".section .rodata"),
    (&[".define"], ".equ"),
    (&[".end_macro", ".mend"], ".endm"),
];

/// Our directive for one of another assembler.
pub fn directive(name: &str) -> Option<&'static str> {
    DIRECTIVES.iter().find(|(names, _)| names.contains(&name)).map(|(_, ours)| *ours)
}

/// Directives that do nothing which this machine needs: they are left out.
pub static NEEDLESS: &[&str] = &[".ent", ".frame", ".mask", ".fmask", ".cpload", ".cprestore", ".thumb", ".arm", ".syntax", ".cpu", ".arch", ".proc", ".endp"];

/// Words that MIPS sources give to `.set`.
pub static MIPS_SETTINGS: &[&str] = &["noreorder", "reorder", "noat", "at", "nomacro", "macro", "mips32", "mips32r2", "mips0"];

/// Registers of other machines, and what stands for them here; nothing if nothing does.
pub static REGISTERS: &[(&[&str], &str)] = &[
    (&["lr"], "ra"),
    (&["r0", "xzr", "wzr"], "zero"),
    (&["v0", "rax", "eax"], "a0"),
    (&["v1"], "a1"),
    (&["rsp", "esp"], "sp"),
    (&["rbp", "ebp", "bp"], "s0"),
    (&["ip"], "t0"),
    (&["t7"], "t6"),
];

/// Characters that look like those of the language and are not: from a page, an office program, another keyboard.
pub static LOOKALIKES: &[(char, &str, &str)] = &[
    ('\u{2010}', "-", "a hyphen"),
    ('\u{2011}', "-", "a hyphen"),
    ('\u{2012}', "-", "a dash"),
    ('\u{2013}', "-", "a dash"),
    ('\u{2014}', "-", "a dash"),
    ('\u{2212}', "-", "a minus sign of mathematics"),
    ('\u{ff0d}', "-", "a full-width hyphen"),
    ('\u{2018}', "'", "a curly quote"),
    ('\u{2019}', "'", "a curly quote"),
    ('\u{201c}', "\"", "a curly quote"),
    ('\u{201d}', "\"", "a curly quote"),
    ('\u{201e}', "\"", "a low quote"),
    ('\u{ab}', "\"", "an angle quote"),
    ('\u{bb}', "\"", "an angle quote"),
    ('\u{ff02}', "\"", "a full-width quote"),
    ('\u{ff0c}', ",", "a full-width comma"),
    ('\u{3001}', ",", "an ideographic comma"),
    ('\u{201a}', ",", "a low quote"),
    ('\u{ff1a}', ":", "a full-width colon"),
    ('\u{ff1b}', ";", "a full-width semicolon"),
    ('\u{ff08}', "(", "a full-width parenthesis"),
    ('\u{ff09}', ")", "a full-width parenthesis"),
    ('\u{ff03}', "#", "a full-width number sign"),
    ('\u{ff0e}', ".", "a full-width full stop"),
    ('\u{2026}', "...", "an ellipsis"),
    ('\u{d7}', "*", "a multiplication sign"),
    ('\u{a0}', " ", "a no-break space"),
    ('\u{2007}', " ", "a wide space"),
    ('\u{2009}', " ", "a thin space"),
    ('\u{202f}', " ", "a narrow no-break space"),
    ('\u{3000}', " ", "a full-width space"),
    ('\u{200b}', "", "a space of no width"),
    ('\u{feff}', "", "a byte order mark"),
];

/// The first character of a text that only looks like one of the language: its offset, and its row.
pub fn lookalike(text: &[u8]) -> Option<(usize, &'static (char, &'static str, &'static str))> {
    let text = std::str::from_utf8(text).ok()?;
    text.char_indices().find_map(|(at, c)| LOOKALIKES.iter().find(|row| row.0 == c).map(|row| (at, row)))
}

/// The text with every such character replaced.
pub fn without_lookalikes(text: &[u8]) -> String {
    let mut out = String::new();
    for c in String::from_utf8_lossy(text).chars() {
        match LOOKALIKES.iter().find(|row| row.0 == c) {
            Some(row) => out.push_str(row.1),
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_not_ours_and_cures_are() {
        for row in WORDS {
            for word in row.words {
                assert!(rv32::lookup(word.as_bytes()).is_empty(), "{word} is an instruction");
            }
            for cure in [row.cure, row.with_number, row.with_name].into_iter().filter(|c| !c.is_empty()) {
                for statement in cure.split("; ") {
                    let mnemonic = statement.split(' ').next().unwrap_or("");
                    assert!(!rv32::lookup(mnemonic.as_bytes()).is_empty(), "{statement} is no cure");
                }
            }
        }
    }

    #[test]
    fn directives_are_not_ours_and_cures_are() {
        for (names, ours) in DIRECTIVES {
            for name in *names {
                assert!(crate::directives::find(name.as_bytes()).is_none() || *name == ".endmacro", "{name} is a directive");
            }
            assert!(crate::directives::find(ours.split(' ').next().unwrap_or("").as_bytes()).is_some(), "{ours}");
        }
        for name in NEEDLESS {
            assert!(crate::directives::find(name.as_bytes()).is_none(), "{name} is a directive");
        }
    }

    #[test]
    fn lookalikes_are_found_at_their_byte() {
        assert_eq!(lookalike("a\u{2013}1".as_bytes()).map(|(at, row)| (at, row.1)), Some((1, "-")));
        assert_eq!(lookalike(b"plain"), None);
        assert_eq!(without_lookalikes("a0\u{ff0c} \u{2013}1".as_bytes()), "a0, -1");
    }
}
