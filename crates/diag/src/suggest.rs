//! "Did you mean".

/// The candidate nearest to a misspelt name, if one is near: by edit distance with transpositions,
/// ignoring case, at most a third of the name's length (and at least one) away. Of equally near
/// ones the first.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let length = name.chars().count();
    if length == 0 || length > 64 {
        return None;
    }
    let limit = (length / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate.len().abs_diff(name.len()) > limit {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&name, &candidate.to_ascii_lowercase());
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
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
    }
}
