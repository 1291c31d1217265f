//! Objects and archives of which bytes were changed: an error or an image, never a panic, a hang or
//! more memory than inputs of that size can need.

mod common;

use common::have;
use glink::{Format, InputSpec, Options};
use host::{FileData, Identity, MemoryHost};
use proptest::prelude::*;
use std::process::Command;
use std::sync::OnceLock;

/// What is damaged: objects of GNU as with all that makes linking hard, and our own library.
fn victims() -> &'static [(String, Vec<u8>)] {
    static VICTIMS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    VICTIMS.get_or_init(|| {
        let mut victims = Vec::new();
        #[cfg(feature = "program")]
        victims.push(("libhv.a".to_string(), guest_lib::LIBHV_A.to_vec()));
        if have("riscv64-unknown-elf-gcc") {
            let folder = tempfile::tempdir().expect("a temporary folder");
            for (flags, name) in [(&["-O1", "-g"][..], "debug"), (&["-O2", "-fPIC", "-ffunction-sections", "-ftls-model=initial-exec"], "pic")] {
                for object in common::compile(folder.path(), flags) {
                    let file = object.file_name().expect("a name").to_string_lossy().into_owned();
                    victims.push((format!("{name}-{file}"), std::fs::read(&object).expect("read")));
                }
            }
            let archive = folder.path().join("all.a");
            common::run(Command::new("riscv64-unknown-elf-ar").arg("rcs").arg(&archive).args(["sort.o", "strings.o", "tables.o"].map(|name| folder.path().join(name))));
            victims.push(("all.a".to_string(), std::fs::read(&archive).expect("read")));
        }
        victims
    })
}

fn link(files: &[(String, Vec<u8>)], options: &Options) {
    let identity = Identity { device: 0, inode: 0 };
    let specs: Vec<InputSpec> = std::iter::once(InputSpec::WholeArchive(true))
        .chain(files.iter().map(|(name, bytes)| InputSpec::Bytes { name: name.clone(), data: FileData::new(bytes.clone(), identity) }))
        .collect();
    let mut sources = diag::Sources::new();
    let linked = glink::link(&specs, options, &mut sources, &mut MemoryHost::new());
    let total: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    if let Some(image) = &linked.image {
        assert!(image.len() < total * 64 + (200 << 20), "an image of {} bytes from {total}", image.len());
    }
    assert!(linked.image.is_some() || !linked.diagnostics.is_empty(), "no image, and no word why");
    // Messages about damaged files are shown too.
    let _ = diag::render_text(&sources, &linked.diagnostics, false);
}

/// A change to some bytes.
#[derive(Clone, Debug)]
enum Change {
    Set(prop::sample::Index, u8),
    Flip(prop::sample::Index, u8),
    Word(prop::sample::Index, u32),
    Cut(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let word = prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(0x7fff_ffff), Just(0x8000_0000), Just(0xffff_fff0), any::<u32>()];
    prop_oneof![
        4 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        4 => (any::<prop::sample::Index>(), 0u8..8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        4 => (any::<prop::sample::Index>(), word).prop_map(|(at, word)| Change::Word(at, word)),
        1 => any::<prop::sample::Index>().prop_map(Change::Cut),
        2 => (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1usize..64).prop_map(|(a, b, length)| Change::Swap(a, b, length)),
    ]
}

fn damage(bytes: &mut Vec<u8>, changes: &[Change]) {
    for change in changes {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match change {
            Change::Set(at, byte) => bytes[at.index(length)] = *byte,
            Change::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Change::Word(at, word) => {
                let at = at.index(length) & !3;
                let end = (at + 4).min(length);
                bytes[at..end].copy_from_slice(&word.to_le_bytes()[..end - at]);
            }
            Change::Cut(at) => bytes.truncate(at.index(length)),
            Change::Swap(a, b, count) => {
                let (a, b) = (a.index(length), b.index(length));
                for offset in 0..*count {
                    if a + offset < length && b + offset < length {
                        bytes.swap(a + offset, b + offset);
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_inputs_are_errors_or_images(
        victim in any::<prop::sample::Index>(),
        partner in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..12),
        relax in any::<bool>(),
        gc_sections in any::<bool>(),
        format in 0..3,
    ) {
        let victims = victims();
        if victims.is_empty() {
            return Ok(());
        }
        let mut victim = victims[victim.index(victims.len())].clone();
        damage(&mut victim.1, &changes);
        let partner = victims[partner.index(victims.len())].clone();
        let format = [Format::Elf, Format::Binary, Format::Ihex][format as usize];
        let options = Options { entry: Some("0x80000000".into()), relax, gc_sections, format, map: true, ..Options::default() };
        link(&[victim, partner], &options);
    }
}

/// Damage where it hurts most: the headers, every word of them in turn.
#[test]
fn every_header_word_may_be_wrong() {
    let options = Options { entry: Some("0x80000000".into()), map: true, ..Options::default() };
    for (name, bytes) in victims().iter().filter(|(name, _)| name.ends_with("tables.o") || name.ends_with("start.o")) {
        let table = u32::from_le_bytes([bytes[32], bytes[33], bytes[34], bytes[35]]) as usize;
        for at in (0..52).step_by(2).chain((table..bytes.len()).step_by(4)) {
            for value in [0u32, 1, 0xffff_ffff, 0x8000_0000, 0x0fff_fff0] {
                let mut changed = bytes.clone();
                let end = (at + 4).min(changed.len());
                changed[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
                link(&[(name.clone(), changed)], &options);
            }
        }
    }
}
