//! Sections.

use super::Directive;
use crate::assembler::{Assembler, Statement, Stmt};
use crate::elf::*;
use crate::lexer::T;
use crate::names::Name;
use crate::parse::Args;
use crate::place::Where;
use crate::section::{ChainId, Section, SectionId, SectionKey};
use crate::symbols::SymbolId;
use diag::{Diagnostic, codes};

pub static ROWS: &[Directive] = &[
    Directive {
        names: &[".attach_to_group"],
        syntax: ".attach_to_group name",
        summary: "Puts the current section into a group.",
        example: ".section .text.f, \"ax\"\n.attach_to_group f\nret\n",
        handler: attach,
    },
    Directive {
        names: &[".text"],
        syntax: ".text [subsection]",
        summary: "Goes on in section .text.",
        example: ".text\nnop\n",
        handler: |a, s| plain(a, s, b".text"),
    },
    Directive {
        names: &[".data"],
        syntax: ".data [subsection]",
        summary: "Goes on in section .data.",
        example: ".data\n.word 1\n",
        handler: |a, s| plain(a, s, b".data"),
    },
    Directive {
        names: &[".bss"],
        syntax: ".bss [subsection]",
        summary: "Goes on in section .bss, which is zero at run time and has no bytes in the file.",
        example: ".bss\nbuffer: .zero 64\n",
        handler: |a, s| plain(a, s, b".bss"),
    },
    Directive {
        names: &[".section", ".section.s", ".sect", ".sect.s"],
        syntax: ".section name [, \"flags\" [, @type [, entry size] [, group [, comdat]]]]",
        summary: "Goes on in a section, made with these attributes when it is new.",
        example: ".section .rodata.str1.4, \"aMS\", @progbits, 1\n.string \"text\"\n",
        handler: section,
    },
    Directive {
        names: &[".pushsection"],
        syntax: ".pushsection name [, subsection] [, \"flags\" ...]",
        summary: "Like .section; .popsection comes back.",
        example: ".pushsection .note, \"\", @progbits\n.word 1\n.popsection\n",
        handler: push_section,
    },
    Directive {
        names: &[".popsection"],
        syntax: ".popsection",
        summary: "Comes back to where the last .pushsection was.",
        example: ".pushsection .data\n.byte 1\n.popsection\n",
        handler: pop_section,
    },
    Directive {
        names: &[".previous"],
        syntax: ".previous",
        summary: "Goes back to the section before this one.",
        example: ".data\n.text\n.previous\n.byte 1\n",
        handler: previous,
    },
    Directive {
        names: &[".subsection"],
        syntax: ".subsection number",
        summary: "Goes on in a numbered part of the section; parts are put together in order of their numbers.",
        example: ".text\n.subsection 1\nnop\n",
        handler: subsection,
    },
];

/// What `.section` says of a section.
#[derive(Clone, Copy, Default)]
struct Attributes {
    flags: Option<u32>,
    kind: Option<u32>,
    entry_size: u32,
    group: Option<SymbolId>,
    same_group: bool,
    comdat: bool,
    linked: Option<Name>,
    unique: Option<u32>,
}

