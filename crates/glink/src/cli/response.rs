//! `@file`: arguments in a file, as GNU ld reads them.

use host::Files;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Files that name files: more than this many in one another are refused.
const DEEPEST: usize = 16;

/// Replaces each `@file` by the arguments in it. A file that cannot be read is an argument of that
/// name, as in GNU ld.
pub(super) fn expand(arguments: &[OsString], files: &mut dyn Files) -> Result<Vec<OsString>, String> {
    let mut expanded = Vec::with_capacity(arguments.len());
    for argument in arguments {
        expand_one(argument, files, 0, &mut expanded)?;
    }
    Ok(expanded)
}

fn expand_one(argument: &OsStr, files: &mut dyn Files, depth: usize, out: &mut Vec<OsString>) -> Result<(), String> {
    let Some(name) = argument.as_bytes().strip_prefix(b"@").filter(|name| !name.is_empty()) else {
        out.push(argument.to_os_string());
        return Ok(());
    };
    if depth == DEEPEST {
        return Err(format!("@{} is in a ring of files that name each other", String::from_utf8_lossy(name)));
    }
    match files.read(Path::new(OsStr::from_bytes(name))) {
        Ok(data) => host::split_words(&data).iter().try_for_each(|argument| expand_one(argument, files, depth + 1, out)),
        Err(_) => {
            out.push(argument.to_os_string());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::MemoryHost;

    #[test]
    fn files_are_split_and_rings_refused() {
        let mut host = MemoryHost::new().with_file("r", "-o 'a b'\n\"c\\\"d\" @s").with_file("s", "x.o").with_file("ring", "@ring");
        let expanded = expand(&["@r".into(), "@missing".into()], &mut host).unwrap();
        assert_eq!(expanded, ["-o", "a b", "c\"d", "x.o", "@missing"]);
        assert!(expand(&["@ring".into()], &mut host).is_err());
    }
}
