//! The immediate of each instruction format: inserted into and extracted from the encoded word.
//!
//! One pair of functions a format, shared by the operand tables here, by the assembler's fixups and by the linker's
//! relocations. `insert_x(word, value)` replaces the field's bits and keeps the rest; bits of `value` outside
//! the field are dropped, so callers check the range first (`fits_x`, or [`crate::reloc::Field::fits`]).

/// Moves `width` bits of `value` from bit `from` to bit `to`.
const fn bits(value: u32, from: u32, width: u32, to: u32) -> u32 {
    ((value >> from) & ((1 << width) - 1)) << to
}

/// Sign-extends the low `width` bits (1 to 32).
pub const fn sign_extend(value: u32, width: u32) -> i32 {
    ((value << (32 - width)) as i32) >> (32 - width)
}

/// Whether `value` is a signed number of `width` bits.
pub const fn fits_signed(value: i64, width: u32) -> bool {
    value >= -(1 << (width - 1)) && value < (1 << (width - 1))
}

/// A format: which bits of the word hold the immediate, and the permutation into and out of them.
macro_rules! format {
    ($mask:ident = $mask_value:expr, $word:ty, $insert:ident, $extract:ident, $signed_width:literal,
     [$(($from:literal, $width:literal, $to:literal)),+], $doc:literal) => {
        #[doc = concat!("The bits of the word that hold ", $doc, ".")]
        pub const $mask: $word = $mask_value;

        #[doc = concat!("Inserts ", $doc, ".")]
        pub const fn $insert(word: $word, value: i32) -> $word {
            (word & !$mask) | (0 $(| bits(value as u32, $from, $width, $to))+) as $word
        }

        #[doc = concat!("Extracts ", $doc, ", sign- or zero-extended as the format has it.")]
        pub const fn $extract(word: $word) -> i32 {
            let raw = 0 $(| bits(word as u32, $to, $width, $from))+;
            if $signed_width == 0 { raw as i32 } else { sign_extend(raw, $signed_width) }
        }
    };
}

// §2.2, §2.3 of the unprivileged specification.                       (bit of the value, width, bit of the word)
format!(
    MASK_I = 0xfff0_0000,
    u32,
    insert_i,
    extract_i,
    12,
    [(0, 12, 20)],
    "the 12-bit signed immediate of an I-type instruction"
);
format!(
    MASK_S = 0xfe00_0f80,
    u32,
    insert_s,
    extract_s,
    12,
    [(0, 5, 7), (5, 7, 25)],
    "the 12-bit signed immediate of an S-type instruction"
);
format!(
    MASK_B = 0xfe00_0f80,
    u32,
    insert_b,
    extract_b,
    13,
    [(11, 1, 7), (1, 4, 8), (5, 6, 25), (12, 1, 31)],
    "the 13-bit signed even offset of a B-type instruction"
);
format!(
    MASK_U = 0xffff_f000,
    u32,
    insert_u,
    extract_u,
    32,
    [(12, 20, 12)],
    "the upper 20 bits of a U-type instruction (the value is the whole 32-bit number; its low 12 bits are dropped)"
);
format!(
    MASK_J = 0xffff_f000,
    u32,
    insert_j,
    extract_j,
    21,
    [(12, 8, 12), (11, 1, 20), (1, 10, 21), (20, 1, 31)],
    "the 21-bit signed even offset of a J-type instruction"
);
// Chapter “C”, “Compressed Instruction Formats”.
format!(
    MASK_CB = 0x1c7c,
    u16,
    insert_cb,
    extract_cb,
    9,
    [(5, 1, 2), (1, 2, 3), (6, 2, 5), (3, 2, 10), (8, 1, 12)],
    "the 9-bit signed even offset of a CB-type branch"
);
format!(
    MASK_CJ = 0x1ffc,
    u16,
    insert_cj,
    extract_cj,
    12,
    [
        (5, 1, 2),
        (1, 3, 3),
        (7, 1, 6),
        (6, 1, 7),
        (10, 1, 8),
        (8, 2, 9),
        (4, 1, 11),
        (11, 1, 12)
    ],
    "the 12-bit signed even offset of a CJ-type jump"
);
format!(
    MASK_CI = 0x107c,
    u16,
    insert_ci,
    extract_ci,
    6,
    [(0, 5, 2), (5, 1, 12)],
    "the 6-bit signed immediate of a CI-type instruction"
);
format!(
    MASK_CI_LUI = 0x107c,
    u16,
    insert_ci_lui,
    extract_ci_lui,
    18,
    [(12, 5, 2), (17, 1, 12)],
    "the immediate of `c.lui` (the value is the whole number, a multiple of 4096 in 18 signed bits)"
);
format!(
    MASK_CI_SHAMT = 0x107c,
    u16,
    insert_ci_shamt,
    extract_ci_shamt,
    0,
    [(0, 5, 2), (5, 1, 12)],
    "the unsigned shift amount of a CI-type shift"
);
format!(
    MASK_CI_16SP = 0x107c,
    u16,
    insert_ci_16sp,
    extract_ci_16sp,
    10,
    [(5, 1, 2), (7, 2, 3), (6, 1, 5), (4, 1, 6), (9, 1, 12)],
    "the signed immediate of `c.addi16sp`, a multiple of 16"
);
format!(
    MASK_CI_LWSP = 0x107c,
    u16,
    insert_ci_lwsp,
    extract_ci_lwsp,
    0,
    [(6, 2, 2), (2, 3, 4), (5, 1, 12)],
    "the unsigned offset of `c.lwsp`, a multiple of 4"
);
format!(
    MASK_CSS_SWSP = 0x1f80,
    u16,
    insert_css_swsp,
    extract_css_swsp,
    0,
    [(6, 2, 7), (2, 4, 9)],
    "the unsigned offset of `c.swsp`, a multiple of 4"
);
format!(
    MASK_CIW = 0x1fe0,
    u16,
    insert_ciw,
    extract_ciw,
    0,
    [(3, 1, 5), (2, 1, 6), (6, 4, 7), (4, 2, 11)],
    "the unsigned immediate of `c.addi4spn`, a multiple of 4"
);
format!(
    MASK_CL_W = 0x1c60,
    u16,
    insert_cl_w,
    extract_cl_w,
    0,
    [(6, 1, 5), (2, 1, 6), (3, 3, 10)],
    "the unsigned offset of `c.lw` and `c.sw`, a multiple of 4"
);

