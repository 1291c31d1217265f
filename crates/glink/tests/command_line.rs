//! The command line beside GNU ld's: where files are found, and in which order they come.

mod common;

use common::{Folder, have, run};
use object::read::elf::ElfFile32;
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// Both linkers, in this folder; gives what ours says if only one of them makes an image, or if the images' bytes in `.d` differ.
struct Pair<'f> {
    folder: &'f Folder,
}

struct Made {
    made: bool,
    data: Vec<u8>,
    said: String,
}

impl Pair<'_> {
    fn words(&self, line: &str) -> Vec<String> {
        let path = self.folder.0.path().to_string_lossy();
        line.split_whitespace().map(|word| word.replace("%t", &path)).collect()
    }

    fn theirs(&self, line: &str) -> Made {
        let out = self.folder.path("theirs");
        let _ = std::fs::remove_file(&out);
        let mut command = Command::new("riscv64-unknown-elf-ld");
        command.args(["-melf32lriscv", "-e", "0", "--no-warn-rwx-segments", "-o"]).arg(&out).args(self.words(line)).current_dir(self.folder.0.path());
        let output = command.output().expect("GNU ld runs");
        made(output.status.success(), &out, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Ours, as a process: it looks for files in the folder where it runs.
    fn ours(&self, line: &str) -> Made {
        let out = self.folder.path("ours");
        let _ = std::fs::remove_file(&out);
        let mut command = Command::new(env!("CARGO_BIN_EXE_glink"));
        command.args(["-e", "0", "-o"]).arg(&out).args(self.words(line)).current_dir(self.folder.0.path());
        let output = command.output().expect("glink runs");
        made(output.status.success(), &out, format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    }

    /// What ours says; both must do the same.
    fn same(&self, line: &str) -> Made {
        let (ours, theirs) = (self.ours(line), self.theirs(line));
        assert_eq!((ours.made, &ours.data), (theirs.made, &theirs.data), "{line}\nours: {}\ntheirs: {}", ours.said, theirs.said);
        ours
    }
}

fn made(made: bool, image: &Path, said: String) -> Made {
    let bytes = std::fs::read(image).unwrap_or_default();
    let data = ElfFile32::<LittleEndian>::parse(&*bytes).ok().and_then(|file| file.section_by_name(".d").and_then(|section| section.data().map(<[u8]>::to_vec).ok()));
    Made { made, data: data.unwrap_or_default(), said }
}

/// `a.o`, `b.o` and `c.o` with a byte each in `.d`, which `d.ld` places; `needs.o` needs `x` of `sys/lib/libx.a`, which needs
/// `y` of `sys/lib/liby.a`.
fn folder() -> Option<Folder> {
    let folder = Folder::new().filter(|_| have("riscv64-unknown-elf-ld"))?;
    for (name, byte) in [("a", 1), ("b", 2), ("c", 3)] {
        folder.object(name, &format!(".section .d, \"a\"\n.byte {byte}\n"));
    }
    folder.object("needs", ".section .d, \"a\"\n.byte 9\n.word x\n");
    folder.write("sys/lib/empty", "");
    for (name, text) in [("x", ".globl x\nx: .word y\n"), ("y", ".globl y\ny: nop\n")] {
        let object = folder.object(name, text);
        folder.archive(&format!("sys/lib/lib{name}.a"), "rc", &[&object]);
    }
    folder.write("d.ld", "SECTIONS { .d 0x1000 : { *(.d) } .text 0x2000 : { *(.text) } }\n");
    Some(folder)
}

#[test]
fn sysroots_are_where_gnu_ld_has_them() {
    let Some(folder) = folder() else { return };
    let pair = Pair { folder: &folder };
    let path = folder.0.path().to_string_lossy().into_owned();
    let (mut made, mut refused) = (0, 0);
    for root in ["", "--sysroot=", "--sysroot=%t", "--sysroot=%t/sys", "--sysroot=sys", "--sysroot=%t/sys/"] {
        for prefix in ["sys/", "/sys/", "%t/sys/", "=/sys/", "$SYSROOT/sys/", "=sys/", "$SYSROOTsys/", "/", "=/", "$SYSROOT/", "=%t/sys/", "$SYSROOT%t/sys/"] {
            for quote in ["", "\""] {
                let prefix = prefix.replace("%t", &path);
                let script = format!("GROUP ( {quote}{prefix}lib/libx.a{quote} AS_NEEDED ( {quote}{prefix}lib/liby.a{quote} ) )\n");
                // As a library, as an input in the folder of the root, and as a script.
                folder.write("libs.a", &script);
                folder.write("sys/inside", &script);
                folder.write("group.ld", &format!("{script} INCLUDE d.ld"));
                for line in [format!("{root} -T d.ld needs.o -L. -l:libs.a"), format!("{root} -T d.ld needs.o sys/inside"), format!("{root} needs.o -L%t -T group.ld")] {
                    let ours = pair.same(&line);
                    assert!(ours.made || ours.said.contains("cannot find"), "{line}: {script}{}", ours.said);
                    *(if ours.made { &mut made } else { &mut refused }) += 1;
                }
            }
        }
    }
    assert!(made >= 60 && refused >= 60, "{made} made, {refused} refused: nothing is compared");
    // Folders of -L and SEARCH_DIR, and plain inputs.
    folder.write("search.ld", "SEARCH_DIR(\"=/lib\") GROUP(-lx -ly) INCLUDE d.ld");
    for (line, works) in [
        ("--sysroot=%t/sys -T d.ld needs.o -L=/lib --start-group -lx -ly --end-group", true),
        ("--sysroot=%t/sys -T d.ld needs.o -L $SYSROOT/lib --start-group -lx -ly --end-group", true),
        ("--sysroot=%t -T d.ld needs.o -L=/lib -lx -ly", false),
        ("--sysroot=%t/sys -T d.ld needs.o =/lib/libx.a =/lib/liby.a", true),
        ("--sysroot=%t/sys needs.o -T search.ld", true),
        ("-nostdlib --sysroot=%t/sys needs.o -T search.ld", false),
    ] {
        assert_eq!(pair.same(line).made, works, "{line}");
    }
}

#[test]
fn scripts_among_the_inputs_stand_in_their_place() {
    let Some(folder) = folder() else { return };
    let pair = Pair { folder: &folder };
    folder.write("libb.a", "INPUT(b.o)\n");
    folder.write("k.ld", "INPUT(b.o) SECTIONS { .d 0x1000 : { *(.d) } }\n");
    folder.write("deep/libdeep.a", "GROUP(near.o)\n");
    folder.write("deep/copy", "");
    std::fs::copy(folder.path("b.o"), folder.path("deep/near.o")).expect("copied");
    folder.write("symbols", "seven = 7;\n");
    for (line, data) in [
        ("-T d.ld a.o -L. -lb c.o", vec![1, 2, 3]),
        ("-T d.ld libb.a a.o c.o", vec![2, 1, 3]),
        ("-T k.ld a.o c.o", vec![2, 1, 3]),
        ("a.o c.o -T k.ld", vec![1, 3, 2]),
        // A file beside the script is found.
        ("-T d.ld a.o -Ldeep -ldeep c.o", vec![1, 2, 3]),
        ("-T d.ld a.o deep/libdeep.a c.o", vec![1, 2, 3]),
        ("-T d.ld a.o symbols c.o", vec![1, 3]),
    ] {
        assert_eq!(pair.same(line).data, data, "{line}");
    }
    // A script with a mistake is still a script.
    folder.write("libwrong.a", "/* libc */ GROUP(b.o\n");
    let wrong = pair.same("-T d.ld a.o -L. -lwrong");
    assert!(!wrong.made && wrong.said.contains("syntax error") && wrong.said.contains("libwrong.a:1:"), "{}", wrong.said);
    folder.write("libwords.a", "GROUP of words\n");
    assert!(pair.same("-T d.ld a.o -L. -lwords").said.contains("neither an object nor an archive"));
    // In a ring each is told.
    folder.write("ring", "INPUT(ring)\n");
    assert!(pair.ours("-T d.ld a.o ring").said.contains("names itself"));
}

#[test]
fn libraries_for_other_machines_are_passed_over() {
    let Some(folder) = folder() else { return };
    let pair = Pair { folder: &folder };
    // EM_X86_64
    let mut other = std::fs::read(folder.path("x.o")).expect("read");
    other[18..20].copy_from_slice(&[62, 0]);
    std::fs::write(folder.path("other.o"), other).expect("written");
    folder.write("other/empty", "");
    folder.archive("other/libx.a", "rcS", &[&folder.path("other.o")]);
    let line = "-T d.ld needs.o -L other -L sys/lib --start-group -lx -ly --end-group";
    let ours = pair.ours(line);
    assert!(ours.made && ours.said.contains("passed-over"), "{}", ours.said);
    let quiet = pair.ours(&format!("--no-warn-search-mismatch {line}"));
    assert!(quiet.made && quiet.said.is_empty(), "{}", quiet.said);
    let alone = pair.ours("-T d.ld needs.o -L other -lx").said;
    assert!(alone.contains("cannot find -lx") && alone.contains("for another machine"), "{alone}");
    // RV64 is none: a library for RV32 may have an empty member for it.
    folder.write("wide.s", "");
    run(Command::new("riscv64-unknown-elf-as").args(["-march=rv64i", "-mabi=lp64"]).arg(folder.path("wide.s")).arg("-o").arg(folder.path("wide.o")));
    folder.archive("libm.a", "rc", &[&folder.path("wide.o")]);
    assert!(pair.same("-T d.ld a.o -L. -lm").made);
    folder.write("sys/lib/plain.a", "");
    assert!(pair.same("-T d.ld needs.o -L sys/lib -lplain").said.contains("-l:plain.a"));
}

#[test]
fn scripts_of_the_mri_linker_give_what_gnu_ld_gives() {
    let Some(folder) = folder() else { return };
    folder.object("p", ".globl _start, deep\n_start: nop\n.data\n.word 1, 2\n.section .x, \"a\"\n.balign 4\n.word 3\n.section 12, \"a\"\n.word 4\n.bss\n.zero 8\n.section .odd, \"a\"\n.byte 7\n");
    let pair = Pair { folder: &folder };
    let scripts = [
        "sect .text = $100\nsect .data = 1000h\nPUBLIC one = $10\npublic two, one + 1\npublic three # goes on\n 3\nload p.o\nstart one",
        // GNU ld forgets BASE at the next LOAD, which is not what its manual says.
        "* comment\nORDER .data, .text .x\nCHIP 68000, 3\nEND\nCASE LOWER\nLOAD p.o\nBASE 4000h\nLIST of all\nTRUNCATE 8\n",
        "ORDER .text,.data\nSECT .data,8000h ; behind\nALIGN .data = 64\nABSOLUTE .text\nABSOLUTE .x\nLOAD p.o\n",
        "ORDER .text .data .bss\nALIAS .data, .x\nALIAS .data,12\nSECT .text 2000h\nEXTERN deep, deeper\nLOAD p.o, a.o\n",
        "SECT .text=100h\nSECT .data=300h\nSECT .text=500h\nLOAD p.o\n",
        "LOAD p.o\nINCLUDE inner.mri\nSECT .data = 700h\n",
    ];
    folder.write("inner.mri", "SECT .text = 600h\nPUBLIC inner=$20\n");
    for script in scripts {
        folder.write("k.mri", &format!("{script}\n"));
        let (ours, theirs) = (pair.ours("-c k.mri --no-relax -z separate-code"), pair.theirs("-c k.mri --no-relax"));
        assert!(ours.made && theirs.made, "{script}\n{}{}", ours.said, theirs.said);
        let (ours, theirs) = (shape(&folder.path("ours")), shape(&folder.path("theirs")));
        assert!(theirs.0.len() >= 3, "{script}: nothing is compared");
        assert_eq!(ours, theirs, "{script}");
    }
    // What the script names counts if the command line names nothing.
    folder.write("k.mri", "NAME named.srec\nFORMAT S\nSECT .text=$8000\nORDER .text\nLOAD p.o\n");
    let arguments: Vec<OsString> = ["glink", "-c", "k.mri", "-e", "0x8000"].map(OsString::from).to_vec();
    let mut host = host::MemoryHost::new().with_file("k.mri", std::fs::read(folder.path("k.mri")).expect("read")).with_file("p.o", std::fs::read(folder.path("p.o")).expect("read"));
    assert_eq!(glink::run(&arguments, &mut host), 0, "{}", String::from_utf8_lossy(&host.errors));
    let records = String::from_utf8(host.files[Path::new("named.srec")].clone()).expect("text");
    assert!(records.starts_with("S0") && records.contains("S1") && records.contains("8000"), "{records}");
    let mut host = host::MemoryHost::new().with_file("k.mri", "SECT .text=1\nSECTS .x=1\n");
    assert_eq!(glink::run(&arguments, &mut host), 1);
    let said = String::from_utf8_lossy(&host.errors).into_owned();
    assert!(said.contains("unrecognised keyword in MRI style script: `SECTS`") && said.contains("k.mri:2:1") && said.contains("did you mean SECT?"), "{said}");
}

/// Sections with addresses and sizes, global symbols.
type Shape = (Vec<(String, u64, u64)>, Vec<(String, u64)>);

fn shape(path: &Path) -> Shape {
    let bytes = std::fs::read(path).expect("an image");
    let file = ElfFile32::<LittleEndian>::parse(&*bytes).expect("an ELF file");
    let is_memory = |section: &object::read::elf::ElfSection32<'_, '_, LittleEndian>| section.address() != 0 && section.size() > 0;
    let ours = |name: &str| name == ".note.hvk";
    let mut sections: Vec<(String, u64, u64)> = file.sections().filter(is_memory).map(|section| (section.name().unwrap_or_default().to_string(), section.address(), section.size())).collect();
    sections.retain(|(name, ..)| !ours(name));
    sections.sort();
    let mut symbols: Vec<(String, u64)> = file.symbols().filter(|symbol| symbol.is_global()).map(|symbol| (symbol.name().unwrap_or_default().to_string(), symbol.address())).collect();
    symbols.sort();
    (sections, symbols)
}
