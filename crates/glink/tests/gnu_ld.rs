//! Against GNU ld: the same objects, the same layout; sizes, what each relocated instruction means,
//! and what the program prints.

#![allow(clippy::print_stdout, reason = "sizes are worth seeing")]

mod common;

use common::{compile, have, libgcc, run};
use glink::{InputSpec, Options};
use host::OsHost;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Ways to compile; each exercises other relocations.
const VARIANTS: &[(&str, &[&str])] = &[
    ("plain", &[]),
    ("sections", &["-ffunction-sections", "-fdata-sections"]),
    ("medany", &["-mcmodel=medany", "-g"]),
    ("pic", &["-fPIC", "-ftls-model=initial-exec"]),
    ("no-relax", &["-mno-relax"]),
    ("not compressed", &["-march=rv32ima", "-O1"]),
    ("large", &["-O0", "-g", "-fno-section-anchors", "-fcommon"]),
];

struct Built {
    folder: tempfile::TempDir,
    objects: Vec<PathBuf>,
}

fn build(flags: &[&str]) -> Built {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let objects = compile(folder.path(), flags);
    Built { folder, objects }
}

fn glink(objects: &[PathBuf], options: &Options) -> Vec<u8> {
    let mut specs: Vec<InputSpec> = objects.iter().cloned().map(InputSpec::File).collect();
    specs.push(InputSpec::File(libgcc()));
    let mut sources = diag::Sources::new();
    let linked = glink::link(&specs, options, &mut sources, &mut OsHost::new());
    linked.image.unwrap_or_else(|| panic!("{}", diag::render_text(&sources, &linked.diagnostics, false)))
}

fn gnu_ld(built: &Built, flags: &[&str]) -> PathBuf {
    let script = built.folder.path().join("default.ld");
    std::fs::write(&script, glink::DEFAULT_SCRIPT).expect("written");
    let image = built.folder.path().join("gnu.elf");
    run(Command::new("riscv64-unknown-elf-ld").args(["-melf32lriscv", "--no-warn-rwx-segments", "-T"]).arg(&script).args(flags).args(&built.objects).arg(libgcc()).arg("-o").arg(&image));
    image
}

/// Sizes of sections by name, as GNU size sees them.
fn sizes(image: &Path) -> Vec<(String, u64)> {
    let text = String::from_utf8(run(Command::new("riscv64-unknown-elf-size").arg("-A").arg(image))).expect("text");
    text.lines().filter_map(|line| Some((line.split_whitespace().next()?.to_string(), line.split_whitespace().nth(1)?.parse().ok()?))).collect()
}

fn size_of(sizes: &[(String, u64)], name: &str) -> u64 {
    sizes.iter().find(|(section, _)| section == name).map_or(0, |&(_, size)| size)
}

#[test]
fn code_is_as_small_as_with_gnu_ld() {
    if !have("riscv64-unknown-elf-gcc") || !have("riscv64-unknown-elf-ld") {
        return;
    }
    for (name, flags) in VARIANTS {
        let built = build(flags);
        for (relax, gc) in [(true, false), (false, false), (true, true)] {
            let options = Options { relax, gc_sections: gc, ..Options::default() };
            let ours = built.folder.path().join("ours.elf");
            std::fs::write(&ours, glink(&built.objects, &options)).expect("written");
            let mut ld_flags = vec![if relax { "--relax" } else { "--no-relax" }];
            if gc {
                ld_flags.push("--gc-sections");
            }
            let theirs = gnu_ld(&built, &ld_flags);
            let (ours, theirs) = (sizes(&ours), sizes(&theirs));
            let (text, gnu_text) = (size_of(&ours, ".text"), size_of(&theirs, ".text"));
            println!("{name}, relax {relax}, gc {gc}: text {text} bytes, GNU ld {gnu_text}");
            assert!(text * 100 <= gnu_text * 101, "{name}: text has {text} bytes, with GNU ld {gnu_text}");
            for section in [".data", ".sdata", ".tdata", ".tbss", ".bss", ".sbss", ".init_array", "rows"] {
                assert_eq!(size_of(&ours, section), size_of(&theirs, section), "{name}: {section}");
            }
            // GNU ld merges strings that end others, and its table of addresses has a header.
            assert!(size_of(&ours, ".rodata").abs_diff(size_of(&theirs, ".rodata")) < 64, "{name}: .rodata");
        }
    }
}

