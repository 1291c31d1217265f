//! Wildcards as the shell has them: `*`, `?`, `[a-z]`, `\x`.

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: Vec<u8>,
    /// Bytes before the first wildcard: most names fail here.
    literal: usize,
    /// Nothing but `literal` and one final `*`.
    is_prefix: bool,
}

impl Pattern {
    /// Compiles; every text is a pattern.
    #[must_use]
    pub fn new(text: &str) -> Pattern {
        let bytes = text.as_bytes().to_vec();
        let literal = bytes.iter().position(|b| b"*?[\\".contains(b)).unwrap_or(bytes.len());
        let is_prefix = literal + 1 == bytes.len() && bytes[literal] == b'*';
        Pattern { text: bytes, literal, is_prefix }
    }

    /// Whether it matches a whole name.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        if !name.starts_with(&self.text[..self.literal]) {
            return false;
        }
        if self.is_prefix {
            return true;
        }
        if self.literal == self.text.len() {
            return name.len() == self.literal;
        }
        glob(&self.text[self.literal..], &name[self.literal..])
    }

    /// Whether it matches one name only.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.literal == self.text.len()
    }

    /// Whether it matches every name.
    #[must_use]
    pub fn matches_all(&self) -> bool {
        self.is_prefix && self.literal == 0
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or("")
    }
}

/// Backtracks to the last `*` only, which is enough: linear in practice, quadratic at worst.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if p < pattern.len() && pattern[p] == b'*' {
            p += 1;
            retry = Some((p, n));
            continue;
        }
        if n == name.len() && p == pattern.len() {
            return true;
        }
        if n < name.len()
            && let Some(length) = one(&pattern[p..], name[n])
        {
            p += length;
            n += 1;
            continue;
        }
        match &mut retry {
            Some((after, at)) if *at < name.len() => {
                *at += 1;
                (p, n) = (*after, *at);
            }
            _ => return false,
        }
    }
}

/// Matches one byte against the pattern's first element; gives the element's length.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match *pattern.first()? {
        b'?' => Some(1),
        b'\\' => (*pattern.get(1)? == byte).then_some(2),
        b'[' => {
            let negated = matches!(pattern.get(1), Some(b'!' | b'^'));
            let start = 1 + usize::from(negated);
            let end = start + 1 + pattern.get(start + 1..)?.iter().position(|&b| b == b']')?;
            let set = &pattern[start..end];
            let mut found = false;
            let mut at = 0;
            while at < set.len() {
                if at + 2 < set.len() && set[at + 1] == b'-' {
                    found |= (set[at]..=set[at + 2]).contains(&byte);
                    at += 3;
                } else {
                    found |= set[at] == byte;
                    at += 1;
                }
            }
            (found != negated).then_some(end + 1)
        }
        literal => (literal == byte).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        let m = |pattern: &str, name: &str| Pattern::new(pattern).matches(name.as_bytes());
        assert!(m("*", "") && m("*", "x") && m(".text", ".text") && m(".text.*", ".text.f") && m(".text*", ".text"));
        assert!(!m(".text", ".text.f") && !m(".text.*", ".text") && !m("?", ""));
        assert!(m("*crt?.o", "/usr/lib/crt0.o") && m("*[a-c]x", "zzbx") && !m("*[!a-c]x", "zzbx") && m("a\\*", "a*") && !m("a\\*", "ab"));
        assert!(m("*.text.*_unlikely", ".text.foo_unlikely") && !m("[", "[") && m("[]]", "]"));
    }
}
