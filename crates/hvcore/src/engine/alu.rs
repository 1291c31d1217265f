//! Arithmetic whose results need more than one operator: division, high products, bit manipulation.

/// `div`: by zero gives -1, overflow the dividend (unprivileged specification, §13.2).
pub(super) fn div(a: u32, b: u32) -> u32 {
    if b == 0 { u32::MAX } else { (a as i32).wrapping_div(b as i32) as u32 }
}

/// `divu`: by zero gives all ones.
pub(super) fn divu(a: u32, b: u32) -> u32 {
    a.checked_div(b).unwrap_or(u32::MAX)
}

/// `rem`: by zero gives the dividend, overflow 0.
pub(super) fn rem(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { (a as i32).wrapping_rem(b as i32) as u32 }
}

/// `remu`: by zero gives the dividend.
pub(super) fn remu(a: u32, b: u32) -> u32 {
    a.checked_rem(b).unwrap_or(a)
}

/// `mulh`: high half of signed × signed.
pub(super) fn mulh(a: u32, b: u32) -> u32 {
    ((i64::from(a as i32) * i64::from(b as i32)) >> 32) as u32
}

/// `mulhsu`: high half of signed × unsigned.
pub(super) fn mulhsu(a: u32, b: u32) -> u32 {
    ((i64::from(a as i32) * i64::from(b)) >> 32) as u32
}

/// `mulhu`: high half of unsigned × unsigned.
pub(super) fn mulhu(a: u32, b: u32) -> u32 {
    ((u64::from(a) * u64::from(b)) >> 32) as u32
}

/// `orc.b`: 0xff in each byte that is not 0.
pub(super) fn orc_b(a: u32) -> u32 {
    u32::from_le_bytes(a.to_le_bytes().map(|byte| if byte == 0 { 0 } else { 0xff }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_has_no_traps() {
        let min = 0x8000_0000;
        assert_eq!((div(7, 0), rem(7, 0), divu(7, 0), remu(7, 0)), (u32::MAX, 7, u32::MAX, 7));
        assert_eq!((div(min, u32::MAX), rem(min, u32::MAX)), (min, 0));
        assert_eq!((div(-7i32 as u32, 2), rem(-7i32 as u32, 2)), (-3i32 as u32, -1i32 as u32));
    }

    #[test]
    fn high_products() {
        assert_eq!((mulh(u32::MAX, u32::MAX), mulhsu(u32::MAX, u32::MAX), mulhu(u32::MAX, u32::MAX)), (0, u32::MAX, 0xffff_fffe));
        assert_eq!(orc_b(0x0100_8000), 0xff00_ff00);
    }
}
