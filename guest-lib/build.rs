//! Assembles every `*.s` of the library and packs the objects into `libhv.a`, reproducibly.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    println!("cargo::rerun-if-changed={}", folder.display());

    let mut sources: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the library's folder can be read")
        .map(|entry| entry.expect("the library's folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "s") && path.file_name().is_some_and(|name| name != "abi.s"))
        .collect();
    sources.sort();

    let members: Vec<_> = sources.iter().map(|path| member(path)).collect();
    let mut archive = std::io::Cursor::new(Vec::new());
    ar_archive_writer::write_archive_to_stream(&mut archive, &members, ar_archive_writer::ArchiveKind::Gnu, false, None)
        .expect("the archive can be written to memory");
    fs::write(out.join("libhv.a"), archive.into_inner()).expect("libhv.a can be written");
}

fn member(path: &Path) -> ar_archive_writer::NewArchiveMember<'static> {
    let name = path.file_stem().expect("a source has a name").to_string_lossy().into_owned();
    let text = fs::read(path).expect("a source of the library can be read");
    let mut sources = diag::Sources::new();
    let file = sources.add(format!("guest-lib/{name}.s"), text);
    let options = gasm::Options { builtin_includes: vec![("abi.s", || guest_abi::abi_s().into_bytes())], ..gasm::Options::default() };
    let assembly = gasm::assemble(&mut sources, file, &options, &mut host::OsHost::new());
    assert!(assembly.diagnostics.is_empty(), "{}", diag::render_text(&sources, &assembly.diagnostics, false));
    let object = assembly.object.expect("no diagnostics, so there is an object");
    ar_archive_writer::NewArchiveMember::new(object, &ar_archive_writer::DEFAULT_OBJECT_READER, format!("{name}.o"))
}
