//! Archives (`ar`), GNU and thin: members and the symbol table. Nothing in the file is trusted.

use crate::strings::text;

/// Begins an archive.
pub const MAGIC: &[u8; 8] = b"!<arch>\n";
/// Begins a thin archive, whose members are files of their own.
pub const THIN_MAGIC: &[u8; 8] = b"!<thin>\n";

const HEADER: usize = 60;

/// A member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its file name; in a thin archive its path, relative to the archive's folder.
    pub name: &'a [u8],
    /// Its contents; empty in a thin archive.
    pub data: &'a [u8],
    /// Where its header begins: the symbol table refers to it by this.
    pub offset: usize,
}

/// An archive that was read.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Archive<'a> {
    /// Whether members are files of their own.
    pub thin: bool,
    /// Members in order, without the symbol table and the table of long names.
    pub members: Vec<Member<'a>>,
    /// The symbol table: a name and the index of the member that defines it.
    pub symbols: Vec<(&'a [u8], usize)>,
    /// Whether there is a symbol table; an archive made without `ranlib` has none.
    pub has_index: bool,
}

/// The first member's contents, if it has any here; of a damaged archive none.
#[must_use]
pub fn first_member(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = MAGIC.len();
    loop {
        let header = bytes.get(at..at + HEADER).filter(|_| bytes.starts_with(MAGIC))?;
        let data = bytes.get(at + HEADER..)?.get(..decimal(&header[48..58])?)?;
        if !is_special(header[..16].trim_ascii_end()) {
            return Some(data);
        }
        at += HEADER + data.len().next_multiple_of(2);
    }
}

/// Whether a member of this name is a table, not a file.
fn is_special(name: &[u8]) -> bool {
    matches!(name, b"/" | b"//" | b"/SYM64/") || name.starts_with(b"__.SYMDEF")
}

/// Reads an archive; the error says what is wrong and where, without the archive's name.
pub fn parse(bytes: &[u8]) -> Result<Archive<'_>, String> {
    let thin = bytes.starts_with(THIN_MAGIC);
    if !thin && !bytes.starts_with(MAGIC) {
        return Err("it is not an archive".into());
    }
    let mut archive = Archive { thin, ..Archive::default() };
    let mut long_names: &[u8] = &[];
    let mut index: Option<&[u8]> = None;
    let mut at = MAGIC.len();
    while at < bytes.len() {
        let header = bytes.get(at..at + HEADER).ok_or_else(|| format!("the member header at {at:#x} is cut short"))?;
        if &header[58..60] != b"`\n" {
            return Err(format!("there is no member header at {at:#x}"));
        }
        let raw_name = header[..16].trim_ascii_end();
        let size = decimal(&header[48..58]).ok_or_else(|| format!("the member at {at:#x} has no readable size"))?;
        let special = is_special(raw_name);
        let start = at + HEADER;
        let stored = if thin && !special { 0 } else { size };
        let data = start.checked_add(stored).and_then(|end| bytes.get(start..end)).ok_or_else(|| {
            format!("the member at {at:#x} says that it has {size} bytes; the file has {} more", bytes.len().saturating_sub(start))
        })?;
        match raw_name {
            b"/" => index = Some(data),
            b"//" => long_names = data,
            b"/SYM64/" => return Err("its symbol table is 64-bit".into()),
            _ if special => return Err("its symbol table is in BSD format; make the archive with GNU or LLVM ar".into()),
            _ => archive.members.push(Member { name: member_name(raw_name, long_names, at)?, data, offset: at }),
        }
        at = start + stored + (stored & 1);
    }
    if let Some(index) = index {
        archive.has_index = true;
        archive.symbols = read_index(index, &archive.members)?;
    }
    Ok(archive)
}

fn decimal(field: &[u8]) -> Option<usize> {
    text(field).trim().parse().ok()
}

/// `name/`, or `/123`: an offset into the table of long names, where a name ends with `/` and newline.
fn member_name<'a>(raw: &'a [u8], long_names: &'a [u8], at: usize) -> Result<&'a [u8], String> {
    let Some(offset) = raw.strip_prefix(b"/") else {
        return Ok(raw.strip_suffix(b"/").unwrap_or(raw));
    };
    let name = decimal(offset).and_then(|offset| long_names.get(offset..)).ok_or_else(|| format!("the member at {at:#x} has a name outside the table of names"))?;
    let end = name.iter().position(|&b| b == b'\n').unwrap_or(name.len());
    let name = &name[..end];
    Ok(name.strip_suffix(b"/").unwrap_or(name))
}

/// A big-endian count, as many offsets of member headers, as many names that end with NUL.
fn read_index<'a>(index: &'a [u8], members: &[Member<'_>]) -> Result<Vec<(&'a [u8], usize)>, String> {
    let broken = || "its symbol table is cut short".to_string();
    let (count, rest) = index.split_first_chunk::<4>().ok_or_else(broken)?;
    let count = u32::from_be_bytes(*count) as usize;
    let (offsets, mut names) = count.checked_mul(4).and_then(|size| rest.split_at_checked(size)).ok_or_else(broken)?;
    let mut symbols = Vec::with_capacity(count);
    for offset in offsets.as_chunks::<4>().0 {
        let end = names.iter().position(|&b| b == 0).ok_or_else(broken)?;
        let offset = u32::from_be_bytes(*offset) as usize;
        let member = members
            .binary_search_by_key(&offset, |member| member.offset)
            .map_err(|_| format!("its symbol table says that `{}` is in a member at {offset:#x}, where none begins", text(&names[..end])))?;
        symbols.push((&names[..end], member));
        names = &names[end + 1..];
    }
    Ok(symbols)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 644, data.len()).into_bytes();
        bytes.extend(data);
        if data.len() % 2 == 1 {
            bytes.push(b'\n');
        }
        bytes
    }

    #[test]
    fn members_long_names_and_index() {
        let names = b"a_name_longer_than_sixteen.o/\n";
        let prefix = MAGIC.len() + HEADER + 16 + HEADER + names.len();
        let mut index = 2u32.to_be_bytes().to_vec();
        index.extend((prefix as u32).to_be_bytes());
        index.extend(((prefix + HEADER + 4) as u32).to_be_bytes());
        index.extend(b"f\0g\0");
        let bytes = [MAGIC.to_vec(), member("/", &index), member("//", names), member("/0", b"one"), member("b.o/", b"four")].concat();
        let archive = parse(&bytes).unwrap();
        assert_eq!(archive.symbols, [(&b"f"[..], 0), (&b"g"[..], 1)]);
        assert_eq!(archive.members[0].name, b"a_name_longer_than_sixteen.o");
        assert_eq!(archive.members[1].data, b"four");
        for end in 0..bytes.len() {
            // A cut archive is refused, or is a shorter one; never a panic.
            let _ = parse(&bytes[..end]);
        }
        assert!(parse(&bytes[..bytes.len() - 1]).unwrap_err().contains("says that it has 4 bytes"));
    }
}
