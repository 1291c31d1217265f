//! Against the field's own tools, end to end: they accept what we write, and we run what they write.

use hvkit_tests::{Outcome, files_below, root, run_peer, run_program};
use peers::have;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

fn run(words: &[&str]) -> Outcome {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    run_program(&words, b"").expect("a program of ours")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("scratch paths are text")
}

/// Sources of every example that is one file.
fn examples() -> Vec<PathBuf> {
    files_below(&root().join("examples"), "s").into_iter().filter(|path| path.file_name().is_some_and(|name| name == "main.s")).collect()
}

#[test]
fn readelf_and_objdump_accept_objects_and_images() {
    if !have("riscv64-unknown-elf-readelf") || !have("riscv64-unknown-elf-objdump") {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let (object, image) = (scratch.path().join("a.o"), scratch.path().join("a"));
    for source in examples() {
        assert_eq!(run(&["gasm", "-g", text(&source), "-o", text(&object)]).status, 0, "{}", source.display());
        let linked = run(&["glink", text(&object), "-lhv", "-o", text(&image)]);
        let mut files = vec![&object];
        // Examples that consist of several files are not linked here.
        if linked.status == 0 {
            files.push(&image);
        }
        for file in files {
            for (program, flags) in [("riscv64-unknown-elf-readelf", &["-a", "-W", "--debug-dump=decodedline"][..]), ("riscv64-unknown-elf-objdump", &["-d", "-l", "-r"])] {
                let mut words: Vec<&OsStr> = flags.iter().map(OsStr::new).collect();
                words.push(file.as_os_str());
                let outcome = run_peer(program, &words);
                assert_eq!(outcome.stderr, "", "{program} on {} of {}", file.display(), source.display());
                assert!(!outcome.stdout.contains("Warning") && !outcome.stdout.contains("<corrupt"), "{program}: {}", outcome.stdout);
            }
        }
    }
}

#[test]
fn gnu_ld_links_our_objects_and_library() {
    if !have("riscv64-unknown-elf-ld") {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let (object, image) = (scratch.path().join("a.o"), scratch.path().join("a"));
    assert_eq!(run(&["hvrun", "--export-lib", text(scratch.path())]).status, 0);
    for name in ["01-hello", "05-user-mode"] {
        let source = root().join("examples").join(name).join("main.s");
        assert_eq!(run(&["gasm", "-g", text(&source), "-o", text(&object)]).status, 0);
        // With ld's own layout and with ours as a script.
        let script = format!("-T{}", text(&scratch.path().join("hv.ld")));
        for layout in ["-Ttext=0x80000000", &script] {
            let flags = ["-melf32lriscv", layout, "-L", text(scratch.path()), "-o", text(&image), text(&object), "-lhv"];
            let linked = run_peer("riscv64-unknown-elf-ld", &flags.map(OsStr::new));
            assert!(!linked.stderr.contains("error") && !linked.stderr.contains("undefined"), "{}", linked.stderr);
            let (theirs, ours) = (run(&["hvrun", text(&image)]), run(&["hvrun", text(&source)]));
            assert_eq!((theirs.status, &theirs.stdout), (ours.status, &ours.stdout), "{}", theirs.stderr);
        }
    }
}

#[test]
fn a_c_program_of_several_files_through_gcc() {
    if !have("riscv64-unknown-elf-gcc") {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let folder = root().join("examples/09-c-program");
    let sources = files_below(&folder, "c");
    assert!(sources.len() >= 3, "the program has several files");
    let abi = ["-march=rv32imac", "-mabi=ilp32"];
    let include = format!("-I{}", text(&root().join("guest-lib")));
    let libgcc = run_peer("riscv64-unknown-elf-gcc", &[abi[0], abi[1], "-print-libgcc-file-name"].map(OsStr::new)).stdout;
    for level in ["-O0", "-O2", "-Os"] {
        let mut objects = Vec::new();
        for source in &sources {
            let stem = source.file_stem().unwrap().to_string_lossy();
            let (assembly, object) = (scratch.path().join(format!("{stem}.s")), scratch.path().join(format!("{stem}.o")));
            let flags = [abi[0], abi[1], level, "-g", "-ffreestanding", &include, "-S", text(source), "-o", text(&assembly)];
            let _ = run_peer("riscv64-unknown-elf-gcc", &flags.map(OsStr::new));
            let assembled = run(&["gasm", text(&assembly), "-o", text(&object)]);
            assert_eq!(assembled.status, 0, "{}", assembled.stderr);
            objects.push(object);
        }
        let image = scratch.path().join("program");
        let mut words = vec!["glink", "-o", text(&image)];
        words.extend(objects.iter().map(|object| text(object)));
        words.extend(["-lhv", libgcc.trim(), "-lhv"]);
        let linked = run(&words);
        assert_eq!(linked.status, 0, "{}", linked.stderr);
        let outcome = run(&["hvrun", text(&image)]);
        let expected = fs::read_to_string(folder.join("expected.txt")).expect("the example says what it prints");
        assert_eq!((outcome.status, outcome.stdout), (0, expected), "{level}: {}", outcome.stderr);
    }
}

/// Examples that QEMU's one guest of 128 MiB without hvrun's own options cannot show the same way.
const NOT_ON_QEMU: &[(&str, &str)] = &[
    ("04-two-guests", "QEMU has one guest"),
    ("15-exit-halt", "QEMU waits for ever"),
    ("19-exit-crash", "QEMU does not notice a crash"),
    ("20-classic", "QEMU has no 16 KiB machine"),
    ("22-virtio-disk", "it needs a disk: a test of its own"),
    ("23-configuration", "QEMU has one guest"),
];

/// The same image, linked at the start of RAM, prints the same on QEMU under the shim of `tests/qemu-shim`.
#[test]
fn qemu_prints_the_same() {
    for peer in ["qemu-system-riscv32", "riscv64-unknown-elf-as", "riscv64-unknown-elf-ld", "riscv64-unknown-elf-objcopy", "riscv64-unknown-elf-readelf"] {
        if !have(peer) {
            return;
        }
    }
    let scratch = tempfile::tempdir().unwrap();
    let (object, image, input) = (scratch.path().join("a.o"), scratch.path().join("a"), scratch.path().join("input"));
    let cases = ["guest-lib", "supervisor"].into_iter().flat_map(|folder| files_below(&root().join("tests/cases").join(folder), "s"));
    let mut compared = 0;
    for source in examples().into_iter().chain(cases) {
        if NOT_ON_QEMU.iter().any(|(name, _)| source.parent().is_some_and(|folder| folder.ends_with(name))) {
            continue;
        }
        assert_eq!(run(&["gasm", text(&source), "-o", text(&object)]).status, 0, "{}", source.display());
        assert_eq!(run(&["glink", text(&object), "-lhv", "-o", text(&image)]).status, 0, "{}", source.display());
        let orders = fs::read_to_string(&source).unwrap();
        let stdin = orders.lines().find_map(|line| line.strip_prefix("# STDIN:")).unwrap_or("").trim().replace("\\n", "\n");
        let ours = run_program(&["hvrun".into(), text(&image).into()], stdin.as_bytes()).unwrap();
        // A serial line has no end; the shim takes Ctrl-D for it. A guest that reads the UART itself would see that.
        let reads_uart = source.parent().is_some_and(|folder| folder.ends_with("21-console-interrupt"));
        fs::write(&input, if reads_uart { stdin } else { stdin + "\u{4}" }).unwrap();
        let qemu = std::process::Command::new(root().join("tests/qemu-shim/run.sh")).arg(&image).stdin(fs::File::open(&input).unwrap()).output().unwrap();
        let theirs = String::from_utf8_lossy(&qemu.stdout);
        assert_eq!((Some(i32::from(ours.status)), &*ours.stdout), (qemu.status.code(), &*theirs), "{}\n{}{}", source.display(), ours.stderr, String::from_utf8_lossy(&qemu.stderr));
        compared += 1;
    }
    assert!(compared >= 10, "only {compared} programs were compared");
}

/// The driver of the disk example on QEMU's own disk, by both transports, and on ours.
#[test]
fn a_disk_driver_does_the_same_on_qemu() {
    for peer in ["qemu-system-riscv32", "riscv64-unknown-elf-as", "riscv64-unknown-elf-ld", "riscv64-unknown-elf-objcopy", "riscv64-unknown-elf-readelf"] {
        if !have(peer) {
            return;
        }
    }
    let scratch = tempfile::tempdir().unwrap();
    let source = root().join("examples/22-virtio-disk/main.s");
    let (object, image, disk) = (scratch.path().join("a.o"), scratch.path().join("a"), scratch.path().join("disk"));
    assert_eq!(run(&["gasm", text(&source), "-o", text(&object)]).status, 0);
    assert_eq!(run(&["glink", text(&object), "-lhv", "-o", text(&image)]).status, 0);
    let contents = fs::read(&source).unwrap();
    for (legacy, ours) in [("true", ",legacy"), ("false", "")] {
        let mut disks = Vec::new();
        fs::write(&disk, &contents).unwrap();
        let outcome = run(&["hvrun", "--disk", &format!("{}{ours}", text(&disk)), text(&image)]);
        disks.push(fs::read(&disk).unwrap());
        fs::write(&disk, &contents).unwrap();
        let qemu = std::process::Command::new(root().join("tests/qemu-shim/run.sh"))
            .arg(&image)
            .args(["-global", &format!("virtio-mmio.force-legacy={legacy}"), "-drive", &format!("file={},if=none,format=raw,id=d", text(&disk))])
            .args(["-device", "virtio-blk-device,drive=d,bus=virtio-mmio-bus.0"])
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        disks.push(fs::read(&disk).unwrap());
        let theirs = String::from_utf8_lossy(&qemu.stdout);
        assert_eq!((Some(i32::from(outcome.status)), &*outcome.stdout), (qemu.status.code(), &*theirs), "{}{}", outcome.stderr, String::from_utf8_lossy(&qemu.stderr));
        let whole = |disk: &Vec<u8>| disk[..contents.len()].to_vec();
        assert_eq!(whole(&disks[0]), whole(&disks[1]), "what was written");
        assert_ne!(whole(&disks[0]), contents);
    }
}

/// The properties of a devicetree's source as dtc writes it, by path: `/soc/serial@10000000/reg` is `<0x00 0x10000000 0x00 0x100>`.
fn properties(source: &str) -> std::collections::BTreeMap<String, String> {
    let mut found = std::collections::BTreeMap::new();
    let mut path: Vec<&str> = Vec::new();
    for line in source.lines().map(str::trim) {
        let place = |name: &str| format!("{}/{name}", path.join("/"));
        if let Some(name) = line.strip_suffix(" {") {
            path.push(name.trim_matches('/'));
        } else if line == "};" {
            path.pop();
        } else if let Some((name, value)) = line.split_once(" = ") {
            found.insert(place(name), value.trim_end_matches(';').to_string());
        } else if let Some(name) = line.strip_suffix(';') {
            found.insert(place(name), String::new());
        }
    }
    found
}

/// dtc takes the devicetree without a warning, makes the same of it again, and it says what the guest was given.
#[test]
fn dtc_accepts_the_devicetree_of_every_configuration() {
    if !have("dtc") {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let file = |name: &str| scratch.path().join(name);
    let (tree, source, disk, initrd) = (file("tree.dtb"), file("tree.dts"), file("disk"), file("initrd"));
    fs::write(&disk, [0; 4096]).unwrap();
    fs::write(&initrd, [1; 5000]).unwrap();
    let disk_overlay = format!("{},overlay", text(&disk));
    let guest = root().join("examples/01-hello/main.s");
    // Arguments, then what must be there and, with `None`, what must not.
    type Facts<'a> = Vec<(&'a str, Option<&'a str>)>;
    let always: Facts<'_> = vec![
        ("/cpus/timebase-frequency", Some("<0x989680>")),
        ("/cpus/cpu@0/mmu-type", Some("\"riscv,sv32\"")),
        ("/soc/plic@c000000/riscv,ndev", Some("<0x5f>")),
        ("/soc/plic@c000000/interrupts-extended", Some("<0x01 0x0b 0x01 0x09>")),
        ("/soc/serial@10000000/interrupts", Some("<0x0a>")),
        ("/soc/rtc@101000/interrupts", Some("<0x0b>")),
        ("/soc/test@100000/reg", Some("<0x00 0x100000 0x00 0x1000>")),
        ("/poweroff/value", Some("<0x5555>")),
        ("/chosen/stdout-path", Some("\"/soc/serial@10000000\"")),
    ];
    let configurations: [(&[&str], Facts<'_>); 4] = [
        (&[], vec![
            ("/memory@80000000/reg", Some("<0x00 0x80000000 0x00 0x8000000>")),
            ("/cpus/cpu@0/riscv,isa", Some("\"rv32imac_zicsr_zifencei_zmmul_zicntr_zba_zbb_zbs_sstc_svadu\"")),
            ("/chosen/bootargs", None),
            ("/chosen/linux,initrd-start", None),
            ("/soc/virtio_mmio@10001000/reg", None),
        ]),
        (&["--machine", "classic"], vec![("/memory@80000000/reg", Some("<0x00 0x80000000 0x00 0x4000>"))]),
        (&["--mem", "16M", "--append", "console=ttyS0 rw", "--disk", &disk_overlay, "--device", "entropy", "--initrd", text(&initrd), "--isa=-sstc,-c"], vec![
            ("/memory@80000000/reg", Some("<0x00 0x80000000 0x00 0x1000000>")),
            ("/chosen/bootargs", Some("\"console=ttyS0 rw\"")),
            // Page-aligned, of 5000 bytes, below the tree at the end of RAM.
            ("/chosen/linux,initrd-start", Some("<0x00 0x80ffd000>")),
            ("/chosen/linux,initrd-end", Some("<0x00 0x80ffe388>")),
            ("/cpus/cpu@0/riscv,isa", Some("\"rv32ima_zicsr_zifencei_zmmul_zicntr_zba_zbb_zbs_svadu\"")),
            ("/soc/virtio_mmio@10001000/interrupts", Some("<0x01>")),
            ("/soc/virtio_mmio@10002000/interrupts", Some("<0x02>")),
            ("/soc/virtio_mmio@10003000/interrupts", None),
        ]),
        (&["--mem", "1G", "--device", "balloon", "--device", "console,legacy", "--device", "entropy", "--device", "entropy", "--device", "entropy", "--device", "entropy", "--device", "entropy", "--device", "entropy"], vec![
            ("/memory@80000000/reg", Some("<0x00 0x80000000 0x00 0x40000000>")),
            ("/soc/virtio_mmio@10008000/reg", Some("<0x00 0x10008000 0x00 0x1000>")),
            ("/soc/virtio_mmio@10008000/interrupts", Some("<0x08>")),
        ]),
    ];
    for (arguments, facts) in configurations {
        let words: Vec<&str> = ["hvrun", "--dump-dtb", text(&tree)].into_iter().chain(arguments.iter().copied()).chain([text(&guest)]).collect();
        let dumped = run(&words);
        assert_eq!(dumped.status, 0, "{}", dumped.stderr);
        let to_source = |input: &Path| run_peer("dtc", &["-I", "dtb", "-O", "dts", text(input)].map(OsStr::new));
        let written = to_source(&tree);
        assert_eq!(written.stderr, "", "dtc on the tree of {arguments:?}");
        fs::write(&source, &written.stdout).unwrap();
        let again = file("again.dtb");
        // The source has numbers where its writer would have labels.
        let compiled = run_peer("dtc", &["-W", "no-interrupts_extended_property", "-I", "dts", "-O", "dtb", "-o", text(&again), text(&source)].map(OsStr::new));
        assert_eq!(compiled.stderr, "");
        assert_eq!(to_source(&again).stdout, written.stdout, "the same again");
        let properties = properties(&written.stdout);
        for (path, value) in always.iter().chain(&facts) {
            assert_eq!(properties.get(*path).map(String::as_str), *value, "{path} of {arguments:?}");
        }
    }
}
