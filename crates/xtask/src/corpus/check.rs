//! A source through gasm and through its peers, and what differs.

use super::compile::Source;
use super::packages::Compiler;
use peers::object::{Object, Rules, differences};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const AS: &str = "riscv64-unknown-elf-as";
const LD: &str = "riscv64-unknown-elf-ld";
const OBJDUMP: &str = "riscv64-unknown-elf-objdump";
/// Of the same version as clang: Debian's default.
const LLVM_MC: &str = "llvm-mc";

/// The peers that a check runs.
pub const PEERS: [&str; 4] = [AS, LD, OBJDUMP, LLVM_MC];
const MARCH: &str = "-march=rv32imac_zicsr_zifencei_zba_zbb_zbs";

/// Whose object gasm's was compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judge {
    /// GNU as took the source.
    GnuAs,
    /// GNU as refused it, llvm-mc took it.
    LlvmMc,
    /// Both refused it: it is not for us to judge.
    Nobody,
}

/// What came of a source.
pub struct Verdict {
    /// Whether gasm took it, and what it said otherwise.
    pub accepted: Result<(), String>,
    /// Whose object is the measure.
    pub judge: Judge,
    /// What differs; empty if it was not accepted.
    pub differences: Vec<String>,
}

/// Assembles, compares, links, compares again.
pub fn check(source: &Source, gasm: &Path) -> Result<Verdict, String> {
    let path = &source.path;
    let (ours, theirs) = (path.with_extension("ours.o"), path.with_extension("theirs.o"));
    let refused = run(AS, &[MARCH.as_ref(), "-mabi=ilp32".as_ref(), path.as_ref(), "-o".as_ref(), theirs.as_ref()])?;
    let judge = if refused.status.success() {
        Judge::GnuAs
    } else if source.compiler == Some(Compiler::Clang) {
        let made = run(LLVM_MC, &["-triple=riscv32".as_ref(), "-mattr=+m,+a,+c,+relax".as_ref(), "-filetype=obj".as_ref(), path.as_ref(), "-o".as_ref(), theirs.as_ref()])?;
        if made.status.success() { Judge::LlvmMc } else { Judge::Nobody }
    } else {
        Judge::Nobody
    };
    let assembled = run(gasm, &["--color=never".as_ref(), path.as_ref(), "-o".as_ref(), ours.as_ref()])?;
    if !assembled.status.success() {
        let message = String::from_utf8_lossy(&assembled.stderr).into_owned();
        return Ok(Verdict { accepted: Err(message), judge, differences: Vec::new() });
    }
    let mut found = Vec::new();
    if judge != Judge::Nobody {
        let rules = if judge == Judge::LlvmMc { Rules::LLVM } else { Rules::GNU };
        found = differences(&read(&theirs)?, &read(&ours)?, rules);
        if judge == Judge::LlvmMc {
            found.extend((frames(&theirs)? != frames(&ours)?).then(|| "the decoded .eh_frame differs".to_string()));
        } else if source.compiler.is_some() {
            found.extend(linked_differences(&theirs, &ours)?);
        }
    }
    for scratch in [&ours, &theirs] {
        let _ = fs::remove_file(scratch);
    }
    Ok(Verdict { accepted: Ok(()), judge, differences: found })
}

fn read(path: &Path) -> Result<Object, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Object::read(&bytes).map_err(|error| format!("{}: {error}", path.display()))
}

fn run(program: impl AsRef<OsStr>, arguments: &[&OsStr]) -> Result<Output, String> {
    Command::new(&program).args(arguments).output().map_err(|error| format!("{}: {error}", program.as_ref().to_string_lossy()))
}

/// Linked by GNU ld with relaxation, both objects give the same image and the same line table: this sees
/// relocations against a section plus an offset, which are wrong as soon as bytes before the place go.
fn linked_differences(theirs: &Path, ours: &Path) -> Result<Vec<String>, String> {
    // Whatever the source leaves to others is given a place, half of it near enough for a short call.
    let places = theirs.with_extension("ld");
    let object = read(theirs)?;
    let place = |(n, name): (usize, &str)| format!("--defsym=\"{name}\"={:#x}\n", if n % 2 == 0 { TEXT } else { FAR } + 16 * n as u64);
    fs::write(&places, object.undefined().enumerate().map(place).collect::<String>()).map_err(|error| format!("{}: {error}", places.display()))?;
    let (their_image, our_image) = (linked(theirs, &places), linked(ours, &places));
    let _ = fs::remove_file(&places);
    Ok(match (their_image, our_image) {
        (Ok(theirs), Ok(ours)) => {
            let image = (theirs.0 != ours.0).then(|| "the linked images differ".to_string());
            image.into_iter().chain((theirs.1 != ours.1).then(|| "the line tables differ".to_string())).collect()
        }
        // What GNU ld makes of neither says nothing of us.
        (Err(error), _) => return Err(format!("GNU ld does not link GNU as's own object: {error}")),
        (Ok(_), Err(error)) => vec![format!("ours does not link: {error}")],
    })
}

const TEXT: u64 = 0x8000_0000;
const FAR: u64 = 0x9000_0000;

/// The allocated sections of the image and its line table in words.
fn linked(object: &Path, places: &Path) -> Result<(BTreeMap<String, Vec<u8>>, String), String> {
    let image = object.with_extension("image");
    let at = format!("@{}", places.display());
    let text = format!("-Ttext={TEXT:#x}");
    let fixed = ["-m", "elf32lriscv", "-e", "0", &text, "--defsym=__global_pointer$=0x80100000", "-w", &at, "-o"];
    let arguments: Vec<&OsStr> = fixed.iter().map(AsRef::as_ref).chain([image.as_os_str(), object.as_os_str()]).collect();
    let output = run(LD, &arguments)?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let lines = run(OBJDUMP, &["--dwarf=decodedline".as_ref(), image.as_ref()])?;
    let lines = String::from_utf8_lossy(&lines.stdout).replace(&*image.to_string_lossy(), "image");
    let loaded = read(&image)?.loaded();
    let _ = fs::remove_file(&image);
    Ok((loaded, lines))
}

/// The unwind tables in words: advances are stored as relocation pairs, whose forms differ between assemblers.
fn frames(object: &Path) -> Result<String, String> {
    let output = run(OBJDUMP, &["--dwarf=frames".as_ref(), object.as_ref()])?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().skip_while(|line| !line.starts_with("Contents of")).map(|line| format!("{line}\n")).collect())
}
