//! Assembly sources of the linker's large input: what a C compiler with `-g` writes for a big
//! program, in its proportions. Two thirds of such objects are debug sections and their relocations.

use std::fmt::Write;

/// How much there is of everything.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Objects of the program, numbered from 0.
    pub objects: u32,
    /// Functions in each.
    pub functions: u32,
}

/// Inline functions that many objects carry a copy of.
const SHARED_FUNCTIONS: u32 = 400;
/// Names that debug information of all objects draws from.
const COMMON_NAMES: u32 = 3000;
/// Words that string constants and names are made of.
const WORDS: &[&str] = &["buffer", "index", "state", "count", "table", "length", "window", "stream", "node", "cache", "offset", "packet", "header", "value", "entry", "block"];

/// A generator of numbers that are the same everywhere (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
    fn below(&mut self, end: u32) -> u32 {
        (self.next() % u64::from(end.max(1))) as u32
    }
    fn one_in(&mut self, many: u32) -> bool {
        self.below(many) == 0
    }
}

/// The source of one object. Object 0 holds `_start`; an object that is not among
/// [`Shape::objects`] uses the others and is used by none.
pub fn source(number: u32, shape: Shape) -> String {
    let mut object = Object { number, shape, numbers: Numbers(u64::from(number) << 32 | 0x6c69_6e6b), out: String::with_capacity(1 << 20), label: 0, ranges: Vec::new(), names: Vec::new() };
    object.write();
    object.out
}

/// A function's part in the debug information.
struct Function {
    name: String,
    /// Labels of places in it where a variable changes its home, in order.
    places: Vec<u32>,
    index: u32,
}

struct Object {
    number: u32,
    shape: Shape,
    numbers: Numbers,
    out: String,
    label: u32,
    ranges: Vec<Function>,
    names: Vec<String>,
}

macro_rules! put {
    ($object:expr, $($line:tt)*) => {{
        // Writing to a string does not fail.
        let _ = writeln!($object.out, $($line)*);
    }};
}

impl Object {
    fn write(&mut self) {
        let number = self.number;
        put!(self, "\t.file\t\"unit{number}.c\"\n\t.option nopic\n\t.text\n.Ltext0:\n\t.cfi_sections .debug_frame");
        put!(self, "\t.file 0 \"/src/program\" \"unit{number}.c\"\n\t.file 1 \"unit{number}.c\"\n\t.file 2 \"include/common.h\"");
        if number == 0 {
            put!(self, "\t.globl\t_start\n_start:\n\t.option push\n\t.option norelax\n\tla\tgp,__global_pointer$\n\t.option pop\n\tcall\tu0_f0\n1:\tj\t1b");
        }
        for index in 0..self.shape.functions {
            self.function(index);
        }
        for _ in 0..6 {
            self.shared_function();
        }
        put!(self, "\t.text\n.Letext0:");
        self.data();
        self.debug();
    }

    /// A function: half of all objects have a section for each.
    fn function(&mut self, index: u32) {
        let name = format!("u{}_f{index}", self.number);
        if self.number.is_multiple_of(2) {
            put!(self, "\t.section\t.text.{name},\"ax\",@progbits");
        }
        put!(self, "\t.align\t1");
        if is_global(index) {
            put!(self, "\t.globl\t{name}");
        }
        self.body(&name, index);
    }

    /// An inline function of C++: in a group, so that one copy stays.
    fn shared_function(&mut self) {
        let which = self.numbers.below(SHARED_FUNCTIONS);
        let name = format!("_ZN4core6vectorI{}E9push_backEi_{which}", WORDS[which as usize % WORDS.len()]);
        if self.ranges.iter().any(|function| function.name == name) {
            return;
        }
        put!(self, "\t.section\t.text.{name},\"axG\",@progbits,{name},comdat\n\t.align\t1\n\t.weak\t{name}");
        // The same body in all copies.
        let numbers = std::mem::replace(&mut self.numbers, Numbers(u64::from(which)));
        self.leaf(&name, 100_000 + which);
        self.numbers = numbers;
    }

