//! `.riscv.attributes` and `e_flags`: one set for the image, from those of all objects.

use crate::object_file::Section;
use crate::problem::Problem;
use crate::resolve::Resolved;
use crate::strings::{string_at, text};
use diag::{Diagnostic, codes};
use object::elf;
use rv32::isa::{Arch, Spec};

/// What the image says about itself.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// `e_flags`.
    pub flags: u32,
    /// Contents of `.riscv.attributes`, if any object has it.
    pub section: Option<Vec<u8>>,
    /// The extensions, in GNU's spelling.
    pub arch: String,
}

const TAG_STACK_ALIGN: u64 = 4;
const TAG_ARCH: u64 = 5;
const TAG_UNALIGNED_ACCESS: u64 = 6;
const TAG_PRIV_SPEC: u64 = 8;
const TAG_PRIV_SPEC_MINOR: u64 = 10;
const TAG_PRIV_SPEC_REVISION: u64 = 12;

/// The attributes of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Attributes<'a> {
    stack_align: Option<u64>,
    arch: Option<&'a str>,
    unaligned_access: Option<u64>,
    priv_spec: Option<[u64; 3]>,
}

/// Merges what all objects with contents say.
pub fn merge(resolved: &Resolved<'_>, problems: &mut Vec<Problem>) -> Merged {
    let mut merged = Merged::default();
    let mut float: Option<(u32, &str)> = None;
    let mut embedded: Option<(u32, &str)> = None;
    let mut arch: Option<Arch> = None;
    // What all of them say, word for word.
    let mut spelling: Option<&str> = None;
    let mut stack: Option<(u64, &str)> = None;
    let mut priv_spec: Option<([u64; 3], &str)> = None;
    let mut any = false;
    let mut out = Attributes::default();
    for object in &resolved.objects {
        let sections = &resolved.sections[object.first_section as usize..][..section_count(resolved, object.first_section)];
        let has_code = sections.iter().any(|input| input.section.has(elf::SHF_EXECINSTR));
        let flags = object.file.flags;
        // Data alone (`objcopy -I binary`) has flags 0 and no say.
        if has_code {
            merged.flags |= flags & (elf::EF_RISCV_RVC.0 | elf::EF_RISCV_TSO.0);
            let (abi, name) = (flags & elf::EF_RISCV_FLOAT_ABI, object.name.as_str());
            match float {
                None => float = Some((abi, name)),
                Some((first, first_name)) if first != abi => {
                    let message = format!("{name} passes floating-point values in the {} way, {first_name} in the {} way", float_abi(abi), float_abi(first));
                    problems.push(Problem::Plain(Box::new(Diagnostic::new(&codes::E0503, message).help("compile both with the same -mabi, on this platform -mabi=ilp32"))));
                }
                Some(_) => {}
            }
            let rve = flags & elf::EF_RISCV_RVE.0;
            match embedded {
                None => embedded = Some((rve, name)),
                Some((first, first_name)) if first != rve => {
                    let (with, without) = if rve != 0 { (name, first_name) } else { (first_name, name) };
                    let message = format!("{with} is for 16 registers (RVE), {without} for 32");
                    problems.push(Problem::Plain(Box::new(Diagnostic::new(&codes::E0503, message).help("compile both with the same -mabi, on this platform -mabi=ilp32"))));
                }
                Some(_) => {}
            }
        }
        let Some(input) = sections.iter().find(|input| input.section.kind == elf::SHT_RISCV_ATTRIBUTES) else { continue };
        let attributes = match read(&input.section) {
            Ok(attributes) => attributes,
            Err(what) => {
                problems.push(Problem::plain(&codes::E0505, format!("{} is damaged: {what}", object.name)));
                continue;
            }
        };
        any = true;
        if let Some(text) = attributes.arch {
            match Arch::parse_attribute(text, Spec::default()) {
                Ok(parsed) => match &mut arch {
                    Some(arch) => {
                        spelling = spelling.filter(|&before| before == text);
                        arch.merge(&parsed);
                    }
                    None => (arch, spelling) = (Some(parsed), Some(text)),
                },
                Err(error) => problems.push(Problem::plain(&codes::E0503, format!("{} says that it is for `{text}`: {error}", object.name))),
            }
        }
        if let Some(align) = attributes.stack_align {
            match stack {
                None => stack = Some((align, &object.name)),
                Some((first, first_name)) if first != align => {
                    let message = format!("{} aligns the stack to {align} bytes, {first_name} to {first}", object.name);
                    problems.push(Problem::Plain(Box::new(Diagnostic::new(&codes::E0503, message).help("compile both with the same -mpreferred-stack-boundary and -mabi"))));
                }
                Some(_) => {}
            }
        }
        out.unaligned_access = out.unaligned_access.max(attributes.unaligned_access);
        match (attributes.priv_spec, priv_spec) {
            (Some(version), Some((first, first_name))) if version != first => problems.push(versions_differ((version, &object.name), (first, first_name))),
            (Some(version), None) => priv_spec = Some((version, &object.name)),
            (Some(_) | None, _) => {}
        }
        out.priv_spec = out.priv_spec.max(attributes.priv_spec);
    }
    merged.flags |= float.map_or(0, |(abi, _)| abi) | embedded.map_or(0, |(rve, _)| rve);
    // As GNU ld has it: where all agree, nothing is spelt anew.
    merged.arch = spelling.map_or_else(|| arch.map(|arch| arch.to_string()).unwrap_or_default(), str::to_string);
    out.stack_align = stack.map(|(align, _)| align);
    if any {
        merged.section = Some(write(&out, &merged.arch));
    }
    merged
}

