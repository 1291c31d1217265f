//! The table of relocations (RISC-V psABI, "Relocations"), with the names that readelf prints.

use crate::format;

/// The field that a relocation patches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Field {
    /// None: a marker.
    None,
    /// A byte.
    Word8,
    /// A halfword.
    Word16,
    /// A word.
    Word32,
    /// A doubleword.
    Word64,
    /// The low 6 bits of a byte.
    Low6,
    /// A ULEB128 number, whose length in bytes is kept.
    Uleb128,
    /// Immediate of an I-type instruction.
    I,
    /// Immediate of an S-type instruction.
    S,
    /// Offset of a B-type instruction.
    B,
    /// Upper 20 bits of a U-type instruction; the value is the whole number, its low part is added by another.
    U,
    /// Offset of a J-type instruction.
    J,
    /// `auipc` and `jalr`, 8 bytes.
    Call,
    /// Offset of a CB-type instruction.
    CB,
    /// Offset of a CJ-type instruction.
    CJ,
    /// Immediate of `c.lui`; the value is the whole number.
    CLui,
}

/// `c.li`, without its operands.
const C_LI: u16 = 0x4001;

/// What [`Field::patch`] refuses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldError {
    /// The field reaches past the end of the bytes.
    Truncated,
    /// The value is not in the field's range.
    Range,
    /// The value is not a multiple of 2.
    Odd,
}

impl Field {
    /// The bytes that it needs; of a ULEB128 number, at least.
    pub const fn size(self) -> usize {
        match self {
            Field::None => 0,
            Field::Word8 | Field::Low6 | Field::Uleb128 => 1,
            Field::Word16 | Field::CB | Field::CJ | Field::CLui => 2,
            Field::Word32 | Field::I | Field::S | Field::B | Field::U | Field::J => 4,
            Field::Word64 | Field::Call => 8,
        }
    }

    /// The bits that it patches, of the little-endian number of [`size`](Field::size) bytes.
    pub const fn mask(self) -> u64 {
        match self {
            Field::None => 0,
            Field::Word8 => 0xff,
            Field::Low6 => 0x3f,
            Field::Uleb128 => 0x7f,
            Field::Word16 => 0xffff,
            Field::Word32 => 0xffff_ffff,
            Field::Word64 => u64::MAX,
            Field::I => format::MASK_I as u64,
            Field::S => format::MASK_S as u64,
            Field::B => format::MASK_B as u64,
            Field::U => format::MASK_U as u64,
            Field::J => format::MASK_J as u64,
            Field::Call => format::MASK_U as u64 | (format::MASK_I as u64) << 32,
            Field::CB => format::MASK_CB as u64,
            Field::CJ => format::MASK_CJ as u64,
            Field::CLui => format::MASK_CI_LUI as u64,
        }
    }

    /// The values that it can hold, inclusive. Upper parts and calls reach every 32-bit value on RV32, which wraps.
    pub const fn range(self) -> (i64, i64) {
        const fn signed(width: u32) -> (i64, i64) {
            (-(1 << (width - 1)), (1 << (width - 1)) - 1)
        }
        match self {
            Field::None => (0, 0),
            Field::Word8 => (-0x80, 0xff),
            Field::Word16 => (-0x8000, 0xffff),
            Field::Low6 => (0, 0x3f),
            Field::Word32 | Field::U | Field::Call => (-0x8000_0000, 0xffff_ffff),
            Field::Word64 | Field::Uleb128 => (i64::MIN, i64::MAX),
            Field::I | Field::S => signed(12),
            Field::B => signed(13),
            Field::J => signed(21),
            Field::CB => signed(9),
            Field::CJ => signed(12),
            Field::CLui => (-(32 << 12) - 0x800, (31 << 12) + 0x7ff),
        }
    }