impl Assembler<'_> {
    /// The section of a name with the attributes that the name alone gives.
    pub fn section_named(&mut self, name: &[u8], place: Where) -> SectionId {
        let name = self.names.intern(name);
        self.find_section(name, &Attributes::default()).unwrap_or_else(|| self.new_section(name, &Attributes::default(), place))
    }

    fn find_section(&self, name: Name, wanted: &Attributes) -> Option<SectionId> {
        self.sections.find(&self.section_key(name, wanted))
    }

    fn section_key(&self, name: Name, wanted: &Attributes) -> SectionKey {
        SectionKey {
            name,
            retained: wanted.flags.unwrap_or(0) & SHF_GNU_RETAIN != 0,
            unique: wanted.unique,
            linked: wanted.linked,
            group: wanted.group.map(|signature| self.symbols[signature].name),
        }
    }

    fn new_section(&mut self, name: Name, wanted: &Attributes, place: Where) -> SectionId {
        let (known_flags, known_kind) = rv32::sections::known(self.names.text(name));
        // Link-time optimisation data never gets into an image.
        let lto = if self.names.text(name).starts_with(b".gnu.lto_") { SHF_EXCLUDE } else { 0 };
        let flags = wanted.flags.map_or(known_flags, |f| f | lto);
        let kind = wanted.kind.unwrap_or(known_kind);
        // GNU as aligns .text for its shortest instruction, and no other section before it is asked to.
        let align_power = match self.names.text(name) {
            _ if flags & SHF_GNU_RETAIN != 0 || wanted.group.is_some() || wanted.linked.is_some() || wanted.unique.is_some() => 0,
            b".text" if self.options.isa.contains(rv32::Ext::C) => 1,
            b".text" => 2,
            _ => 0,
        };
        let key = self.section_key(name, wanted);
        let section = Section {
            name,
            flags,
            kind,
            entry_size: if matches!(kind, SHT_INIT_ARRAY | SHT_FINI_ARRAY | SHT_PREINIT_ARRAY) { 4 } else { wanted.entry_size },
            align_power,
            group: wanted.group,
            comdat: wanted.comdat,
            linked: wanted.linked,
            chains: Vec::new(),
            size: 0,
            settled: None,
            place,
        };
        self.sections.add(key, section)
    }

    /// Goes on in a chain.
    pub fn enter(&mut self, chain: ChainId) {
        self.previous = self.chain;
        self.chain = chain;
        self.structure = None;
    }

    /// Raises the alignment of the current section.
    pub fn align_section(&mut self, power: u32) {
        let section = self.section();
        let align = &mut self.sections[section].align_power;
        *align = (*align).max(power);
    }
}

fn plain(a: &mut Assembler<'_>, s: Stmt<'_>, name: &[u8]) {
    let mut args = Args::new(s);
    let number = if args.at_end() { Some(0) } else { a.constant_now(&mut args, "a subsection number") };
    let Some(number) = number else { return };
    if !a.expect_end(&args) {
        return;
    }
    let place = a.place(s.head_span());
    let section = a.section_named(name, place);
    let chain = a.sections.chain(section, number);
    a.enter(chain);
}

/// A section's name: words, numbers and points without spaces between, or a string.
fn section_name(a: &mut Assembler<'_>, args: &mut Args<'_>) -> Option<Name> {
    let s = args.s;
    let Some(first) = args.next() else {
        a.error(&codes::E0401, "a section needs a name", s.gap(args.i), "expected a name");
        return None;
    };
    if first.kind == T::Str {
        return a.quoted_name(s, first);
    }
    let mut end = first.end;
    while let Some(tok) = args.peek() {
        if tok.start != end || matches!(tok.kind, T::Comma | T::Str) {
            break;
        }
        end = tok.end;
        args.i += 1;
    }
    if first.kind == T::Comma {
        a.error(&codes::E0401, "a section needs a name", s.span_of(first), "expected a name");
        return None;
    }
    Some(a.names.intern(&s.text[first.start as usize..end as usize]))
}

fn section(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    if let Some(chain) = section_arguments(a, &mut args, false) {
        a.enter(chain);
    }
}

fn push_section(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let before = (a.chain, a.previous);
    if let Some(chain) = section_arguments(a, &mut args, true) {
        a.section_stack.push(before);
        a.enter(chain);
    }
}

fn section_arguments(a: &mut Assembler<'_>, args: &mut Args<'_>, subsections: bool) -> Option<ChainId> {
    let s = args.s;
    let place = a.place(s.whole());
    let name = section_name(a, args)?;
    let mut number = 0;
    let mut wanted = Attributes::default();
    if subsections && args.kind() == Some(T::Comma) && s.toks.get(args.i + 1).is_some_and(|t| t.kind != T::Str) {
        args.i += 1;
        number = a.constant_now(args, "a subsection number")?;
    }
    if args.eat(T::Comma) {
        flags(a, args, &mut wanted)?;
    }
    if !a.expect_end(args) {
        return None;
    }
    let id = match a.find_section(name, &wanted) {
        Some(id) => {
            check_same(a, s, id, &wanted);
            id
        }
        None => a.new_section(name, &wanted, place),
    };
    Some(a.sections.chain(id, number))
}