/// Two objects are for different versions of the privileged architecture; the image is for the newer.
fn versions_differ((version, name): ([u64; 3], &str), (first, first_name): ([u64; 3], &str)) -> Problem {
    let number = |[major, minor, revision]: [u64; 3]| format!("{major}.{minor}.{revision}");
    let message = format!("{name} uses privileged spec version {}, {first_name} uses {}", number(version), number(first));
    let mut diagnostic = Diagnostic::new(&codes::PRIV_SPEC, message).help("assemble both with the same -mpriv-spec");
    if [version, first].contains(&[1, 9, 1]) {
        diagnostic = diagnostic.note("1.9.1 gives control and status registers other numbers than later versions do");
    }
    Problem::Plain(Box::new(diagnostic))
}

/// How many sections follow that belong to the same object.
fn section_count(resolved: &Resolved<'_>, first: u32) -> usize {
    let all = &resolved.sections[first as usize..];
    let Some(object) = all.first().map(|input| input.object) else { return 0 };
    all.iter().position(|input| input.object != object).unwrap_or(all.len())
}

fn float_abi(flags: u32) -> &'static str {
    match elf::FileFlags(flags) {
        elf::EF_RISCV_FLOAT_ABI_SOFT => "soft-float",
        elf::EF_RISCV_FLOAT_ABI_SINGLE => "single-float",
        elf::EF_RISCV_FLOAT_ABI_DOUBLE => "double-float",
        _ => "quad-float",
    }
}

fn uleb(bytes: &mut &[u8]) -> Option<u64> {
    let (value, length) = rv32::reloc::read_uleb128(bytes)?;
    *bytes = &bytes[length..];
    Some(value)
}

fn read<'a>(section: &'a Section<'_>) -> Result<Attributes<'a>, String> {
    let cut = || "its .riscv.attributes are cut short".to_string();
    let mut attributes = Attributes::default();
    let Some((b'A', mut rest)) = section.data.split_first() else {
        return if section.data.is_empty() { Ok(attributes) } else { Err("its .riscv.attributes have an unknown format".into()) };
    };
    while !rest.is_empty() {
        let length = rest.first_chunk::<4>().map(|length| u32::from_le_bytes(*length) as usize).ok_or_else(cut)?;
        let vendor = rest.get(4..length).ok_or_else(cut)?;
        rest = &rest[length..];
        let name = string_at(vendor, 0).ok_or_else(cut)?;
        let mut body = &vendor[name.len() + 1..];
        if name != b"riscv" {
            continue;
        }
        while !body.is_empty() {
            let whole = body;
            let tag = uleb(&mut body).ok_or_else(cut)?;
            let length = body.first_chunk::<4>().map(|length| u32::from_le_bytes(*length) as usize).ok_or_else(cut)?;
            let start = whole.len() - body.len() + 4;
            let mut scope = whole.get(start..length).ok_or_else(cut)?;
            body = &whole[length..];
            // Tag 1 speaks of the whole file; nothing writes the others.
            while tag == 1 && !scope.is_empty() {
                read_one(&mut scope, &mut attributes).ok_or_else(cut)?;
            }
        }
    }
    Ok(attributes)
}

/// Odd tags have strings, even ones numbers.
fn read_one<'a>(scope: &mut &'a [u8], attributes: &mut Attributes<'a>) -> Option<()> {
    let tag = uleb(scope)?;
    if tag % 2 == 1 {
        let value: &'a [u8] = string_at(scope, 0)?;
        *scope = &scope[value.len() + 1..];
        if tag == TAG_ARCH {
            attributes.arch = Some(std::str::from_utf8(value).ok()?);
        }
        return Some(());
    }
    let value = uleb(scope)?;
    match tag {
        TAG_STACK_ALIGN => attributes.stack_align = Some(value),
        TAG_UNALIGNED_ACCESS => attributes.unaligned_access = Some(value),
        TAG_PRIV_SPEC => attributes.priv_spec.get_or_insert_default()[0] = value,
        TAG_PRIV_SPEC_MINOR => attributes.priv_spec.get_or_insert_default()[1] = value,
        TAG_PRIV_SPEC_REVISION => attributes.priv_spec.get_or_insert_default()[2] = value,
        _ => {}
    }
    Some(())
}

fn write(attributes: &Attributes<'_>, arch: &str) -> Vec<u8> {
    let mut body = Vec::new();
    let mut number = |tag: u64, value: Option<u64>| {
        if let Some(value) = value {
            push_uleb(&mut body, tag);
            push_uleb(&mut body, value);
        }
    };
    number(TAG_STACK_ALIGN, attributes.stack_align);
    if !arch.is_empty() {
        push_uleb(&mut body, TAG_ARCH);
        body.extend(text(arch.as_bytes()).bytes());
        body.push(0);
    }
    let mut number = |tag: u64, value: Option<u64>| {
        if let Some(value) = value {
            push_uleb(&mut body, tag);
            push_uleb(&mut body, value);
        }
    };
    number(TAG_UNALIGNED_ACCESS, attributes.unaligned_access);
    // 0 is what a missing number means.
    let part = |index: usize| attributes.priv_spec.map(|spec| spec[index]).filter(|&value| value != 0);
    number(TAG_PRIV_SPEC, part(0));
    number(TAG_PRIV_SPEC_MINOR, part(1));
    number(TAG_PRIV_SPEC_REVISION, part(2));
    let mut section = vec![b'A'];
    section.extend((4 + 6 + 1 + 4 + body.len() as u32).to_le_bytes());
    section.extend(b"riscv\0\x01");
    section.extend((1 + 4 + body.len() as u32).to_le_bytes());
    section.extend(body);
    section
}

fn push_uleb(bytes: &mut Vec<u8>, mut value: u64) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return;
        }
        bytes.push(byte | 0x80);
    }
}
