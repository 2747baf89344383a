//! "Did you mean": the known word that is most like an unknown one.

/// Words that are compared at most; a suggestion is a courtesy and must cost little.
const COMPARED_MAX: usize = 2_000;

/// The word that differs least, if it differs little enough to be meant.
pub(crate) fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let letters = word.chars().take(65).count();
    if letters > 64 {
        return None;
    }
    let allowed = (letters / 3).max(1);
    let similar = known
        .into_iter()
        .take(COMPARED_MAX)
        .filter(|other| other.len().abs_diff(word.len()) <= allowed * 4)
        .map(|other| (distance(word, other), other))
        .filter(|(distance, _)| *distance <= allowed);
    similar.min_by_key(|(distance, _)| *distance).map(|(_, other)| other)
}

/// `; did you mean ...?`, or nothing.
pub(crate) fn hint<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> String {
    nearest(word, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

fn distance(one: &str, other: &str) -> usize {
    if one.eq_ignore_ascii_case(other) { 0 } else { strsim::osa_distance(one, other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_word_is_found_and_strangers_are_not() {
        let known = ["square", "sum", "checked_div"];
        assert_eq!(nearest("sqaure", known), Some("square"));
        assert_eq!(nearest("SUM", known), Some("sum"));
        assert_eq!(nearest("checkeddiv", known), Some("checked_div"));
        assert_eq!(nearest("banana", known), None);
        assert_eq!(hint("sun", known), "; did you mean `sum`?");
        assert_eq!(hint("zzz", known), "");
    }
}