/// Attributes given again must be those given first.
fn check_same(a: &mut Assembler<'_>, s: Stmt<'_>, id: SectionId, wanted: &Attributes) {
    let section = &a.sections[id];
    let standard = matches!(a.names.text(section.name), b".text" | b".data" | b".bss");
    let (what, was, now) = match (wanted.flags, wanted.kind) {
        (Some(flags), _) if flags != section.flags => ("flags", section.flags, flags),
        (_, Some(kind)) if kind != section.kind => ("type", section.kind, kind),
        (Some(_), _) if wanted.entry_size != section.entry_size && !standard => ("entry size", section.entry_size, wanted.entry_size),
        _ => return,
    };
    let name = a.names.show(section.name);
    let first = section.place;
    let d = Diagnostic::new(&codes::SECTION_ATTRIBUTES, format!("section `{name}` keeps the {what} that it had first"))
        .at(s.whole(), format!("{now:#x} here, {was:#x} before"))
        .also(first.span, "first named here");
    a.report(d);
}

/// What stands after the name, by the flags.
fn flags(a: &mut Assembler<'_>, args: &mut Args<'_>, wanted: &mut Attributes) -> Option<()> {
    let s = args.s;
    let base = args.i;
    let parsed = a.parse_section_arguments(s, base)?;
    args.i = s.toks.len();
    let tok = s.toks[base + parsed.flags.start];
    let text = a.string(s, tok)?;
    let mut bits = 0;
    let mut numeric = 0u32;
    let mut skip = 0;
    let (mut merge, mut group, mut linked) = (false, false, false);
    for (i, c) in text.iter().enumerate() {
        if i < skip {
            continue;
        }
        bits |= match c {
            b'a' => SHF_ALLOC,
            b'w' => SHF_WRITE,
            b'x' => SHF_EXECINSTR,
            b'M' => {
                merge = true;
                SHF_MERGE
            }
            b'S' => SHF_STRINGS,
            b'T' => SHF_TLS,
            b'e' => SHF_EXCLUDE,
            b'R' => SHF_GNU_RETAIN,
            b'o' => {
                linked = true;
                SHF_LINK_ORDER
            }
            b'G' => {
                group = true;
                0
            }
            b'?' => {
                wanted.same_group = true;
                0
            }
            // A number among the letters, in any base.
            b'0'..=b'9' => {
                let hex = text[i..].starts_with(b"0x") || text[i..].starts_with(b"0X");
                let digits = if hex { i + 2 } else { i };
                let len = text[digits..].iter().take_while(|c| if hex { c.is_ascii_hexdigit() } else { c.is_ascii_digit() }).count();
                skip = digits + len;
                numeric |= crate::lexer::number(&text[i..skip]).unwrap_or(0) as u32;
                0
            }
            other => {
                let at = tok.start + 1 + i as u32;
                let shown = (*other as char).escape_default();
                let d = Diagnostic::new(&codes::E0401, format!("unknown section flag `{shown}`")).at(s.span(at, at + 1), "known: a w x M S T G o e R ? and numbers");
                a.report(d.help("code is \"ax\", data \"aw\", constants \"a\""));
                return None;
            }
        };
    }
    wanted.flags = Some(bits | numeric);
    if let Some(kind) = parsed.kind {
        let word = s.toks[base + kind.start];
        let quoted = if word.kind == T::Str { Some(a.string(s, word)?) } else { None };
        wanted.kind = Some(match quoted.as_deref().unwrap_or(s.bytes(word)) {
            b"progbits" | b"unwind" | b"llvm_addrsig" => SHT_PROGBITS,
            b"nobits" => SHT_NOBITS,
            b"note" => SHT_NOTE,
            b"init_array" => SHT_INIT_ARRAY,
            b"fini_array" => SHT_FINI_ARRAY,
            b"preinit_array" => SHT_PREINIT_ARRAY,
            text => match (word.kind, crate::lexer::number(text).filter(|_| text.first().is_some_and(u8::is_ascii_digit))) {
                (T::Number | T::Str, Some(n)) if n <= u64::from(u32::MAX) => n as u32,
                _ => {
                    const KINDS: [&str; 6] = ["progbits", "nobits", "note", "init_array", "fini_array", "preinit_array"];
                    let shown = String::from_utf8_lossy(text).into_owned();
                    let mut d = Diagnostic::new(&codes::E0401, format!("unknown section type `{shown}`")).at(s.span_of(word), format!("known: {}", KINDS.join(", ")));
                    if let Some(near) = diag::suggest(&shown, KINDS) {
                        d = d.help(format!("did you mean `@{near}`?"));
                    }
                    a.report(d);
                    return None;
                }
            },
        });
    }
    let mut rest = parsed.rest.into_iter().map(|part| base + part.start..base + part.end).peekable();
    if merge && let Some(part) = rest.next() {
        let part_only = Statement { toks: &s.toks[..part.end], ..*s };
        let mut args = Args { s: Stmt(&part_only), i: part.start };
        let n = a.constant_now(&mut args, "the size of an entry")?;
        if !a.expect_end(&args) {
            return None;
        }
        wanted.entry_size = u32::try_from(n).unwrap_or(0);
    }
    // GNU as has the linked section before the group, LLVM after it.
    let is_comdat = |part: &std::ops::Range<usize>| s.bytes(s.toks[part.start]) == b"comdat";
    let after_group = linked && group && rest.clone().nth(1).as_ref().is_some_and(is_comdat);
    if linked && !after_group && let Some(part) = rest.next() {
        wanted.linked = Some(part_name(a, s, part)?);
    }
    if group {
        let Some(part) = rest.next() else {
            a.error(&codes::E0401, "flag G needs the name of a group", s.gap(s.toks.len()), "expected `, group`");
            return None;
        };
        let place = a.place(s.span_at(part.start));
        let name = part_name(a, s, part)?;
        wanted.group = Some(a.symbol(name, place));
        wanted.comdat = rest.next_if(is_comdat).is_some();
        if after_group && let Some(part) = rest.next() {
            wanted.linked = Some(part_name(a, s, part)?);
        }
    } else if wanted.same_group {
        let current = a.section();
        wanted.group = a.sections[current].group;
        wanted.comdat = a.sections[current].comdat;
    }
    if rest.next_if(|part| s.bytes(s.toks[part.start]) == b"unique").is_some() {
        let Some(part) = rest.next() else {
            a.error(&codes::E0401, "`unique` needs a number", s.gap(s.toks.len()), "expected `, number`");
            return None;
        };
        let part_only = Statement { toks: &s.toks[..part.end], ..*s };
        let mut args = Args { s: Stmt(&part_only), i: part.start };
        wanted.unique = Some(a.constant_now(&mut args, "the number of a unique section")? as u32);
    }
    if let Some(part) = rest.next() {
        let shown = s.show(part.start, part.end);
        a.error(&codes::E0106, format!("unexpected `{shown}`"), s.span_at(part.start), "these flags ask for no more arguments");
        return None;
    }
    Some(())
}