    /// Whether a value can be held.
    ///
    /// # Errors
    /// [`FieldError::Range`], or [`FieldError::Odd`] for jumps and branches.
    pub fn fits(self, value: i64) -> Result<(), FieldError> {
        let (low, high) = self.range();
        if value < low || value > high {
            return Err(FieldError::Range);
        }
        let is_offset_of_code = matches!(self, Field::B | Field::J | Field::CB | Field::CJ);
        if is_offset_of_code && value % 2 != 0 {
            Err(FieldError::Odd)
        } else {
            Ok(())
        }
    }

    /// Writes a value into the field at the start of `bytes` and keeps the other bits. `U` and `CLui` take the whole
    /// number and round it (0x800 is added) so that a signed 12-bit low part completes it; `I` and `S` take the low part
    /// already cut to 12 signed bits ([`format::split_hi_lo`]).
    ///
    /// # Errors
    /// When the value or the bytes do not suffice; then nothing is written.
    pub fn patch(self, bytes: &mut [u8], value: i64) -> Result<(), FieldError> {
        self.fits(value)?;
        if bytes.len() < self.size() {
            return Err(FieldError::Truncated);
        }
        let (hi, lo) = format::split_hi_lo(value as u32);
        let mut whole = [0; 8];
        let size = self.size();
        whole[..size].copy_from_slice(&bytes[..size]);
        let old = u64::from_le_bytes(whole);
        let (old32, old16, value32) = (old as u32, old as u16, value as i32);
        let new = match self {
            Field::None => old,
            Field::Word8 | Field::Word16 | Field::Word32 | Field::Word64 | Field::Low6 => {
                old & !self.mask() | value as u64 & self.mask()
            }
            Field::I => format::insert_i(old32, value32).into(),
            Field::S => format::insert_s(old32, value32).into(),
            Field::B => format::insert_b(old32, value32).into(),
            Field::U => format::insert_u(old32, hi as i32).into(),
            Field::J => format::insert_j(old32, value32).into(),
            Field::Call => {
                let low = format::insert_i((old >> 32) as u32, lo);
                u64::from(format::insert_u(old32, hi as i32)) | u64::from(low) << 32
            }
            Field::CB => format::insert_cb(old16, value32).into(),
            Field::CJ => format::insert_cj(old16, value32).into(),
            // c.lui cannot hold 0, which relaxation may lead to: c.li rd, 0 has the same effect.
            Field::CLui if hi == 0 => (old16 & !(0xe003 | format::MASK_CI_LUI) | C_LI).into(),
            Field::CLui => format::insert_ci_lui(old16, hi as i32).into(),
            Field::Uleb128 => return patch_uleb128(bytes, value as u64),
        };
        bytes[..size].copy_from_slice(&new.to_le_bytes()[..size]);
        Ok(())
    }

    /// The value cut to the width of the field, where sums and differences wrap around: data, and the 32 bits of upper
    /// parts and calls. Other values are unchanged and judged by [`fits`](Field::fits).
    pub const fn wrap(self, value: i64) -> i64 {
        match self {
            Field::Word8 => value & 0xff,
            Field::Word16 => value & 0xffff,
            Field::Low6 => value & 0x3f,
            Field::Word32 => value & 0xffff_ffff,
            Field::U | Field::Call => value as i32 as i64,
            Field::None
            | Field::Word64
            | Field::Uleb128
            | Field::I
            | Field::S
            | Field::B
            | Field::J
            | Field::CB
            | Field::CJ
            | Field::CLui => value,
        }
    }

    /// How the field is called in reference pages and messages.
    pub const fn describe(self) -> &'static str {
        match self {
            Field::None => "nothing",
            Field::Word8 => "a byte",
            Field::Word16 => "a halfword",
            Field::Word32 => "a word",
            Field::Word64 => "a doubleword",
            Field::Low6 => "the low 6 bits of a byte",
            Field::Uleb128 => "a ULEB128 number",
            Field::I => "the immediate of an I-type instruction",
            Field::S => "the immediate of an S-type instruction",
            Field::B => "the offset of a branch",
            Field::U => "the upper 20 bits of lui or auipc",
            Field::J => "the offset of jal",
            Field::Call => "auipc and jalr",
            Field::CB => "the offset of a compressed branch",
            Field::CJ => "the offset of a compressed jump",
            Field::CLui => "the immediate of c.lui",
        }
    }
}

