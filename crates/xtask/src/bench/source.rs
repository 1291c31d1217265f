//! A source such as gcc writes, of any length and always the same: functions with blocks, loops, calls, accesses to
//! globals and switch tables, in several sections, with data and strings between. Branches stay near enough for
//! llvm-mc 14, which cannot lengthen them.

use std::io::{self, Write};

/// A generator of numbers that look random (Knuth's MMIX constants).
struct Dice(u64);

impl Dice {
    /// A number below `n`.
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as u32) % n
    }

    fn of(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len() as u32) as usize]
    }

    /// A register that functions use for values; those that compressed instructions reach are frequent, as in gcc's.
    fn register(&mut self) -> &'static str {
        self.of(&["a0", "a1", "a2", "a3", "a4", "a5", "a4", "a5", "s0", "s1", "a6", "a7", "s2", "s3", "s4", "t1", "t3"])
    }
}

/// Sections that functions go to, in turn.
const CODE: [&str; 4] = [
    "\t.text",
    "\t.section\t.text.unlikely,\"ax\",@progbits",
    "\t.section\t.text.startup,\"ax\",@progbits",
    "\t.section\t.text.hot,\"ax\",@progbits",
];

/// Counts lines on their way out.
struct Lines<W> {
    out: W,
    count: usize,
}

impl<W: Write> Lines<W> {
    fn line(&mut self, text: std::fmt::Arguments<'_>) -> io::Result<()> {
        self.count += 1;
        self.out.write_fmt(text)?;
        self.out.write_all(b"\n")
    }
}

macro_rules! line {
    ($out:expr, $($text:tt)*) => { $out.line(format_args!($($text)*))? };
}

/// Writes about `lines` lines (whole functions).
pub fn write(out: impl Write, lines: usize) -> io::Result<()> {
    let mut out = Lines { out, count: 0 };
    let mut dice = Dice(1);
    line!(out, "\t.file\t\"generated.c\"");
    line!(out, "\t.option nopic");
    line!(out, "\t.attribute unaligned_access, 0");
    line!(out, "\t.attribute stack_align, 16");
    let mut function = 0;
    while out.count + 2 < lines {
        write_function(&mut out, &mut dice, function)?;
        function += 1;
    }
    line!(out, "\t.ident\t\"GCC: (generated) 12.2.0\"");
    out.out.flush()
}

