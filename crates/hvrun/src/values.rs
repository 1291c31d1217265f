//! Values of options and settings: sizes, addresses, times, dates, consoles.

use std::path::{Path, PathBuf};

/// Where a console is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsoleWhere {
    /// Standard input and output.
    Stdio,
    /// The same; a terminal gives every key at once.
    Raw,
    /// A pseudo terminal of its own for each guest.
    Pty,
    /// Output goes to a file.
    File(PathBuf),
}

impl ConsoleWhere {
    /// The same, with a path relative to a folder.
    #[must_use]
    pub fn in_folder(self, folder: &Path) -> ConsoleWhere {
        match self {
            ConsoleWhere::File(path) => ConsoleWhere::File(folder.join(path)),
            ConsoleWhere::Stdio | ConsoleWhere::Raw | ConsoleWhere::Pty => self,
        }
    }
}

/// What the seed of random bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// This number.
    Number(u64),
    /// One of the host's, another in each run.
    Host,
}

/// What the real-time clock shows at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RtcStart {
    /// Seconds since 1970.
    At(u64),
    /// The host's time.
    Host,
}

/// An engine, by its name.
pub fn parse_engine(text: &str) -> Result<hvcore::EngineKind, String> {
    let engine = hvcore::EngineKind::ALL.into_iter().find(|engine| engine.name() == text);
    engine.ok_or_else(|| format!("there are {}", hvcore::EngineKind::ALL.map(hvcore::EngineKind::name).join(" and ")))
}

/// A size in bytes: a number, decimal or 0x…, with an optional K, M or G (powers of 1024).
pub fn parse_size(text: &str) -> Result<u64, String> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let factor = match &digits[end..] {
        "" => Some(1),
        "k" | "K" | "KB" | "KiB" => Some(1 << 10),
        "m" | "M" | "MB" | "MiB" => Some(1 << 20),
        "g" | "G" | "GB" | "GiB" => Some(1 << 30),
        _ => None,
    };
    let number = u64::from_str_radix(&digits[..end], radix).ok();
    let bytes = number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    bytes.ok_or_else(|| format!("`{text}` is not a size such as 4096, 16K, 64KiB or 1M"))
}

/// `__stack_size=8192`.
pub fn parse_defsym(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.into(), value.into())),
        _ => Err(format!("`{text}` is not of the form SYMBOL=VALUE, such as __stack_size=8192")),
    }
}

/// `-sstc`: an extension of the platform that a guest can do without.
pub fn parse_extension(text: &str) -> Result<rv32::Ext, String> {
    let Some(name) = text.strip_prefix('-') else {
        return Err(format!("`{text}` should begin with a minus; extensions can only be switched off"));
    };
    let platform = || rv32::Ext::ALL.iter().copied().filter(|&extension| rv32::Isa::PLATFORM.contains(extension));
    match platform().find(|extension| extension.name().eq_ignore_ascii_case(name)) {
        Some(rv32::Ext::I | rv32::Ext::Zicsr) => Err(format!("no guest can do without `{name}`")),
        Some(extension) => Ok(extension),
        None => {
            let near = diag::suggest(name, platform().map(rv32::Ext::name)).map_or_else(String::new, |near| format!("; did you mean `-{near}`?"));
            Err(format!("the platform has no extension `{name}`{near}"))
        }
    }
}

/// `stdio`, `raw`, `pty` or `file:PATH`.
pub fn parse_console(text: &str) -> Result<ConsoleWhere, String> {
    match (text, text.strip_prefix("file:")) {
        ("stdio", _) => Ok(ConsoleWhere::Stdio),
        ("raw", _) => Ok(ConsoleWhere::Raw),
        ("pty", _) => Ok(ConsoleWhere::Pty),
        (_, Some(path)) if !path.is_empty() => Ok(ConsoleWhere::File(path.into())),
        _ => {
            let near = diag::suggest(text, ["stdio", "raw", "pty"]).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Err(format!("there is no console `{text}` (there are stdio, raw, pty, file:PATH){near}"))
        }
    }
}

