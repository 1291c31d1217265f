//! What the tests against GNU binutils share: finding the peers, a minimal ELF file, a random number generator.
#![allow(dead_code, reason = "each test uses a part")]

use std::path::PathBuf;
use std::process::Command;

/// A path for a temporary file of this test process.
pub fn temporary(name: &str) -> PathBuf {
    let folder =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("rv32-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    folder.join(name)
}

/// xorshift64*: reproducible, and good enough to fill operands.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub fn word(&mut self) -> u32 {
        self.next() as u32
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// An ELF32 RISC-V object with `text` at `address` and an attribute section, and no symbols: mapping symbols would tell
/// a disassembler that the words are data.
pub fn elf(text: &[u8], address: u32, arch: &str) -> Vec<u8> {
    let mut attributes = Vec::from(*b"A\0\0\0\0riscv\0\x01\0\0\0\0\x05");
    attributes.extend(arch.as_bytes());
    attributes.push(0);
    let length = attributes.len() as u32;
    attributes[1..5].copy_from_slice(&(length - 1).to_le_bytes());
    attributes[12..16].copy_from_slice(&(length - 11).to_le_bytes());
    let names = b"\0.text\0.riscv.attributes\0.shstrtab\0";

    let mut file = Vec::new();
    file.extend(b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0");
    let (text_at, half) = (52, |n: u16| n.to_le_bytes());
    let attributes_at = text_at + text.len();
    let names_at = attributes_at + attributes.len();
    let sections_at = (names_at + names.len()).next_multiple_of(4);
    for (bytes, n) in [
        (2, 1u32),
        (2, 243),
        (4, 1),
        (4, 0),
        (4, 0),
        (4, sections_at as u32),
        (4, 1),
    ] {
        file.extend(&n.to_le_bytes()[..bytes]);
    }
    for n in [52, 0, 0, 40, 4, 3] {
        file.extend(half(n));
    }
    file.extend(text);
    file.extend(&attributes);
    file.extend(names);
    file.resize(sections_at, 0);
    let section =
        |name: u32, kind: u32, flags: u32, address: u32, at: usize, size: usize, align: u32| {
            [
                name,
                kind,
                flags,
                address,
                at as u32,
                size as u32,
                0,
                0,
                align,
                0,
            ]
            .map(u32::to_le_bytes)
            .concat()
        };
    file.extend([0; 40]);
    file.extend(section(1, 1, 6, address, text_at, text.len(), 2));
    file.extend(section(
        7,
        0x7000_0003,
        0,
        0,
        attributes_at,
        attributes.len(),
        1,
    ));
    file.extend(section(25, 3, 0, 0, names_at, names.len(), 1));
    file
}

/// Assembles with GNU as: the object, or what it printed.
pub fn assemble(name: &str, source: &str, march: &str) -> Result<Vec<u8>, String> {
    let (input, object) = (
        temporary(&format!("{name}.s")),
        temporary(&format!("{name}.o")),
    );
    std::fs::write(&input, source).expect("a temporary file");
    let output = Command::new(AS)
        .arg(format!("-march={march}"))
        .arg("-mabi=ilp32")
        .arg(&input)
        .arg("-o")
        .arg(&object)
        .output()
        .expect("GNU as runs");
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    let result = if output.status.success() {
        Ok(std::fs::read(&object).expect("an object"))
    } else {
        Err(messages)
    };
    std::fs::remove_file(&input).expect("the temporary file");
    std::fs::remove_file(&object).ok();
    result
}

/// The program that [`assemble`] runs.
pub const AS: &str = "riscv64-unknown-elf-as";

/// The contents of a section of an ELF32 object that GNU as wrote.
pub fn section<'a>(object: &'a [u8], wanted: &str) -> &'a [u8] {
    let u32_at =
        |at: usize| u32::from_le_bytes(object[at..at + 4].try_into().expect("4 bytes")) as usize;
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([object[at], object[at + 1]]));
    let header = |index: usize| u32_at(32) + index * 40;
    let names = u32_at(header(u16_at(50)) + 16);
    for index in 0..u16_at(48) {
        let name = &object[names + u32_at(header(index))..];
        if name.starts_with(wanted.as_bytes()) && name[wanted.len()] == 0 {
            let (at, size) = (u32_at(header(index) + 16), u32_at(header(index) + 20));
            return &object[at..at + size];
        }
    }
    panic!("no section {wanted}");
}

/// The instructions of a text section one by one: as words, of 16-bit ones the halfword.
pub fn instructions(text: &[u8]) -> Vec<u32> {
    let mut words = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let low = u32::from(u16::from_le_bytes([text[at], text[at + 1]]));
        if low & 3 == 3 {
            words.push(low | u32::from(u16::from_le_bytes([text[at + 2], text[at + 3]])) << 16);
            at += 4;
        } else {
            words.push(low);
            at += 2;
        }
    }
    words
}