fn write_function<W: Write>(out: &mut Lines<W>, dice: &mut Dice, n: usize) -> io::Result<()> {
    line!(out, "{}", CODE[if dice.below(4) == 0 { 1 + n % 3 } else { 0 }]);
    line!(out, "\t.align\t1");
    if dice.below(2) == 0 {
        line!(out, "\t.globl\tfunction{n}");
    }
    line!(out, "\t.type\tfunction{n}, @function");
    line!(out, "function{n}:");
    line!(out, "\taddi\tsp,sp,-32");
    for (register, offset) in [("ra", 28), ("s0", 24), ("s1", 20)] {
        line!(out, "\tsw\t{register},{offset}(sp)");
    }
    let blocks = 2 + dice.below(14);
    let table = dice.below(12) == 0;
    for block in 0..blocks {
        line!(out, ".L{n}_{block}:");
        for _ in 0..2 + dice.below(12) {
            write_instruction(out, dice, n)?;
        }
        let target = dice.below(blocks);
        match dice.below(6) {
            0 => line!(out, "\tj\t.L{n}_{target}"),
            1 | 2 => line!(out, "\t{}\t{},zero,.L{n}_{target}", dice.of(&["beq", "bne"]), dice.register()),
            3 => line!(out, "\t{}\t{},{},.L{n}_{target}", dice.of(&["beq", "bne", "blt", "bge", "bltu", "bgeu", "bgtu", "bleu"]), dice.register(), dice.register()),
            4 if table => {
                line!(out, "\tlui\ta5,%hi(.LT{n})");
                line!(out, "\taddi\ta5,a5,%lo(.LT{n})");
                line!(out, "\tslli\ta4,a0,2");
                line!(out, "\tadd\ta5,a5,a4");
                line!(out, "\tlw\ta5,0(a5)");
                line!(out, "\tjr\ta5");
            }
            _ => {}
        }
    }
    for (register, offset) in [("ra", 28), ("s0", 24), ("s1", 20)] {
        line!(out, "\tlw\t{register},{offset}(sp)");
    }
    line!(out, "\taddi\tsp,sp,32");
    line!(out, "\tjr\tra");
    line!(out, "\t.size\tfunction{n}, .-function{n}");
    if table {
        line!(out, "\t.section\t.rodata");
        line!(out, "\t.align\t2");
        line!(out, ".LT{n}:");
        for block in 0..blocks {
            line!(out, "\t.word\t.L{n}_{block}");
        }
    }
    line!(out, "\t.section\t.rodata.str1.4,\"aMS\",@progbits,1");
    line!(out, "\t.align\t2");
    line!(out, ".LC{n}:");
    line!(out, "\t.string\t\"message {n}: %s of %d\\n\"");
    line!(out, "\t.data");
    line!(out, "\t.align\t2");
    line!(out, "\t.type\tglobal{n}, @object");
    line!(out, "\t.size\tglobal{n}, 12");
    line!(out, "global{n}:");
    line!(out, "\t.word\tfunction{n}");
    line!(out, "\t.half\t{}", dice.below(65536));
    line!(out, "\t.byte\t{}", dice.below(256));
    line!(out, "\t.zero\t5");
    line!(out, "\t.local\tcounter{n}");
    line!(out, "\t.comm\tcounter{n},4,4");
    Ok(())
}

/// One or two instructions, in gcc's proportions.
fn write_instruction<W: Write>(out: &mut Lines<W>, dice: &mut Dice, n: usize) -> io::Result<()> {
    let (a, b, c) = (dice.register(), dice.register(), dice.register());
    match dice.below(20) {
        0..=3 => line!(out, "\tlw\t{a},{}({b})", 4 * dice.below(40)),
        4 | 5 => line!(out, "\tsw\t{a},{}({b})", 4 * dice.below(40)),
        6 => line!(out, "\t{}\t{a},{}({b})", dice.of(&["lbu", "lhu", "lb", "sb", "sh"]), dice.below(64)),
        7..=9 => line!(out, "\tmv\t{a},{b}"),
        10 | 11 => line!(out, "\tli\t{a},{}", dice.of(&["0", "1", "-1", "4", "100", "4096", "-2147483648", "65535", "1048575"])),
        12 | 13 => line!(out, "\taddi\t{a},{b},{}", dice.below(256) as i32 - 128),
        14 => line!(out, "\t{}\t{a},{b},{c}", dice.of(&["add", "sub", "and", "or", "xor", "sll", "slt", "sltu", "mul", "divu"])),
        15 => line!(out, "\t{}\t{a},{b},{}", dice.of(&["slli", "srli", "srai", "andi", "ori"]), dice.below(31)),
        16 => {
            line!(out, "\tlui\t{a},%hi(global{n})");
            line!(out, "\t{}\t{b},%lo(global{n}+4)({a})", dice.of(&["lw", "sw", "lh"]));
        }
        17 => {
            line!(out, "\tlui\ta0,%hi(.LC{n})");
            line!(out, "\taddi\ta0,a0,%lo(.LC{n})");
        }
        _ => line!(out, "\tcall\t{}{}", dice.of(&["function", "external"]), dice.below(n as u32 + 8)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_source_is_always_the_same_and_as_long_as_asked() {
        let text = |lines| {
            let mut text = Vec::new();
            super::write(&mut text, lines).expect("memory takes it");
            String::from_utf8(text).expect("it is ASCII")
        };
        assert_eq!(text(3000), text(3000));
        assert!((3000..4000).contains(&text(3000).lines().count()));
        for section in super::CODE {
            assert!(text(3000).contains(section), "{section}");
        }
    }
}