/// A guest-physical or -virtual address.
pub fn parse_address(text: &str) -> Result<u32, String> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.map_err(|_| format!("`{text}` is not a 32-bit address such as 0x80000000"))
}

/// A time: seconds, or with a unit `ms`, `s` or `m`.
pub fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    let (digits, unit) = match text.strip_suffix("ms") {
        Some(digits) => (digits, 0.001),
        None => match text.strip_suffix('m') {
            Some(digits) => (digits, 60.0),
            None => (text.strip_suffix('s').unwrap_or(text), 1.0),
        },
    };
    let seconds = digits.parse::<f64>().ok().map(|number| number * unit).filter(|s| (0.0..1e9).contains(s));
    seconds.map(std::time::Duration::from_secs_f64).ok_or_else(|| format!("`{text}` is not a time such as 10, 0.5s, 200ms or 2m"))
}


/// A number, or `host`.
pub fn parse_seed(text: &str) -> Result<Seed, String> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    match (text, number) {
        ("host", _) => Ok(Seed::Host),
        (_, Some(number)) => Ok(Seed::Number(number)),
        (_, None) => Err(format!("`{text}` is neither a number of 64 bits nor `host`")),
    }
}

/// The last second that fits 64 bits of nanoseconds.
const LAST_SECOND: u64 = u64::MAX / 1_000_000_000;

/// `2000-01-01`, `2026-11-23T18:05:00`, `@946684800`, `host`; UTC, from 1970 to 2554.
pub fn parse_rtc(text: &str) -> Result<RtcStart, String> {
    let seconds = match text.strip_prefix('@') {
        _ if text == "host" => return Ok(RtcStart::Host),
        Some(digits) => digits.parse().ok(),
        None => date(text.strip_suffix('Z').unwrap_or(text)),
    };
    let seconds = seconds.filter(|&seconds| seconds <= LAST_SECOND);
    seconds.map(RtcStart::At).ok_or_else(|| format!("`{text}` is not a time of 1970 to 2554 such as 2000-01-01, 2026-11-23T18:05:00, @946684800 or host"))
}

/// Seconds from 1970 to a date, perhaps with a time.
fn date(text: &str) -> Option<u64> {
    let number = |digits: &str, length: usize| (digits.len() == length && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse::<u64>().ok()).flatten();
    let (day, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let mut parts = day.splitn(3, '-');
    let (year, month, day) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let february = if leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let in_month = months.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if year < 1970 || day == 0 || day > *in_month {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let days = years + months[..month as usize - 1].iter().sum::<u64>() + day - 1;
    let mut parts = time.splitn(3, ':');
    let (hour, minute, second) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?, number(parts.next().unwrap_or("00"), 2)?);
    (hour < 24 && minute < 60 && second < 60).then(|| days * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (text, seconds) in [("1970-01-01", 0), ("2000-01-01", 946_684_800), ("2000-03-01T00:00:01", 951_868_801), ("2026-11-23 18:05:00", 1_795_457_100), ("@5", 5), ("2100-03-01Z", 4_107_542_400), ("2024-02-29T23:59", 1_709_251_140)] {
            assert_eq!(parse_rtc(text), Ok(RtcStart::At(seconds)), "{text}");
        }
        assert_eq!(parse_rtc("host"), Ok(RtcStart::Host));
        for wrong in ["", "1969-12-31", "2100-02-29", "2000-13-01", "2000-00-01", "2000-1-1", "2000-01-01T24:00:00", "2000-01-01T1:2:3", "@-1", "@99999999999", "9999-01-01", "+000-01-01", "now"] {
            assert!(parse_rtc(wrong).is_err(), "{wrong}");
        }
        assert_eq!((parse_seed("7"), parse_seed("0x10"), parse_seed("host")), (Ok(Seed::Number(7)), Ok(Seed::Number(16)), Ok(Seed::Host)));
        assert!(parse_seed("x").is_err() && parse_seed("-1").is_err());
    }
}
