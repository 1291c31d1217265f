//! "Did you mean".

/// The candidate nearest to a misspelt name, if one is near: by edit distance with transpositions,
/// ignoring case, at most a third of the name's length away. Of equally near ones the first. A name
/// of two letters may differ in its second; one of at least three that is the beginning of a single
/// candidate means that one.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let length = name.chars().count();
    if length == 0 || length > 64 {
        return None;
    }
    let limit = if length == 2 { 1 } else { length / 3 };
    let mut best: Option<(usize, &str)> = None;
    let mut longer: Option<&str> = None;
    let mut several = false;
    for candidate in candidates {
        if length >= 3 && candidate.len() > name.len() && candidate.to_ascii_lowercase().starts_with(&name) {
            several |= longer.is_some_and(|other| other != candidate);
            longer = Some(candidate);
        }
        if candidate.len().abs_diff(name.len()) > limit || length <= 2 && !candidate.to_ascii_lowercase().starts_with(|c| name.starts_with(c)) {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&name, &candidate.to_ascii_lowercase());
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate).or(longer.filter(|_| !several))
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn near_names_only() {
        assert_eq!(suggest("adi", ["sub", "addi", "and"]), Some("addi"));
        assert_eq!(suggest("LW", ["lw"]), Some("lw"));
        assert_eq!(suggest("mian", ["main", "mean"]), Some("main"));
        assert_eq!(suggest("frobnicate", ["add", "sub"]), None);
        assert_eq!(suggest("", ["a"]), None);
        assert_eq!(suggest("b", ["j"]), None);
        assert_eq!(suggest("lx", ["sw", "lw"]), Some("lw"));
        assert_eq!(suggest("func", ["function", "object"]), Some("function"));
        assert_eq!(suggest("func", ["function", "functor"]), None);
    }
}