#[test]
fn peers_accept_the_image() {
    if !have("riscv64-unknown-elf-gcc") || !have("riscv64-unknown-elf-readelf") || !have("riscv64-unknown-elf-objdump") {
        return;
    }
    for (name, flags) in VARIANTS {
        let built = build(flags);
        for options in [Options::default(), Options { omagic: true, ..Options::default() }, Options { gc_sections: true, strip: glink::Strip::All, ..Options::default() }] {
            let ours = built.folder.path().join("ours.elf");
            std::fs::write(&ours, glink(&built.objects, &options)).expect("written");
            for command in [["riscv64-unknown-elf-readelf", "-aW"], ["riscv64-unknown-elf-objdump", "-dr"], ["riscv64-unknown-elf-objdump", "--dwarf=decodedline"]] {
                let output = Command::new(command[0]).arg(command[1]).arg(&ours).output().expect("runs");
                assert!(output.status.success() && output.stderr.is_empty(), "{name}: {command:?}: {}", String::from_utf8_lossy(&output.stderr));
                let text = String::from_utf8_lossy(&output.stdout);
                assert!(!text.to_lowercase().contains("warning"), "{name}: {command:?}");
            }
        }
    }
}

/// What the program prints; the same for every way to compile and link it.
const PRINTS: &str = include_str!("c/expected.txt");

#[test]
fn the_program_runs_under_qemu() {
    if !have("riscv64-unknown-elf-gcc") || !have("qemu-system-riscv32") {
        return;
    }
    for (name, flags) in VARIANTS {
        let built = build(flags);
        for (relax, omagic, gc_sections) in [(true, false, false), (false, false, false), (true, true, true)] {
            let options = Options { relax, omagic, gc_sections, ..Options::default() };
            let ours = built.folder.path().join("ours.elf");
            std::fs::write(&ours, glink(&built.objects, &options)).expect("written");
            let output = run(Command::new("timeout").arg("20").args(["qemu-system-riscv32", "-machine", "virt", "-bios", "none", "-display", "none", "-monitor", "none", "-serial", "stdio", "-kernel"]).arg(&ours));
            assert_eq!(String::from_utf8_lossy(&output), PRINTS, "{name}, relax {relax}, -N {omagic}");
        }
    }
}

/// picolibc's own script, as Debian installs it, with its C library and start-up code.
#[test]
fn picolibc_links_with_its_own_script() {
    if !have("riscv64-unknown-elf-gcc") || !have("qemu-system-riscv32") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let gcc = |arguments: &[&str]| {
        let output = run(Command::new("riscv64-unknown-elf-gcc").args(["--specs=picolibc.specs", "-O2", "-march=rv32imac", "-mabi=ilp32"]).args(arguments));
        String::from_utf8(output).expect("text").trim().to_string()
    };
    // Where Debian puts it; gcc's -print-file-name does not look into the folders of its specs.
    let root = Path::new("/usr/lib/picolibc/riscv64-unknown-elf/lib");
    let folder_of_libraries = root.join("release/rv32imac/ilp32");
    if !folder_of_libraries.join("libc.a").is_file() || !root.join("picolibc.ld").is_file() {
        assert!(std::env::var("HVKIT_REQUIRE_PEERS").as_deref() != Ok("1"), "picolibc is not installed");
        println!("skipped: picolibc is not installed");
        return;
    }
    let object = folder.path().join("program.o");
    let source = common::sources().join("picolibc.c");
    gcc(&["-c", &source.to_string_lossy(), "-o", &object.to_string_lossy()]);
    let regions = [("__flash", "0x80000000"), ("__flash_size", "0x100000"), ("__ram", "0x80100000"), ("__ram_size", "0x100000")];
    let specs = [
        InputSpec::File(folder_of_libraries.join("crt0.o")),
        InputSpec::File(object),
        InputSpec::GroupStart,
        InputSpec::Library("c".into()),
        InputSpec::File(libgcc()),
        InputSpec::GroupEnd,
    ];
    for (relax, gc_sections) in [(true, false), (false, false), (true, true)] {
        let options = Options {
            relax,
            gc_sections,
            // Found along the search folders, as `-T picolibc.ld` is.
            scripts: vec!["picolibc.ld".into()],
            search_dirs: vec![folder_of_libraries.clone(), root.to_path_buf()],
            defsyms: regions.iter().map(|(name, value)| glink::Defsym::new(name, value)).collect(),
            ..Options::default()
        };
        let mut sources = diag::Sources::new();
        let linked = glink::link(&specs, &options, &mut sources, &mut OsHost::new());
        let image = folder.path().join("image");
        let bytes = linked.image.unwrap_or_else(|| panic!("{}", diag::render_text(&sources, &linked.diagnostics, false)));
        std::fs::write(&image, bytes).expect("written");
        let output = run(Command::new("timeout").arg("20").args(["qemu-system-riscv32", "-machine", "virt", "-bios", "none", "-display", "none", "-monitor", "none", "-serial", "stdio", "-kernel"]).arg(&image));
        assert_eq!(String::from_utf8_lossy(&output), "hello picolibc 4 0 1.5 51\n", "relax {relax}, gc {gc_sections}");
    }
}
