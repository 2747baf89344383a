//! Texts that a guest made, made fit to show: control characters escaped, length bounded. A guest
//! must not be able to steer a terminal or flood a page.

use std::fmt::Write as _;

/// The longest text of a failure.
pub(crate) const TEXT_MAX_BYTES: usize = 16 * 1024;

/// `text` with control characters escaped, cut to [`TEXT_MAX_BYTES`].
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(TEXT_MAX_BYTES));
    for character in text.chars() {
        push_escaped(&mut out, character);
        if out.len() > TEXT_MAX_BYTES {
            return cut(out);
        }
    }
    out
}

/// `text` with control characters escaped. The caller has bounded it.
pub(crate) fn escaped(text: &str) -> String {
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|character| push_escaped(&mut out, character));
    out
}

/// A number of bytes for people: exact where it is a whole number of MiB or KiB.
pub(crate) fn bytes(count: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    match count {
        0 => "0 bytes".to_owned(),
        _ if count.is_multiple_of(MIB) => format!("{} MiB", count / MIB),
        _ if count >= MIB => format!("{:.1} MiB", count as f64 / MIB as f64),
        _ if count.is_multiple_of(KIB) => format!("{} KiB", count / KIB),
        _ => format!("{count} bytes"),
    }
}

fn push_escaped(out: &mut String, character: char) {
    if character.is_control() || steers_text(character) {
        let _ = write!(out, "{}", character.escape_default());
    } else {
        out.push(character);
    }
}

/// Characters that reorder or break the text around them without being control characters.
fn steers_text(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn cut(mut text: String) -> String {
    const MARK: &str = "…";
    let mut end = TEXT_MAX_BYTES - MARK.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push_str(MARK);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_text_direction_marks_are_escaped() {
        assert_eq!(shown("a\u{1b}[31mb\n\u{202e}é"), "a\\u{1b}[31mb\\n\\u{202e}é");
        assert_eq!(escaped("plain"), "plain");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let text = shown(&"é".repeat(TEXT_MAX_BYTES));
        assert!(text.len() <= TEXT_MAX_BYTES && text.len() > TEXT_MAX_BYTES - 4);
        assert!(text.ends_with('…'));
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(bytes(64 << 20), "64 MiB");
        assert_eq!(bytes(3 << 19), "1.5 MiB");
        assert_eq!(bytes(64 << 10), "64 KiB");
        assert_eq!(bytes(100), "100 bytes");
    }
}
