//! Names are bytes; they become text only for messages.

use std::borrow::Cow;

/// Bytes as text for a message.
#[must_use]
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The string that begins at an offset of a string table and ends before a NUL.
#[must_use]
pub fn string_at(table: &[u8], offset: u32) -> Option<&[u8]> {
    let rest = table.get(offset as usize..)?;
    rest.iter().position(|&b| b == 0).map(|end| &rest[..end])
}
