//! Mnemonics of extensions that are not supported, so that a message can name the extension instead of calling the
//! mnemonic unknown.

/// Why a mnemonic is not supported.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Needs {
    /// The extension (in lower case) that has it.
    Extension(&'static str),
    /// It exists on RV64 only.
    Rv64,
}

use Needs::{Extension, Rv64};

/// Whole names.
static NAMES: &[(&[&str], Needs)] = &[
    (
        &[
            "flw", "fsw", "frcsr", "fscsr", "fssr", "frsr", "frrm", "fsrm", "fsrmi", "frflags",
            "fsflags", "fsflagsi",
        ],
        Extension("f"),
    ),
    (&["fld", "fsd"], Extension("d")),
    (&["flq", "fsq"], Extension("q")),
    (&["flh", "fsh"], Extension("zfhmin")),
    (&["c.flw", "c.fsw", "c.flwsp", "c.fswsp"], Extension("f")),
    (&["c.fld", "c.fsd", "c.fldsp", "c.fsdsp"], Extension("d")),
    (&["clmul", "clmulh", "clmulr"], Extension("zbc")),
    (
        &["pack", "packh", "brev8", "zip", "unzip"],
        Extension("zbkb"),
    ),
    (&["xperm4", "xperm8"], Extension("zbkx")),
    (&["aes32dsi", "aes32dsmi"], Extension("zknd")),
    (&["aes32esi", "aes32esmi"], Extension("zkne")),
    (
        &[
            "sha256sig0",
            "sha256sig1",
            "sha256sum0",
            "sha256sum1",
            "sha512sig0h",
            "sha512sig0l",
            "sha512sig1h",
            "sha512sig1l",
            "sha512sum0r",
            "sha512sum1r",
        ],
        Extension("zknh"),
    ),
    (&["sm4ed", "sm4ks"], Extension("zksed")),
    (&["sm3p0", "sm3p1"], Extension("zksh")),
    (
        &["cbo.clean", "cbo.flush", "cbo.inval"],
        Extension("zicbom"),
    ),
    (&["cbo.zero"], Extension("zicboz")),
    (
        &["prefetch.i", "prefetch.r", "prefetch.w"],
        Extension("zicbop"),
    ),
    (&["wrs.nto", "wrs.sto"], Extension("zawrs")),
    (
        &[
            "sinval.vma",
            "sfence.w.inval",
            "sfence.inval.ir",
            "hinval.vvma",
            "hinval.gvma",
        ],
        Extension("svinval"),
    ),
    (
        &[
            "hfence.vvma",
            "hfence.gvma",
            "hlv.b",
            "hlv.bu",
            "hlv.h",
            "hlv.hu",
            "hlv.w",
            "hlvx.hu",
            "hlvx.wu",
            "hsv.b",
            "hsv.h",
            "hsv.w",
        ],
        Extension("h"),
    ),
    (&["czero.eqz", "czero.nez"], Extension("zicond")),
    (
        &[
            "ld",
            "lwu",
            "sd",
            "addiw",
            "slliw",
            "srliw",
            "sraiw",
            "addw",
            "subw",
            "sllw",
            "srlw",
            "sraw",
            "sext.w",
            "zext.w",
            "negw",
            "mulw",
            "divw",
            "divuw",
            "remw",
            "remuw",
            "lr.d",
            "sc.d",
            "amoadd.d",
            "amoswap.d",
            "amoand.d",
            "amoor.d",
            "amoxor.d",
            "amomin.d",
            "amomax.d",
            "amominu.d",
            "amomaxu.d",
            "add.uw",
            "sh1add.uw",
            "sh2add.uw",
            "sh3add.uw",
            "slli.uw",
            "clzw",
            "ctzw",
            "cpopw",
            "rolw",
            "rorw",
            "roriw",
            "c.ld",
            "c.sd",
            "c.ldsp",
            "c.sdsp",
            "c.addiw",
            "c.addw",
            "c.subw",
        ],
        Rv64,
    ),
];

/// Floating-point operations: the letters after the points say which extension.
static FLOATING: &[&str] = &[
    "fadd", "fsub", "fmul", "fdiv", "fsqrt", "fmadd", "fmsub", "fnmadd", "fnmsub", "fsgnj",
    "fsgnjn", "fsgnjx", "fmin", "fmax", "feq", "flt", "fle", "fgt", "fge", "fclass", "fmv", "fneg",
    "fabs", "fcvt",
];

/// The extension that a mnemonic (in lower case) would need; `None` if no extension that we know of has it.
pub fn needs(mnemonic: &[u8]) -> Option<Needs> {
    let mnemonic = std::str::from_utf8(mnemonic).ok()?;
    let plain = mnemonic
        .trim_end_matches(".aqrl")
        .trim_end_matches(".aq")
        .trim_end_matches(".rl");
    if let Some((_, needs)) = NAMES.iter().find(|(names, _)| names.contains(&plain)) {
        return Some(*needs);
    }
    let mut parts = mnemonic.split('.');
    if FLOATING.contains(&parts.next()?) {
        let formats: Vec<&str> = parts.collect();
        let has = |wanted: &str| formats.contains(&wanted);
        return match () {
            () if has("l") || has("lu") => Some(Rv64),
            () if has("q") => Some(Extension("q")),
            () if has("h") => Some(Extension("zfh")),
            () if has("d") => Some(Extension("d")),
            () if has("s") || has("w") => Some(Extension("f")),
            () => None,
        };
    }
    let vector =
        mnemonic.starts_with('v') && (mnemonic.contains('.') || mnemonic.starts_with("vset"));
    vector.then_some(Extension("v"))
}

/// The whole names with what each needs.
pub fn names() -> impl Iterator<Item = (&'static str, Needs)> {
    NAMES
        .iter()
        .flat_map(|(names, needs)| names.iter().map(|name| (*name, *needs)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_named() {
        for (mnemonic, expected) in [
            ("flw", Some(Extension("f"))),
            ("fadd.s", Some(Extension("f"))),
            ("fcvt.d.w", Some(Extension("d"))),
            ("fmv.x.w", Some(Extension("f"))),
            ("fcvt.l.s", Some(Rv64)),
            ("fmadd.q", Some(Extension("q"))),
            ("amoadd.d.aqrl", Some(Rv64)),
            ("vadd.vv", Some(Extension("v"))),
            ("vsetvli", Some(Extension("v"))),
            ("vast", None),
            ("fadd", None),
            ("addi", None),
            ("", None),
        ] {
            assert_eq!(needs(mnemonic.as_bytes()), expected, "{mnemonic}");
        }
        assert_eq!(needs(b"\xff"), None);
    }

    #[test]
    fn nothing_supported_is_called_unsupported() {
        for mnemonic in crate::mnemonics() {
            assert_eq!(needs(mnemonic.as_bytes()), None, "{mnemonic}");
        }
    }
}