impl Reloc {
    /// Applies a relocation of data (words, their parts, ULEB128 numbers) with the value S + A at the start of `bytes`; sums
    /// and differences wrap around. `false`, and nothing written, for relocations of instructions, markers, or bytes that
    /// do not suffice: readers of debug information do without those.
    pub fn apply_to_data(self, bytes: &mut [u8], value: u32) -> bool {
        let field = self.field();
        let old = match field {
            Field::Word8 | Field::Word16 | Field::Word32 | Field::Low6 if bytes.len() >= field.size() => {
                let mut whole = [0; 8];
                whole[..field.size()].copy_from_slice(&bytes[..field.size()]);
                u64::from_le_bytes(whole) & field.mask()
            }
            Field::Uleb128 => read_uleb128(bytes).map_or(0, |(value, _)| value),
            Field::None
            | Field::Word8
            | Field::Word16
            | Field::Word32
            | Field::Word64
            | Field::Low6
            | Field::I
            | Field::S
            | Field::B
            | Field::U
            | Field::J
            | Field::Call
            | Field::CB
            | Field::CJ
            | Field::CLui => return false,
        };
        let name = self.name();
        let value = if name.contains("_ADD") {
            old.wrapping_add(u64::from(value))
        } else if name.contains("_SUB") {
            old.wrapping_sub(u64::from(value))
        } else {
            u64::from(value)
        };
        field.patch(bytes, field.wrap(value as i64)).is_ok()
    }
}

/// Writes over a ULEB128 number, keeping its length.
fn patch_uleb128(bytes: &mut [u8], mut value: u64) -> Result<(), FieldError> {
    let last = bytes
        .iter()
        .position(|b| b & 0x80 == 0)
        .ok_or(FieldError::Truncated)?;
    if last < 9 && value >> (7 * (last + 1)) != 0 {
        return Err(FieldError::Range);
    }
    for (i, byte) in bytes[..=last].iter_mut().enumerate() {
        *byte = (value & 0x7f) as u8 | if i == last { 0 } else { 0x80 };
        value >>= 7;
    }
    Ok(())
}

/// Reads a ULEB128 number: (value, length in bytes). `None` if it does not end or has more than 64 bits.
pub fn read_uleb128(bytes: &[u8]) -> Option<(u64, usize)> {
    let length = bytes.iter().position(|b| b & 0x80 == 0)? + 1;
    let value = bytes[..length].iter().rev().try_fold(0u64, |value, byte| {
        (value >> 57 == 0).then_some(value << 7 | u64::from(byte & 0x7f))
    })?;
    Some((value, length))
}

/// One row of the table.
#[derive(Debug)]
pub struct RelocRow {
    /// The relocation.
    pub reloc: Reloc,
    /// As readelf prints it.
    pub name: &'static str,
    /// The number in the object file.
    pub number: u8,
    /// What it patches.
    pub field: Field,
    /// The value that it puts there. S is the symbol, A the addend, P the place, V what stands there, GOT the address
    /// of the symbol's entry, TP the thread pointer's offset.
    pub summary: &'static str,
}

