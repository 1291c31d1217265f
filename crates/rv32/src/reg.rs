//! The 32 integer registers and their names.

use std::fmt;

/// An integer register, `x0` to `x31`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Reg(u8);

/// ABI names by number (RISC-V psABI, "Integer Register Convention"). `fp` is a second name of `s0`.
const ABI_NAMES: [&str; 32] = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4",
    "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4",
    "t5", "t6",
];

macro_rules! register_constants {
    ($($constant:ident = $number:literal),* $(,)?) => {
        impl Reg {
            $(
                #[doc = concat!("Register x", stringify!($number), ".")]
                pub const $constant: Reg = Reg($number);
            )*
        }
    };
}
register_constants! {
    ZERO = 0, RA = 1, SP = 2, GP = 3, TP = 4, T0 = 5, T1 = 6, T2 = 7, S0 = 8, S1 = 9,
    A0 = 10, A1 = 11, A2 = 12, A3 = 13, A4 = 14, A5 = 15, A6 = 16, A7 = 17,
    S2 = 18, S3 = 19, S4 = 20, S5 = 21, S6 = 22, S7 = 23, S8 = 24, S9 = 25, S10 = 26, S11 = 27,
    T3 = 28, T4 = 29, T5 = 30, T6 = 31,
}

impl Reg {
    /// The register of a number, if that is below 32.
    pub const fn new(number: u8) -> Option<Reg> {
        if number < 32 { Some(Reg(number)) } else { None }
    }

    /// The number, 0 to 31.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The ABI name: `zero`, `ra`, `sp`, …
    pub const fn abi_name(self) -> &'static str {
        ABI_NAMES[self.0 as usize]
    }

    /// All registers, in order.
    pub fn all() -> impl Iterator<Item = Reg> {
        (0..32).map(Reg)
    }

    /// The register of a name as GNU as takes it: `x0` to `x31`, an ABI name or `fp`, in lower case.
    pub fn parse(name: impl AsRef<[u8]>) -> Option<Reg> {
        match name.as_ref() {
            [b'x', d @ b'0'..=b'9'] => Some(Reg(d - b'0')),
            [b'x', t @ b'1'..=b'3', d @ b'0'..=b'9'] => Reg::new((t - b'0') * 10 + (d - b'0')),
            // s0–s11, a0–a7, t0–t6 by arithmetic: this is the assembler's hottest name lookup
            [b's', d @ b'0'..=b'1'] => Some(Reg(8 + (d - b'0'))),
            [b's', d @ b'2'..=b'9'] => Some(Reg(16 + (d - b'0'))),
            [b's', b'1', d @ b'0'..=b'1'] => Some(Reg(26 + (d - b'0'))),
            [b'a', d @ b'0'..=b'7'] => Some(Reg(10 + (d - b'0'))),
            [b't', d @ b'0'..=b'2'] => Some(Reg(5 + (d - b'0'))),
            [b't', d @ b'3'..=b'6'] => Some(Reg(25 + (d - b'0'))),
            b"zero" => Some(Reg::ZERO),
            b"ra" => Some(Reg::RA),
            b"sp" => Some(Reg::SP),
            b"gp" => Some(Reg::GP),
            b"tp" => Some(Reg::TP),
            b"fp" => Some(Reg::S0),
            _ => None,
        }
    }

    /// Whether the three-bit register fields of most compressed instructions can name it: `x8` to `x15`.
    pub const fn is_compressible(self) -> bool {
        self.0 >= 8 && self.0 < 16
    }
}

impl fmt::Display for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.abi_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_parsed_to_its_number() {
        for reg in Reg::all() {
            assert_eq!(Reg::parse(reg.abi_name()), Some(reg));
            assert_eq!(Reg::parse(format!("x{}", reg.number())), Some(reg));
        }
        assert_eq!(Reg::parse("fp"), Some(Reg::S0));
        for wrong in [
            "", "x", "x32", "x99", "x01", "X1", "s12", "a8", "t7", "s1x", "A0", "f0", "pc", "x-1",
        ] {
            assert_eq!(Reg::parse(wrong), None, "{wrong}");
        }
    }
}