    fn leaf(&mut self, name: &str, index: u32) {
        put!(self, "\t.type\t{name}, @function\n{name}:\n.LFB{index}:\n\t.cfi_startproc\n\t.loc 2 {} 1", index % 1000);
        for _ in 0..self.numbers.below(12) + 4 {
            self.plain();
        }
        put!(self, "\tret\n\t.cfi_endproc\n.LFE{index}:\n\t.size\t{name}, .-{name}");
        self.ranges.push(Function { name: name.to_string(), places: Vec::new(), index });
    }

    fn body(&mut self, name: &str, index: u32) {
        let mut places = Vec::new();
        let mut line = 20 + index * 40;
        put!(self, "\t.type\t{name}, @function\n{name}:\n.LFB{index}:\n\t.loc 1 {line} 1\n\t.cfi_startproc");
        put!(self, "\taddi\tsp,sp,-32\n\t.cfi_def_cfa_offset 32\n\tsw\ts0,24(sp)\n\tsw\tra,28(sp)\n\t.cfi_offset 8, -8\n\t.cfi_offset 1, -4\n\tmv\ts0,a0");
        for _ in 0..12 + self.numbers.below(14) {
            line += self.numbers.below(3);
            put!(self, "\t.loc 1 {line} {}", 1 + self.numbers.below(30));
            if self.numbers.one_in(2) {
                self.label += 1;
                put!(self, ".LVL{}:", self.label);
                places.push(self.label);
            }
            match self.numbers.below(8) {
                0 | 1 => self.call(),
                2 => self.global_data(),
                3 => self.text_constant(),
                4 => {
                    self.label += 1;
                    put!(self, "\tbeqz\ta0,.L{}", self.label);
                    self.plain();
                    put!(self, ".L{}:", self.label);
                }
                _ => {
                    self.plain();
                    self.plain();
                }
            }
        }
        put!(self, "\t.loc 1 {line} 1\n\tlw\tra,28(sp)\n\t.cfi_restore 1\n\tlw\ts0,24(sp)\n\t.cfi_restore 8\n\taddi\tsp,sp,32\n\t.cfi_def_cfa_offset 0\n\tjr\tra");
        put!(self, "\t.cfi_endproc\n.LFE{index}:\n\t.size\t{name}, .-{name}");
        self.ranges.push(Function { name: name.to_string(), places, index });
    }

    fn plain(&mut self) {
        let immediate = self.numbers.below(1024);
        match self.numbers.below(5) {
            0 => put!(self, "\taddi\ta0,a0,{immediate}"),
            1 => put!(self, "\tlw\ta5,{}(s0)", immediate & !3),
            2 => put!(self, "\tadd\ta0,a0,a5"),
            3 => put!(self, "\tsw\ta5,{}(s0)", immediate & !3),
            _ => put!(self, "\tandi\ta4,a5,{}", immediate & 255),
        }
    }

    /// Mostly near, sometimes to the other end of the program.
    fn call(&mut self) {
        let functions = self.shape.functions;
        let (object, index) = match self.numbers.below(10) {
            0..5 => (self.number, self.numbers.below(functions)),
            5..8 => (self.number.saturating_sub(20) + self.numbers.below(40), 2 * self.numbers.below(functions / 2)),
            _ => (self.numbers.below(self.shape.objects), 2 * self.numbers.below(functions / 2)),
        };
        let object = if object < self.shape.objects || object == self.number { object } else { 0 };
        put!(self, "\tcall\tu{object}_f{index}");
    }

    /// A variable of this object or another, in the two ways that compilers have.
    fn global_data(&mut self) {
        let object = if self.numbers.one_in(3) { self.numbers.below(self.shape.objects) } else { self.number };
        let index = self.numbers.below(VARIABLES);
        if self.number % 4 == 3 {
            self.label += 1;
            put!(self, ".L{0}:\n\tauipc\ta5,%pcrel_hi(u{object}_v{index})\n\tlw\ta5,%pcrel_lo(.L{0})(a5)", self.label);
        } else {
            put!(self, "\tlui\ta5,%hi(u{object}_v{index})\n\tlw\ta5,%lo(u{object}_v{index})(a5)");
        }
    }