macro_rules! relocations {
    ($($reloc:ident $name:literal $number:literal $field:ident $summary:literal;)+) => {
        /// The relocations; one variant a row.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Reloc {
            $(#[doc = concat!("`", $name, "`: ", $summary, ".")] $reloc = $number,)+
        }

        impl Reloc {
            /// The relocation of a number.
            pub const fn from_number(number: u32) -> Option<Reloc> {
                match number {
                    $($number => Some(Reloc::$reloc),)+
                    _ => None,
                }
            }

            /// The row.
            pub const fn row(self) -> &'static RelocRow {
                match self {
                    $(Reloc::$reloc => &RelocRow { reloc: Reloc::$reloc, name: $name, number: $number, field: Field::$field, summary: $summary },)+
                }
            }

            /// Every relocation, by number.
            pub const ALL: &'static [Reloc] = &[$(Reloc::$reloc),+];
        }
    };
}

impl Reloc {
    /// The number in the object file.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// As readelf prints it.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// What it patches.
    pub const fn field(self) -> Field {
        self.row().field
    }

    /// The relocation of a name.
    pub fn from_name(name: &str) -> Option<Reloc> {
        Reloc::ALL
            .iter()
            .copied()
            .find(|reloc| reloc.name() == name)
    }
}

relocations! {
    None         "R_RISCV_NONE"            0 None    "Nothing";
    Abs32        "R_RISCV_32"              1 Word32  "S + A";
    Abs64        "R_RISCV_64"              2 Word64  "S + A";
    Relative     "R_RISCV_RELATIVE"        3 Word32  "B + A, at load time";
    Copy         "R_RISCV_COPY"            4 None    "Copies a variable of a shared object, at load time";
    JumpSlot     "R_RISCV_JUMP_SLOT"       5 Word32  "S, at load time";
    TlsDtpmod32  "R_RISCV_TLS_DTPMOD32"    6 Word32  "TLS module number, at load time";
    TlsDtpmod64  "R_RISCV_TLS_DTPMOD64"    7 Word64  "TLS module number, at load time";
    TlsDtprel32  "R_RISCV_TLS_DTPREL32"    8 Word32  "S + A - TLS block, less 0x800";
    TlsDtprel64  "R_RISCV_TLS_DTPREL64"    9 Word64  "S + A - TLS block, less 0x800";
    TlsTprel32   "R_RISCV_TLS_TPREL32"    10 Word32  "S + A + TP";
    TlsTprel64   "R_RISCV_TLS_TPREL64"    11 Word64  "S + A + TP";
    Branch       "R_RISCV_BRANCH"         16 B       "S + A - P";
    Jal          "R_RISCV_JAL"            17 J       "S + A - P";
    Call         "R_RISCV_CALL"           18 Call    "S + A - P";
    CallPlt      "R_RISCV_CALL_PLT"       19 Call    "S + A - P, through the PLT if S is in a shared object";
    GotHi20      "R_RISCV_GOT_HI20"       20 U       "GOT + A - P";
    TlsGotHi20   "R_RISCV_TLS_GOT_HI20"   21 U       "GOT entry that holds the thread-pointer offset of S, - P";
    TlsGdHi20    "R_RISCV_TLS_GD_HI20"    22 U       "GOT pair that holds module and offset of S, - P";
    PcrelHi20    "R_RISCV_PCREL_HI20"     23 U       "S + A - P";
    PcrelLo12I   "R_RISCV_PCREL_LO12_I"   24 I       "Low part of the HI20 relocation at the label S";
    PcrelLo12S   "R_RISCV_PCREL_LO12_S"   25 S       "Low part of the HI20 relocation at the label S";
    Hi20         "R_RISCV_HI20"           26 U       "S + A";
    Lo12I        "R_RISCV_LO12_I"         27 I       "Low part of S + A";
    Lo12S        "R_RISCV_LO12_S"         28 S       "Low part of S + A";
    TprelHi20    "R_RISCV_TPREL_HI20"     29 U       "Thread-pointer offset of S + A";
    TprelLo12I   "R_RISCV_TPREL_LO12_I"   30 I       "Low part of the thread-pointer offset of S + A";
    TprelLo12S   "R_RISCV_TPREL_LO12_S"   31 S       "Low part of the thread-pointer offset of S + A";
    TprelAdd     "R_RISCV_TPREL_ADD"      32 None    "Marks the add of tp, which relaxation may delete";
    Add8         "R_RISCV_ADD8"           33 Word8   "V + S + A";
    Add16        "R_RISCV_ADD16"          34 Word16  "V + S + A";
    Add32        "R_RISCV_ADD32"          35 Word32  "V + S + A";
    Add64        "R_RISCV_ADD64"          36 Word64  "V + S + A";
    Sub8         "R_RISCV_SUB8"           37 Word8   "V - S - A";
    Sub16        "R_RISCV_SUB16"          38 Word16  "V - S - A";
    Sub32        "R_RISCV_SUB32"          39 Word32  "V - S - A";
    Sub64        "R_RISCV_SUB64"          40 Word64  "V - S - A";
    Got32Pcrel   "R_RISCV_GOT32_PCREL"    41 Word32  "GOT + A - P";
    Align        "R_RISCV_ALIGN"          43 None    "Bytes of padding; so many are deleted that what follows is aligned to the next power of two above A";
    RvcBranch    "R_RISCV_RVC_BRANCH"     44 CB      "S + A - P";
    RvcJump      "R_RISCV_RVC_JUMP"       45 CJ      "S + A - P";
    RvcLui       "R_RISCV_RVC_LUI"        46 CLui    "S + A";
    GprelI       "R_RISCV_GPREL_I"        47 I       "S + A - gp, inside a linker";
    GprelS       "R_RISCV_GPREL_S"        48 S       "S + A - gp, inside a linker";
    TprelI       "R_RISCV_TPREL_I"        49 I       "Thread-pointer offset of S + A, inside a linker";
    TprelS       "R_RISCV_TPREL_S"        50 S       "Thread-pointer offset of S + A, inside a linker";
    Relax        "R_RISCV_RELAX"          51 None    "The relocation before it at the same place may be relaxed";
    Sub6         "R_RISCV_SUB6"           52 Low6    "V - S - A";
    Set6         "R_RISCV_SET6"           53 Low6    "S + A";
    Set8         "R_RISCV_SET8"           54 Word8   "S + A";
    Set16        "R_RISCV_SET16"          55 Word16  "S + A";
    Set32        "R_RISCV_SET32"          56 Word32  "S + A";
    Pcrel32      "R_RISCV_32_PCREL"       57 Word32  "S + A - P";
    Irelative    "R_RISCV_IRELATIVE"      58 Word32  "Result of calling the resolver at B + A, at load time";
    Plt32        "R_RISCV_PLT32"          59 Word32  "S + A - P, through the PLT if S is in a shared object";
    SetUleb128   "R_RISCV_SET_ULEB128"    60 Uleb128 "S + A";
    SubUleb128   "R_RISCV_SUB_ULEB128"    61 Uleb128 "V - S - A";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched<const N: usize>(
        field: Field,
        old: [u8; N],
        value: i64,
    ) -> Result<[u8; N], FieldError> {
        let mut bytes = old;
        let result = field.patch(&mut bytes, value);
        assert!(
            result.is_ok() || bytes == old,
            "{field:?} {value}: written although refused"
        );
        result.map(|()| bytes)
    }

    #[test]
    fn fields_change_their_bits_only_and_refuse_what_does_not_fit() {
        for reloc in Reloc::ALL {
            let field = reloc.field();
            if matches!(field, Field::None | Field::Uleb128) {
                continue;
            }
            let (low, high) = field.range();
            for value in [low, high & !1, 0, 2] {
                for background in [0u64, u64::MAX] {
                    let new = u64::from_le_bytes(
                        patched(field, background.to_le_bytes(), value).unwrap(),
                    );
                    if field == Field::CLui && (0..=2).contains(&value) {
                        continue; // becomes another instruction
                    }
                    assert_eq!(
                        (new ^ background) & !field.mask(),
                        0,
                        "{} {value}",
                        reloc.name()
                    );
                }
            }
            if field != Field::Word64 {
                assert_eq!(
                    patched(field, [0; 8], low - 2),
                    Err(FieldError::Range),
                    "{}",
                    reloc.name()
                );
                assert_eq!(
                    patched(field, [0; 8], high + 2),
                    Err(FieldError::Range),
                    "{}",
                    reloc.name()
                );
            }
            let mut short = vec![0; field.size() - 1];
            assert_eq!(field.patch(&mut short, 0), Err(FieldError::Truncated));
            assert_eq!(Reloc::from_number(reloc.number().into()), Some(*reloc));
            assert_eq!(Reloc::from_name(reloc.name()), Some(*reloc));
        }
        assert_eq!(Reloc::from_number(42), None);
        assert_eq!(Reloc::from_number(u32::MAX), None);
    }

    #[test]
    fn upper_parts_are_rounded_for_their_signed_low_parts() {
        // lui a0, 0; value 0x12345fff: 0x12346000 - 1
        assert_eq!(
            patched(Field::U, 0x0000_0537u32.to_le_bytes(), 0x1234_5fff),
            Ok(0x1234_6537u32.to_le_bytes())
        );
        // auipc ra, 0; jalr ra, 0(ra)
        let call = (0x0000_80e7u64 << 32 | 0x97).to_le_bytes();
        assert_eq!(
            patched(Field::Call, call, -2),
            Ok((0xffe0_80e7u64 << 32 | 0x97).to_le_bytes())
        );
        assert_eq!(
            patched(Field::CLui, 0x6501u16.to_le_bytes(), 0x1000),
            Ok(0x6505u16.to_le_bytes())
        );
        assert_eq!(
            patched(Field::J, 0x0000_00efu32.to_le_bytes(), 3),
            Err(FieldError::Odd)
        );
    }

    #[test]
    fn values_that_wrap_always_fit() {
        for field in [
            Field::Word8,
            Field::Word16,
            Field::Word32,
            Field::Low6,
            Field::U,
            Field::Call,
        ] {
            for value in [i64::MIN, -1, 0, 1, 0x1_2345_6789, i64::MAX] {
                assert_eq!(
                    field.fits(field.wrap(value)),
                    Ok(()),
                    "{field:?} {value:#x}"
                );
            }
        }
        assert_eq!(Field::Low6.wrap(-1), 63);
        assert_eq!(Field::B.wrap(1 << 40), 1 << 40);
    }

    #[test]
    fn c_lui_of_zero_becomes_c_li() {
        // c.lui a0, 1 → c.li a0, 0
        assert_eq!(
            patched(Field::CLui, 0x6505u16.to_le_bytes(), 0x7ff),
            Ok(0x4501u16.to_le_bytes())
        );
    }

    #[test]
    fn uleb128_keeps_its_length() {
        assert_eq!(
            patched(Field::Uleb128, [0x80, 0x80, 0x00, 0x55], 5),
            Ok([0x85, 0x80, 0x00, 0x55])
        );
        assert_eq!(patched(Field::Uleb128, [0x80, 0x00], 300), Ok([0xac, 0x02]));
        assert_eq!(patched(Field::Uleb128, [0x00], 300), Err(FieldError::Range));
        assert_eq!(
            patched(Field::Uleb128, [0x80, 0x80], 1),
            Err(FieldError::Truncated)
        );
        assert_eq!(patched(Field::Uleb128, [], 1), Err(FieldError::Truncated));
        assert_eq!(
            patched(Field::Uleb128, [0x80; 12], 1),
            Err(FieldError::Truncated)
        );
        assert_eq!(read_uleb128(&[0xac, 0x02, 0xff]), Some((300, 2)));
        assert_eq!(read_uleb128(&[0x80]), None);
        assert_eq!(
            read_uleb128(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
            Some((u64::MAX, 10))
        );
        assert_eq!(
            read_uleb128(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]),
            None
        );
    }
}
