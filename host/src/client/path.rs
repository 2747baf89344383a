//! Paths of the API, with every part encoded, so that a task named `a/b[3]` is one segment.

use std::fmt::{self, Write as _};

/// A path below `/api/v1`, with its query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    text: String,
    has_query: bool,
}

impl Path {
    /// The path of these segments.
    pub(crate) fn of(segments: &[&str]) -> Self {
        let mut text = String::new();
        for segment in segments {
            text.push('/');
            encode_into(segment, &mut text);
        }
        Self { text, has_query: false }
    }

    /// With `name=value` in its query.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        encode_into(name, &mut self.text);
        self.text.push('=');
        encode_into(&value.to_string(), &mut self.text);
        self
    }

    /// With `name=value` in its query if there is a value.
    #[must_use]
    pub(crate) fn with_some(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
fn encode_into(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: names of tasks stay one segment, and queries are joined rightly.
    #[test]
    fn segments_and_queries_are_encoded() {
        let path = Path::of(&["runs", "last", "tasks", "a/b[3]"])
            .with("wait", "30s")
            .with_some("call", Some("m/f"))
            .with_some("none", None::<u32>);
        assert_eq!(path.to_string(), "/runs/last/tasks/a%2Fb%5B3%5D?wait=30s&call=m%2Ff");
    }
}
