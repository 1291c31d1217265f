//! Which warnings are on, and which count as errors: `-Wname`, `-Wno-name`, `-Werror=name`.

use crate::codes::{self, Code};
use crate::{Severity, suggest};
use std::collections::BTreeMap;

/// A warning flag that names no warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWarning {
    /// What the flag named.
    pub name: String,
    /// A warning with nearly that name.
    pub suggestion: Option<&'static str>,
}

impl std::fmt::Display for UnknownWarning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no warning is named `{}`", self.name)?;
        match self.suggestion {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

/// The severities of named diagnostics, as the command line set them; later flags win.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    by_name: BTreeMap<&'static str, Option<Severity>>,
    warnings_are_errors: bool,
    silent: bool,
}

impl Levels {
    /// Takes the part of a flag after `-W`: `name`, `no-name`, `error`, `no-error`, `error=name`,
    /// `no-error=name`.
    pub fn set(&mut self, flag: &str) -> Result<(), UnknownWarning> {
        match flag {
            "error" => self.warnings_are_errors = true,
            "no-error" => self.warnings_are_errors = false,
            _ => {
                let (name, level) = if let Some(name) = flag.strip_prefix("error=") {
                    (name, Some(Severity::Error))
                } else if let Some(name) = flag.strip_prefix("no-error=") {
                    (name, Some(Severity::Warning))
                } else if let Some(name) = flag.strip_prefix("no-") {
                    (name, None)
                } else {
                    (flag, Some(Severity::Warning))
                };
                let names = || codes::ALL.iter().filter(|code| code.is_named()).map(|code| code.id);
                let Some(known) = names().find(|&known| known == name) else {
                    return Err(UnknownWarning { name: name.to_string(), suggestion: suggest(name, names()) });
                };
                self.by_name.insert(known, level);
            }
        }
        Ok(())
    }

    /// All warnings off (`-W`, `--no-warn`).
    pub fn silence(&mut self) {
        self.silent = true;
    }

    /// The severity that a diagnostic of this code has; `None`: not shown.
    #[must_use]
    pub fn severity(&self, code: Code) -> Option<Severity> {
        if !code.is_named() {
            return Some(code.severity);
        }
        let level = match self.by_name.get(code.id) {
            Some(&level) => level,
            None if code.on => Some(code.severity),
            None => None,
        };
        match level {
            Some(Severity::Warning) if self.silent => None,
            Some(Severity::Warning) if self.warnings_are_errors => Some(Severity::Error),
            level => level,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_change_named_codes_only() {
        let code = codes::ALL.iter().find(|code| code.is_named() && code.on).expect("a named warning");
        let mut levels = Levels::default();
        assert_eq!(levels.severity(code), Some(code.severity));
        levels.set(&format!("no-{}", code.id)).unwrap();
        assert_eq!(levels.severity(code), None);
        levels.set(&format!("error={}", code.id)).unwrap();
        assert_eq!(levels.severity(code), Some(Severity::Error));
        levels.set(&format!("no-error={}", code.id)).unwrap();
        levels.set("error").unwrap();
        assert_eq!(levels.severity(code), Some(Severity::Error));
        levels.set("no-error").unwrap();
        levels.silence();
        assert_eq!(levels.severity(code), None);
        let mut misspelt = code.id.to_string();
        misspelt.pop();
        assert_eq!(levels.set(&misspelt).unwrap_err().suggestion, Some(code.id));
        assert_eq!(levels.severity(&codes::E0102), Some(Severity::Error));
    }
}
