//! The table of control and status registers, with the names that binutils 2.40 knows.

/// One row: a name of a CSR.
#[derive(Debug)]
pub struct CsrRow {
    /// In lower case.
    pub name: &'static str,
    /// 0 to 4095.
    pub number: u16,
    /// What it holds.
    pub summary: &'static str,
}
/// The table, by number; where several names have one number, the first is the one to print.
pub static ALL: &[CsrRow] = &[];

/// The row of a name.
pub fn by_name(name: &[u8]) -> Option<&'static CsrRow> {
    ALL.iter().find(|row| row.name.as_bytes() == name)
}

/// The row of a number.
pub fn by_number(number: u16) -> Option<&'static CsrRow> {
    ALL.iter().find(|row| row.number == number)
}
