//! What an example says of the file that it makes: lines `# expect: …` in it.
//!
//! | line | what must hold |
//! | --- | --- |
//! | `# expect: section NAME at A load A size N type T flags F` | the section exists; what is left out may be anything. T is a number, F is letters of `WAX` |
//! | `# expect: no section NAME` | it does not exist |
//! | `# expect: bytes NAME 01 02 …` | its contents |
//! | `# expect: symbol NAME V` | a global symbol's value |
//! | `# expect: local NAME V`, `# expect: no symbol NAME` | one that is not global; one that does not exist |
//! | `# expect: segment T at A load A size N flags F align N` | the file has such a segment; F is letters of `RWX` |
//! | `# expect: segments N` | how many segments of type 1 it has |
//! | `# expect: entry A` | where it starts |
//! | `# expect: says TEXT` | standard output or error has it |
//!
//! Numbers are decimal or, behind `0x`, hexadecimal.

use object::read::elf::{ElfFile32, ProgramHeader, SectionHeader};
use object::{LittleEndian as LE, Object, ObjectSection, ObjectSymbol, elf};

/// Checks all lines of an example against its file and what was said.
pub fn check(text: &str, image: Option<&[u8]>, said: &str) -> Result<(), String> {
    for line in text.lines().filter_map(|line| line.trim_start().strip_prefix("# expect:")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let holds = match (words.as_slice(), image) {
            (["says", ..], _) => said.contains(line.trim().trim_start_matches("says").trim()),
            (_, None) => return Err(format!("`{line}`: no file was made")),
            (_, Some(image)) => of_file(&words, image).map_err(|error| format!("`{line}`: {error}"))?,
        };
        if !holds {
            return Err(format!("`{line}` does not hold; it was said:\n{said}"));
        }
    }
    Ok(())
}

fn number(text: &str) -> Result<u64, String> {
    let parsed = text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| u64::from_str_radix(hex, 16).ok());
    parsed.ok_or_else(|| format!("`{text}` is no number"))
}

fn of_file(words: &[&str], image: &[u8]) -> Result<bool, String> {
    let file = ElfFile32::<LE>::parse(image).map_err(|error| error.to_string())?;
    match words {
        ["section", name, properties @ ..] => {
            let section = file.section_by_name(name).ok_or("there is no such section")?;
            let header = section.elf_section_header();
            for pair in properties.chunks(2) {
                let &[property, value] = pair else { return Err("a property without a value".into()) };
                let found = match property {
                    "at" => section.address(),
                    "size" => section.size(),
                    "align" => section.align(),
                    "type" => u64::from(header.sh_type(LE).0),
                    "load" => load_address(&file, section.address()).ok_or("no segment loads it")?,
                    "flags" => {
                        let flags = header.sh_flags(LE);
                        let letters: String = [('W', elf::SHF_WRITE), ('A', elf::SHF_ALLOC), ('X', elf::SHF_EXECINSTR)].into_iter().filter(|(_, flag)| flags & *flag == *flag).map(|(letter, _)| letter).collect();
                        if letters != value {
                            return Err(format!("its flags are {letters}"));
                        }
                        continue;
                    }
                    other => return Err(format!("`{other}` is no property")),
                };
                if found != number(value)? {
                    return Err(format!("{property} is {found:#x}"));
                }
            }
            Ok(true)
        }
        ["no", "section", name] => Ok(file.section_by_name(name).is_none()),
        ["bytes", name, bytes @ ..] => {
            let section = file.section_by_name(name).ok_or("there is no such section")?;
            let found: Vec<String> = section.data().map_err(|error| error.to_string())?.iter().map(|byte| format!("{byte:02x}")).collect();
            if found == bytes { Ok(true) } else { Err(format!("they are {}", found.join(" "))) }
        }
        [kind @ ("symbol" | "local"), name, value] => {
            let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name)).ok_or("there is no such symbol")?;
            if symbol.address() != number(value)? {
                return Err(format!("it is {:#x}", symbol.address()));
            }
            Ok(symbol.is_global() == (*kind == "symbol"))
        }
        ["no", "symbol", name] => Ok(!file.symbols().any(|symbol| symbol.name() == Ok(name))),
        ["entry", address] => Ok(file.entry() == number(address)?),
        ["segments", count] => Ok(file.elf_program_headers().iter().filter(|segment| segment.p_type(LE) == elf::PT_LOAD).count() as u64 == number(count)?),
        ["segment", kind, properties @ ..] => {
            let kind = number(kind)?;
            let segments = file.elf_program_headers().iter().filter(|segment| u64::from(segment.p_type(LE).0) == kind);
            let shown: Vec<String> = segments.clone().map(|segment| format!("{:#x} {:#x} {:#x} {}", segment.p_vaddr(LE), segment.p_paddr(LE), segment.p_memsz(LE), rights(segment.p_flags(LE)))).collect();
            let fits = |segment: &elf::ProgramHeader32<LE>| {
                properties.chunks(2).all(|pair| match pair {
                    ["at", value] => number(value) == Ok(u64::from(segment.p_vaddr(LE))),
                    ["load", value] => number(value) == Ok(u64::from(segment.p_paddr(LE))),
                    ["size", value] => number(value) == Ok(u64::from(segment.p_memsz(LE))),
                    ["offset", value] => number(value) == Ok(u64::from(segment.p_offset(LE))),
                    ["align", value] => number(value) == Ok(u64::from(segment.p_align(LE))),
                    ["flags", value] => rights(segment.p_flags(LE)) == *value,
                    _ => false,
                })
            };
            let found = segments.into_iter().any(fits);
            if found { Ok(true) } else { Err(format!("there are {}", shown.join(", "))) }
        }
        _ => Err("this cannot be expected".into()),
    }
}

fn rights(flags: elf::ProgramFlags) -> String {
    [('R', elf::PF_R), ('W', elf::PF_W), ('X', elf::PF_X)].into_iter().filter(|(_, flag)| flags & *flag == *flag).map(|(letter, _)| letter).collect()
}

fn load_address(file: &ElfFile32<'_, LE>, address: u64) -> Option<u64> {
    let segments = file.elf_program_headers().iter().filter(|segment| segment.p_type(LE) == elf::PT_LOAD);
    let holds = |segment: &&elf::ProgramHeader32<LE>| {
        let start = u64::from(segment.p_vaddr(LE));
        (start..start + u64::from(segment.p_memsz(LE))).contains(&address)
    };
    segments.into_iter().find(holds).map(|segment| address - u64::from(segment.p_vaddr(LE)) + u64::from(segment.p_paddr(LE)))
}
