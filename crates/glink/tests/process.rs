//! glink as a process: bundles for reports of faults, and output that cannot be written.
#![cfg(feature = "program")]

mod common;

use common::{Folder, run};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const GLINK: &str = env!("CARGO_BIN_EXE_glink");

impl Folder {
    /// Runs a line of the shell in which `$L` is glink; the folder is the current one.
    fn shell(&self, line: &str) -> Output {
        Command::new("sh").arg("-c").arg(line).env("L", GLINK).current_dir(self.0.path()).output().expect("sh runs")
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const MAIN: &str = ".globl _start\n_start: la a0, number\n lw a0, (a0)\n tail helper\n .data\nnumber: .word 7\n";

/// A link with an object, a library found along folders, a script that includes another and a file of arguments: its
/// bundle, unpacked elsewhere and run by its response file, gives the same image.
#[test]
fn a_bundle_gives_the_same_image_elsewhere() {
    let Some(folder) = Folder::new() else { return };
    folder.object("main", MAIN);
    folder.object("helper", ".globl helper\nhelper: ret\n");
    folder.object("unused", ".globl unused\nunused: ret\n");
    fs::create_dir(folder.path("lib")).expect("made");
    run(Command::new("riscv64-unknown-elf-ar").arg("rcs").arg(folder.path("lib/libhelp.a")).arg(folder.path("helper.o")).arg(folder.path("unused.o")));
    folder.write("scripts/regions.ld", "MEMORY { ram (rwx) : ORIGIN = 0x80000000, LENGTH = 64K }\n");
    folder.write("scripts/outer.ld", "INCLUDE scripts/regions.ld\nENTRY(_start)\nSECTIONS { .text : { *(.text*) } > ram .data : { *(.data*) *(.sdata*) *(.got*) } > ram }\n");
    folder.write("args", "-Llib \"-lhelp\"\n");
    let link = |bundle: &str| {
        let output = folder.shell(&format!("\"$L\" -Tscripts/outer.ld --defsym=x=5 main.o @args -o image -Map=image.map --reproduce={bundle}"));
        assert!(output.status.success(), "{}", complaint(&output));
        (folder.read(bundle), folder.read("image"), folder.read("image.map"))
    };
    let first = link("bundle.tar");
    assert!(link("again.tar") == first, "two runs give two bundles, images or maps");
    let elsewhere = Folder::new().expect("as before");
    run(Command::new("tar").arg("-xf").arg(folder.path("bundle.tar")).arg("-C").arg(elsewhere.0.path()));
    for (name, original) in [("main.o", "main.o"), ("lib/libhelp.a", "lib/libhelp.a"), ("scripts/regions.ld", "scripts/regions.ld"), ("scripts/outer.ld", "scripts/outer.ld")] {
        assert!(elsewhere.read(&format!("reproduce/{name}")) == folder.read(original), "{name}");
    }
    let again = elsewhere.shell("cd reproduce && \"$L\" @response.txt");
    let response = String::from_utf8_lossy(&elsewhere.read("reproduce/response.txt")).into_owned();
    assert!(again.status.success(), "{}\n{response}", complaint(&again));
    assert!(elsewhere.read("reproduce/image") == first.1 && elsewhere.read("reproduce/image.map") == first.2, "{response}");
    // A link that fails is what bundles are for.
    let failing = folder.shell("\"$L\" main.o -o nothing --reproduce=failing.tar");
    assert_eq!(failing.status.code(), Some(1), "{}", complaint(&failing));
    run(Command::new("tar").arg("-xf").arg(folder.path("failing.tar")).arg("-C").arg(elsewhere.0.path()));
    let again = elsewhere.shell("cd reproduce && \"$L\" @response.txt");
    assert_eq!((again.status.code(), complaint(&again)), (Some(1), complaint(&failing)));
}

/// A full disk, a file that may not grow (what a full disk does in the middle of a file), folders that take no files,
/// and an old file that must not be touched: an error with a reason each time, the old image stays whole, and nothing
/// half-written stays behind.
#[test]
fn output_that_cannot_be_written_is_an_error_and_the_old_file_stays() {
    let Some(folder) = Folder::new() else { return };
    folder.object("main", MAIN);
    folder.object("helper", &format!(".globl helper\nhelper: ret\n .data\n .rept 40000\n .word {}\n .endr\n", 0x0123_4567));
    let link = |words: &str| folder.shell(&format!("\"$L\" main.o helper.o {words}"));
    assert!(link("-o image -Map=map").status.success());
    let (image, map, names) = (folder.read("image"), folder.read("map"), folder.names());
    assert!(image.len() > 150_000, "too small to be cut in the middle");
    let refused = |line: &str, parts: &[&str]| {
        let output = folder.shell(line);
        let text = complaint(&output);
        assert_eq!(output.status.code(), Some(1), "{line}: {text}");
        assert!(text.contains("error[E0519]") && parts.iter().all(|part| text.contains(part)), "{line}: {text}");
        assert!(folder.read("image") == image && folder.read("map") == map, "{line}: the old file is not whole");
        assert_eq!(folder.names(), names, "{line}: something stays behind");
    };
    refused("\"$L\" main.o helper.o -o /dev/full", &["/dev/full", "space"]);
    refused("\"$L\" main.o helper.o -o image --oformat=ihex -Map=/dev/full -e 5 -o /dev/null", &["/dev/full"]);
    refused("\"$L\" main.o helper.o --reproduce=/dev/full -o /dev/null", &["/dev/full"]);
    // Not even root may make files there.
    refused("\"$L\" main.o helper.o -o /proc/image", &["/proc/image"]);
    refused("\"$L\" main.o helper.o -o no/such/folder/image", &["no/such/folder/image"]);
    refused("\"$L\" main.o helper.o -o .", &["cannot write"]);
    refused("\"$L\" main.o helper.o -o main.o/image", &["main.o/image"]);
    // 16 blocks of 512 bytes or of a kibibyte: less than the image either way.
    refused("trap '' XFSZ; ulimit -f 16; \"$L\" main.o helper.o -o image", &["image"]);
    // A file that its owner has protected is not replaced.
    let protect = |on: bool| {
        let mut rights = fs::metadata(folder.path("image")).expect("there").permissions();
        rights.set_readonly(on);
        fs::set_permissions(folder.path("image"), rights).expect("its owner");
    };
    protect(true);
    refused("\"$L\" main.o helper.o -o image", &["image"]);
    protect(false);
    assert!(Path::new(&folder.path("image")).is_file() && link("-o image -Map=map").status.success());
}