/// Splits a 32-bit number for `lui`/`auipc` + a 12-bit signed low part: (upper part, a multiple of 4096; low part).
/// `upper.wrapping_add(low) == value`.
pub const fn split_hi_lo(value: u32) -> (u32, i32) {
    let low = sign_extend(value, 12);
    (value.wrapping_sub(low as u32), low)
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! round_trip {
        ($($insert:ident $extract:ident $mask:ident $low:expr, $high:expr, $step:expr;)+) => {$(
            let mut all = 0;
            for value in ($low..=$high).step_by($step) {
                for background in [0, !0] {
                    let word = $insert(background, value);
                    assert_eq!($extract(word), value, stringify!($insert));
                    assert_eq!((word ^ background) & !$mask, 0, "{} touches foreign bits", stringify!($insert));
                    all |= word ^ background;
                }
            }
            assert_eq!(all, $mask, "{} does not reach every bit of its mask", stringify!($insert));
        )+};
    }

    #[test]
    fn extract_undoes_insert_and_masks_are_exact() {
        round_trip! {
            insert_i extract_i MASK_I -2048i32, 2047, 1;
            insert_s extract_s MASK_S -2048i32, 2047, 1;
            insert_b extract_b MASK_B -4096i32, 4094, 2;
            insert_u extract_u MASK_U i32::MIN, i32::MAX - 4095, 4096;
            insert_j extract_j MASK_J -(1i32 << 20), (1 << 20) - 2, 2;
            insert_cb extract_cb MASK_CB -256i32, 254, 2;
            insert_cj extract_cj MASK_CJ -2048i32, 2046, 2;
            insert_ci extract_ci MASK_CI -32i32, 31, 1;
            insert_ci_lui extract_ci_lui MASK_CI_LUI -(32i32 << 12), 31 << 12, 4096;
            insert_ci_shamt extract_ci_shamt MASK_CI_SHAMT 0i32, 63, 1;
            insert_ci_16sp extract_ci_16sp MASK_CI_16SP -512i32, 496, 16;
            insert_ci_lwsp extract_ci_lwsp MASK_CI_LWSP 0i32, 252, 4;
            insert_css_swsp extract_css_swsp MASK_CSS_SWSP 0i32, 252, 4;
            insert_ciw extract_ciw MASK_CIW 0i32, 1020, 4;
            insert_cl_w extract_cl_w MASK_CL_W 0i32, 124, 4;
        }
    }

    #[test]
    fn hi_and_lo_add_up() {
        for value in [
            0,
            1,
            0x7ff,
            0x800,
            0xfff,
            0x1000,
            0x7fff_f800,
            0x8000_0000,
            0xffff_f800,
            0xffff_ffff,
            0x1234_5fff,
        ] {
            let (hi, lo) = split_hi_lo(value);
            assert_eq!(hi.wrapping_add(lo as u32), value);
            assert_eq!(hi & 0xfff, 0);
        }
    }
}