/// A name that is all of an argument.
fn part_name(a: &mut Assembler<'_>, s: Stmt<'_>, part: std::ops::Range<usize>) -> Option<Name> {
    let part_only = Statement { toks: &s.toks[..part.end], ..*s };
    let mut args = Args { s: Stmt(&part_only), i: part.start };
    let name = section_name(a, &mut args)?;
    a.expect_end(&args).then_some(name)
}

fn attach(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let place = a.place(s.span_at(1));
    let Some(name) = section_name(a, &mut args) else { return };
    if !a.expect_end(&args) {
        return;
    }
    let section = a.section();
    if a.sections[section].group.is_some() {
        let d = Diagnostic::new(&codes::SECTION_ATTRIBUTES, "the section is in a group already").at(s.whole(), "this has no effect");
        return a.report(d);
    }
    let group = a.symbol(name, place);
    a.sections[section].group = Some(group);
}

fn pop_section(a: &mut Assembler<'_>, s: Stmt<'_>) {
    if !a.expect_end(&Args::new(s)) {
        return;
    }
    match a.section_stack.pop() {
        Some((chain, previous)) => (a.chain, a.previous, a.structure) = (chain, previous, None),
        None => a.error(&codes::E0412, "`.popsection` without `.pushsection`", s.head_span(), "nothing was pushed"),
    }
}

fn previous(a: &mut Assembler<'_>, s: Stmt<'_>) {
    if a.expect_end(&Args::new(s)) {
        std::mem::swap(&mut a.chain, &mut a.previous);
        a.structure = None;
    }
}

fn subsection(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some(number) = a.constant_now(&mut args, "a subsection number") else { return };
    if a.expect_end(&args) {
        let section = a.section();
        let chain = a.sections.chain(section, number);
        a.enter(chain);
    }
}
