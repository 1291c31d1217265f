//! The instruction set: `.option`, `.attribute`.

use super::Directive;
use crate::assembler::{Assembler, Stmt};
use crate::lexer::T;
use crate::parse::Args;
use crate::target::{AttributeValue, PRIV_SPECS};
use diag::{Diagnostic, codes, suggest};
use rv32::{Ext, IsaError};

pub static ROWS: &[Directive] = &[
    Directive {
        names: &[".option"],
        syntax: ".option push | pop | rvc | norvc | relax | norelax | pic | nopic | csr-check | no-csr-check | arch, +ext, -ext",
        summary: "Changes how the rest of the file is assembled.",
        example: ".option push\n.option norvc\nnop\n.option pop\n.option arch, +zba\n",
        handler: option,
    },
    Directive {
        names: &[".attribute"],
        syntax: ".attribute tag, value",
        summary: "Sets an attribute of the object: arch, stack_align, unaligned_access, priv_spec, or a number.",
        example: ".attribute arch, \"rv32imac\"\n.attribute stack_align, 16\n",
        handler: attribute,
    },
];

const OPTIONS: [&str; 11] = ["push", "pop", "rvc", "norvc", "relax", "norelax", "pic", "nopic", "csr-check", "no-csr-check", "arch"];

fn option(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let text = String::from_utf8_lossy(&s.text[s.toks[0].end as usize..s.end() as usize]).trim().to_string();
    match text.as_str() {
        "push" => a.target.push(),
        "pop" => {
            if !a.target.pop() {
                a.error(&codes::E0412, "`.option pop` without `.option push`", s.whole(), "nothing was pushed");
            }
        }
        "rvc" => option_arch(a, s, "+c"),
        "norvc" => option_arch(a, s, "-c"),
        "relax" => a.target.set_relax(true),
        "norelax" => a.target.set_relax(false),
        "pic" => a.target.set_pic(true),
        "nopic" => a.target.set_pic(false),
        "csr-check" | "no-csr-check" => {}
        _ => match text.strip_prefix("arch").map(str::trim_start).and_then(|t| t.strip_prefix(',')) {
            Some(list) => option_arch(a, s, list),
            None => {
                let word = text.split([' ', ',', '\t']).next().unwrap_or("");
                let known = format!("known: {}", OPTIONS.join(", "));
                let mut d = match word {
                    "" => Diagnostic::new(&codes::E0416, "`.option` needs an option").at(s.span_at(1), known),
                    _ => Diagnostic::new(&codes::UNKNOWN_OPTION, format!("unknown option `{text}` has no effect")).at(s.span_at(1), known),
                };
                if let Some(near) = suggest(word, OPTIONS) {
                    d = d.help(format!("did you mean `.option {near}`?"));
                }
                a.report(d);
            }
        },
    }
}

/// `+ext`, `-ext`, or a whole instruction set.
fn option_arch(a: &mut Assembler<'_>, s: Stmt<'_>, list: &str) {
    let Err(error) = a.target.update_arch(list.trim_start()) else { return };
    if let IsaError::Unknown(name) = &error {
        let mut d = Diagnostic::new(&codes::E0417, error.to_string()).at(s.span(s.toks[1].start, s.end()), "named here");
        if let Some(near) = suggest(name, Ext::ALL.iter().map(|e| e.name())) {
            d = d.help(format!("did you mean `{near}`?"));
        }
        a.report(d);
    } else {
        bad_isa(a, s, &error.to_string());
    }
}

fn bad_isa(a: &mut Assembler<'_>, s: Stmt<'_>, why: &str) {
    let d = Diagnostic::new(&codes::E0417, why.to_string()).at(s.whole(), "in this instruction set").help("rv32imac_zicsr_zifencei");
    a.report(d);
}

/// Names of tags (RISC-V psABI, "RISC-V Attributes").
const TAGS: [(&[u8], u32); 8] = [
    (b"stack_align", 4),
    (b"arch", 5),
    (b"unaligned_access", 6),
    (b"priv_spec", 8),
    (b"priv_spec_minor", 10),
    (b"priv_spec_revision", 12),
    (b"atomic_abi", 14),
    (b"x3_reg_usage", 16),
];

/// Tags of the three parts of the privileged specification's version.
const PRIV_SPEC_TAGS: [u32; 3] = [8, 10, 12];