    fn text_constant(&mut self) {
        let (a, b) = (self.numbers.below(WORDS.len() as u32), self.numbers.below(WORDS.len() as u32));
        let text = match self.numbers.below(3) {
            0 => format!("cannot open {} for {}", WORDS[a as usize], WORDS[b as usize]),
            1 => format!("%s: {} {} is out of range\\n", WORDS[a as usize], self.numbers.below(500)),
            _ => format!("unit {}: {} {}", self.number, WORDS[a as usize], self.numbers.below(10000)),
        };
        let label = self.names.len();
        self.names.push(text);
        put!(self, "\tlui\ta0,%hi(.LC{label})\n\taddi\ta0,a0,%lo(.LC{label})");
    }

    fn data(&mut self) {
        put!(self, "\t.section\t.rodata.str1.4,\"aMS\",@progbits,1");
        for (label, text) in std::mem::take(&mut self.names).iter().enumerate() {
            put!(self, "\t.align\t2\n.LC{label}:\n\t.string\t\"{text}\"");
        }
        put!(self, "\t.section\t.rodata\n\t.align\t2\nu{0}_table:", self.number);
        for index in 0..self.shape.functions {
            put!(self, "\t.word\tu{}_f{index}", self.number);
        }
        for index in 0..VARIABLES {
            let section = ["\t.data", "\t.section\t.sdata,\"aw\"", "\t.bss", "\t.section\t.sbss,\"aw\",@nobits"][index as usize % 4];
            let contents = if index % 4 < 2 { format!(".word\t{}, u{}_table", self.numbers.below(1 << 30), self.number) } else { ".zero\t8".to_string() };
            put!(self, "{section}\n\t.align\t2\n\t.globl\tu{0}_v{index}\n\t.type\tu{0}_v{index}, @object\n\t.size\tu{0}_v{index}, 8\nu{0}_v{index}:\n\t{contents}", self.number);
        }
    }

