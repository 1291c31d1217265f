//! Response files: more of a command line, in a file.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// The words of a response file (`@FILE` on a command line). Blanks separate; quotes of both kinds group; a
/// backslash takes the next byte as it is.
#[must_use]
pub fn split_words(bytes: &[u8]) -> Vec<OsString> {
    let mut arguments = Vec::new();
    let mut current: Option<Vec<u8>> = None;
    let mut quote: Option<u8> = None;
    let mut bytes = bytes.iter().copied();
    while let Some(byte) = bytes.next() {
        match (byte, quote) {
            (b'\\', _) => current.get_or_insert_default().extend(bytes.next()),
            (b'"' | b'\'', None) => {
                quote = Some(byte);
                current.get_or_insert_default();
            }
            (_, Some(open)) if byte == open => quote = None,
            (_, None) if byte.is_ascii_whitespace() => arguments.extend(current.take()),
            _ => current.get_or_insert_default().push(byte),
        }
    }
    arguments.extend(current);
    arguments.into_iter().map(OsString::from_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::split_words;

    #[test]
    fn quotes_group_and_backslashes_keep() {
        let words = split_words(b" -o 'a b.o'\t\"c d\"e \\'f \n'' \xff");
        let shown: Vec<Vec<u8>> = words.into_iter().map(std::os::unix::ffi::OsStringExt::into_vec).collect();
        assert_eq!(shown, [&b"-o"[..], b"a b.o", b"c de", b"'f", b"", b"\xff"]);
    }
}