fn attribute(a: &mut Assembler<'_>, s: Stmt<'_>) {
    let mut args = Args::new(s);
    let Some(tok) = args.next() else {
        return a.error(&codes::E0417, "an attribute is missing", s.gap(1), "expected a name such as arch");
    };
    let name = s.bytes(tok);
    let name = name.strip_prefix(b"Tag_RISCV_").unwrap_or(name);
    let tag = match TAGS.iter().find(|(n, _)| *n == name) {
        Some((_, tag)) => Some(*tag),
        None if tok.kind == T::Number => crate::lexer::number(name).and_then(|n| u32::try_from(n).ok()),
        None => None,
    };
    let Some(tag) = tag else {
        let shown = s.show(1, 2);
        let mut d = Diagnostic::new(&codes::E0417, format!("unknown attribute `{shown}`")).at(s.span_of(tok), "known: arch, stack_align, unaligned_access, priv_spec and numbers");
        if let Some(near) = suggest(&shown, TAGS.iter().filter_map(|(n, _)| std::str::from_utf8(n).ok())) {
            d = d.help(format!("did you mean `{near}`?"));
        }
        return a.report(d);
    };
    if !a.expect_comma(&mut args) {
        return;
    }
    let value = if tag % 2 == 1 {
        let Some(text) = args.next().filter(|t| t.kind == T::Str) else {
            return a.error(&codes::E0417, "this attribute is a text", s.span_at(args.i), "expected text in double quotes");
        };
        match a.string(s, text) {
            Some(text) => AttributeValue::Text(text),
            None => return,
        }
    } else {
        let Some(n) = a.constant_now(&mut args, "a number") else { return };
        AttributeValue::Number(n as u64)
    };
    if !a.expect_end(&args) {
        return;
    }
    if let (5, AttributeValue::Text(text)) = (tag, &value) {
        let text = String::from_utf8_lossy(text).into_owned();
        // What is known but not supported is written, and its instructions are refused one by one.
        if let Err(e) = a.target.set_file_arch(&text) {
            bad_isa(a, s, &e.to_string());
        }
        return;
    }
    a.target.attributes.all.insert(tag, value);
}

impl Assembler<'_> {
    /// Contents of `.riscv.attributes` (psABI, "RISC-V Attributes"); empty if there is to be none.
    pub fn attributes_section(&self) -> Vec<u8> {
        let attributes = &self.target.attributes.all;
        if !self.options.attributes && attributes.is_empty() && !self.target.arch_given() {
            return Vec::new();
        }
        let mut attributes = attributes.clone();
        if self.target.uses_privileged {
            // GNU as then names the version of the privileged specification that it takes, all of it unless the source
            // named one that exists.
            let number = |tag| match attributes.get(&tag) {
                Some(AttributeValue::Number(n)) => *n,
                _ => 0,
            };
            let given = PRIV_SPEC_TAGS.map(number);
            let version = if PRIV_SPECS.iter().any(|(_, version)| *version == given) { given } else { self.options.priv_spec };
            for (tag, n) in PRIV_SPEC_TAGS.into_iter().zip(version) {
                attributes.insert(tag, AttributeValue::Number(n));
            }
        }
        let mut body = Vec::new();
        for tag in attributes.keys().copied().chain([5]).collect::<std::collections::BTreeSet<_>>() {
            match attributes.get(&tag) {
                _ if tag == 5 => {
                    crate::layout::push_uleb(&mut body, 5);
                    body.extend_from_slice(self.target.arch_text().as_bytes());
                    body.push(0);
                }
                // The default is left out, as GNU as does.
                Some(AttributeValue::Number(0)) | None => {}
                Some(AttributeValue::Number(n)) => {
                    crate::layout::push_uleb(&mut body, u64::from(tag));
                    crate::layout::push_uleb(&mut body, *n);
                }
                Some(AttributeValue::Text(text)) => {
                    crate::layout::push_uleb(&mut body, u64::from(tag));
                    body.extend_from_slice(text);
                    body.push(0);
                }
            }
        }
        let mut out = vec![b'A'];
        out.extend_from_slice(&(4 + 6 + 5 + body.len() as u32).to_le_bytes());
        out.extend_from_slice(b"riscv\0");
        out.push(1);
        out.extend_from_slice(&(5 + body.len() as u32).to_le_bytes());
        out.extend_from_slice(&body);
        out
    }
}