    /// DWARF 5 as gcc lays it out: a tree of functions with variables, lists of their homes, ranges
    /// and strings. The values are not all meaningful; their relocations are.
    fn debug(&mut self) {
        let functions = std::mem::take(&mut self.ranges);
        put!(self, "\t.section\t.debug_info,\"\",@progbits\n.Ldebug_info0:\n\t.4byte\t.Linfo_end-.Linfo_start\n.Linfo_start:\n\t.2byte\t0x5\n\t.byte\t0x1\n\t.byte\t0x4\n\t.4byte\t.Ldebug_abbrev0");
        put!(self, "\t.byte\t1\n\t.4byte\t.LASF0\n\t.byte\t0x1d\n\t.4byte\t.LASF1\n\t.4byte\t.Lranges0\n\t.4byte\t0\n\t.4byte\t.Ldebug_line0");
        for _ in 0..150 {
            let name = 2 + self.numbers.below(NAMES);
            put!(self, "\t.byte\t2\n\t.4byte\t.LASF{name}\n\t.byte\t1\n\t.2byte\t{}\n\t.4byte\t0x{:x}", self.numbers.below(2000), self.numbers.below(3000));
        }
        let mut list = 0;
        for Function { index, places, .. } in &functions {
            let name = 2 + self.numbers.below(NAMES);
            put!(self, "\t.byte\t3\n\t.4byte\t.LASF{name}\n\t.byte\t1\n\t.2byte\t{index}&0xffff\n\t.4byte\t0x{:x}\n\t.4byte\t.LFB{index}\n\t.4byte\t.LFE{index}-.LFB{index}\n\t.byte\t1\n\t.byte\t0x9c", self.numbers.below(3000));
            for _ in 0..places.len().div_ceil(2) {
                let name = 2 + self.numbers.below(NAMES);
                put!(self, "\t.byte\t4\n\t.4byte\t.LASF{name}\n\t.byte\t1\n\t.byte\t{}\n\t.4byte\t0x{:x}\n\t.4byte\t.LLST{list}", self.numbers.below(250), self.numbers.below(3000));
                list += 1;
            }
            put!(self, "\t.byte\t0");
        }
        put!(self, "\t.byte\t0\n.Linfo_end:");
        self.abbreviations();
        put!(self, "\t.section\t.debug_loclists,\"\",@progbits\n\t.4byte\t.Lloc_end-.Lloc_start\n.Lloc_start:\n\t.2byte\t0x5\n\t.byte\t0x4\n\t.byte\t0\n\t.4byte\t0");
        let mut list = 0;
        for Function { index, places, .. } in &functions {
            for first in (0..places.len()).step_by(2) {
                put!(self, ".LLST{list}:");
                list += 1;
                let mut ends: Vec<String> = places[first..].iter().take(4).map(|place| format!(".LVL{place}")).collect();
                ends.push(format!(".LFE{index}"));
                for pair in ends.windows(2) {
                    put!(self, "\t.byte\t0x7\n\t.4byte\t{}\n\t.4byte\t{}\n\t.byte\t1\n\t.byte\t0x{:x}", pair[0], pair[1], 0x50 + self.numbers.below(16));
                }
                put!(self, "\t.byte\t0");
            }
        }
        put!(self, ".Lloc_end:\n\t.section\t.debug_rnglists,\"\",@progbits\n\t.4byte\t.Lrng_end-.Lrng_start\n.Lrng_start:\n\t.2byte\t0x5\n\t.byte\t0x4\n\t.byte\t0\n\t.4byte\t0\n.Lranges0:");
        for Function { index, .. } in &functions {
            put!(self, "\t.byte\t0x6\n\t.4byte\t.LFB{index}\n\t.4byte\t.LFE{index}");
        }
        put!(self, "\t.byte\t0\n.Lrng_end:\n\t.section\t.debug_aranges,\"\",@progbits\n\t.4byte\t{}\n\t.2byte\t0x2\n\t.4byte\t.Ldebug_info0\n\t.byte\t4\n\t.byte\t0\n\t.2byte\t0\n\t.2byte\t0", 12 + 8 * (functions.len() + 1));
        for Function { index, .. } in &functions {
            put!(self, "\t.4byte\t.LFB{index}\n\t.4byte\t.LFE{index}-.LFB{index}");
        }
        put!(self, "\t.4byte\t0\n\t.4byte\t0\n\t.section\t.debug_line,\"\",@progbits\n.Ldebug_line0:\n\t.section\t.debug_str,\"MS\",@progbits,1\n.LASF0:\n\t.string\t\"GNU C17 12.2.0 -march=rv32imac -g -O2\"");
        for name in 2..2 + NAMES {
            let which = self.numbers.below(COMMON_NAMES);
            match self.numbers.one_in(3) {
                true => put!(self, ".LASF{name}:\n\t.string\t\"unit{}_{}_{name}\"", self.number, WORDS[name as usize % WORDS.len()]),
                false => put!(self, ".LASF{name}:\n\t.string\t\"{}_{}_{which}\"", WORDS[which as usize % WORDS.len()], WORDS[(which / 16) as usize % WORDS.len()]),
            }
        }
        put!(self, "\t.section\t.debug_line_str,\"MS\",@progbits,1\n.LASF1:\n\t.string\t\"unit{}.c\"\n\t.ident\t\"GCC: (generated) 12.2.0\"", self.number);
    }

    fn abbreviations(&mut self) {
        // Code, tag, children, then pairs of attribute and form.
        let table: [&[u8]; 4] = [
            &[1, 0x11, 1, 0x25, 0x0e, 0x13, 0x0b, 0x03, 0x1f, 0x55, 0x17, 0x11, 0x01, 0x10, 0x17, 0, 0],
            &[2, 0x16, 0, 0x03, 0x0e, 0x3a, 0x0b, 0x3b, 0x05, 0x49, 0x06, 0, 0],
            &[3, 0x2e, 1, 0x03, 0x0e, 0x3a, 0x0b, 0x3b, 0x05, 0x49, 0x06, 0x11, 0x01, 0x12, 0x06, 0x40, 0x18, 0, 0],
            &[4, 0x34, 0, 0x03, 0x0e, 0x3a, 0x0b, 0x3b, 0x0b, 0x49, 0x06, 0x02, 0x17, 0, 0],
        ];
        put!(self, "\t.section\t.debug_abbrev,\"\",@progbits\n.Ldebug_abbrev0:");
        for byte in table.concat() {
            put!(self, "\t.byte\t{byte}");
        }
        put!(self, "\t.byte\t0");
    }
}

/// Variables of each object.
const VARIABLES: u32 = 24;
/// Names in each object's debug information.
const NAMES: u32 = 300;

/// Whether other objects may call a function.
fn is_global(index: u32) -> bool {
    index.is_multiple_of(2)
}
