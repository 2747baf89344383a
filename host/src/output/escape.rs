//! Makes texts of guests harmless for terminals. Guests are not trusted: an escape sequence in a
//! log line could retitle, recolor or repaint the terminal of whoever reads it.

use std::fmt::Write as _;

/// `text` with every control and direction-changing character written out, line ends included.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// `text` escaped line by line, each line after the first indented by `indent`.
pub(crate) fn escape_lines(text: &str, indent: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| escape(line.trim_end())).collect();
    lines.join(&format!("\n{indent}"))
}

/// JSON text with the characters escaped that JSON itself lets through. They only occur inside
/// strings, so the text stays the same value.
pub(super) fn escape_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_unsafe(c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Control characters, and those that change the direction of what is shown. All of them are in
/// the Basic Multilingual Plane.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: no control character passes, and ordinary text stays as it is.
    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(escape("a\u{1b}[31mb\nc\u{9b}\u{202e}"), "a\\u{1b}[31mb\\nc\\u{9b}\\u{202e}");
        assert_eq!(escape("größer → 東京"), "größer → 東京");
        assert_eq!(escape_lines("a\nb\u{7}", "  "), "a\n  b\\u{7}");
    }

    /// Goal: escaped JSON is the same value.
    #[test]
    fn escaped_json_is_the_same_value() {
        let value = serde_json::json!({"a\u{9b}": ["\u{1b}[2J\u{202e}\u{7f}", 1]});
        let text = escape_json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!text.chars().any(|c| c != '\n' && is_unsafe(c)));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
