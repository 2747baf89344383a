//! From JSON text to CBOR in one pass.
//!
//! Written here because a graph must be read exactly: integers keep all their digits or are
//! refused (general parsers turn 2^64 into a float), nesting has a limit with a place, nothing is
//! allocated per value, and a million elements become a few bytes each.

use super::write;

/// What kind of fault a JSON text has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum JsonFault {
    /// It is not JSON.
    Syntax,
    /// It nests deeper than allowed.
    TooDeep,
    /// A number has no exact place among 64-bit integers, or none among finite floats.
    NumberRange,
}

/// A text that cannot be taken, and the place in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct JsonError {
    /// The kind.
    pub(crate) fault: JsonFault,
    /// What is wrong, with line and column.
    pub(crate) detail: String,
    /// JSON pointer to the value.
    pub(crate) pointer: String,
}

/// Translates one JSON text. Objects become maps in the order given, duplicates included; who
/// reads the map looks for them.
pub(crate) fn json_to_cbor(json: &[u8], depth_max: usize) -> Result<Vec<u8>, JsonError> {
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let out = Vec::with_capacity(json.len() + 16);
    let mut parser = Parser { json, at: 0, out, depth_left: depth_max, depth_max };
    if let Err(error) = std::str::from_utf8(json) {
        parser.at = error.valid_up_to();
        return Err(parser.syntax("this is not UTF-8"));
    }
    parser.value()?;
    parser.space();
    if parser.at < json.len() {
        return Err(parser.syntax("expected the end of the body"));
    }
    Ok(parser.out)
}

struct Parser<'a> {
    json: &'a [u8],
    at: usize,
    out: Vec<u8>,
    depth_left: usize,
    depth_max: usize,
}

impl Parser<'_> {
    fn value(&mut self) -> Result<(), JsonError> {
        self.space();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true", 0xf5),
            Some(b'f') => self.word(b"false", 0xf4),
            Some(b'n') => self.word(b"null", write::NULL),
            Some(_) => Err(self.syntax("expected a value")),
            None => Err(self.syntax("expected a value, found the end of the body")),
        }
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        let Some(left) = self.depth_left.checked_sub(1) else {
            let limit = self.depth_max;
            let what = format!("this is nested more than {limit} levels deep, which is the limit");
            return Err(self.error(JsonFault::TooDeep, &what));
        };
        self.depth_left = left;
        let done = read(self);
        self.depth_left = left + 1;
        done
    }

    fn array(&mut self) -> Result<(), JsonError> {
        let head = self.open();
        let mut count = 0;
        self.space();
        if self.eat(b']') {
            write::patch_head(&mut self.out, head, write::ARRAY, 0);
            return Ok(());
        }
        loop {
            self.value().map_err(|error| error.within(&count.to_string()))?;
            count += 1;
            self.space();
            if self.eat(b']') {
                write::patch_head(&mut self.out, head, write::ARRAY, count);
                return Ok(());
            }
            if !self.eat(b',') {
                return Err(self.syntax("expected `,` or `]`"));
            }
        }
    }

    fn object(&mut self) -> Result<(), JsonError> {
        let head = self.open();
        let mut count = 0;
        self.space();
        if self.eat(b'}') {
            write::patch_head(&mut self.out, head, write::MAP, 0);
            return Ok(());
        }
        loop {
            self.member()?;
            count += 1;
            self.space();
            if self.eat(b'}') {
                write::patch_head(&mut self.out, head, write::MAP, count);
                return Ok(());
            }
            if !self.eat(b',') {
                return Err(self.syntax("expected `,` or `}`"));
            }
            self.space();
        }
    }

    fn member(&mut self) -> Result<(), JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.syntax("expected a key in double quotes"));
        }
        let key = self.out.len();
        self.string()?;
        let key = key..self.out.len();
        self.space();
        if !self.eat(b':') {
            return Err(self.syntax("expected `:`"));
        }
        self.value().map_err(|error| {
            let key = self.out.get(key).and_then(super::text_of).unwrap_or_default();
            error.within(key)
        })
    }

    /// Takes the opening bracket and keeps one byte free for the head.
    fn open(&mut self) -> usize {
        self.at += 1;
        self.out.push(0);
        self.out.len() - 1
    }

    fn string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        let start = self.at;
        self.plain();
        if self.eat(b'"') {
            let text = self.json.get(start..self.at - 1).unwrap_or(&[]);
            write::head(&mut self.out, write::TEXT, text.len() as u64);
            self.out.extend_from_slice(text);
            return Ok(());
        }
        let mut text = self.json.get(start..self.at).unwrap_or(&[]).to_vec();
        while !self.eat(b'"') {
            match self.peek() {
                Some(b'\\') => self.escape(&mut text)?,
                Some(_) => {
                    return Err(self.syntax("a control character must be written as \\u00xx"));
                }
                None => return Err(self.syntax("the text has no closing quote")),
            }
            let start = self.at;
            self.plain();
            text.extend_from_slice(self.json.get(start..self.at).unwrap_or(&[]));
        }
        write::head(&mut self.out, write::TEXT, text.len() as u64);
        self.out.extend_from_slice(&text);
        Ok(())
    }

    /// Passes over what stands for itself in a string.
    fn plain(&mut self) {
        let rest = self.json.get(self.at..).unwrap_or(&[]);
        let special = |&byte: &u8| byte == b'"' || byte == b'\\' || byte < 0x20;
        self.at += rest.iter().position(special).unwrap_or(rest.len());
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), JsonError> {
        self.at += 1;
        let byte = self.peek();
        self.at += 1;
        let plain = match byte {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode_escape(text),
            _ => {
                self.at -= 1;
                return Err(self.syntax("no escape of JSON begins like this"));
            }
        };
        text.push(plain);
        Ok(())
    }

    fn unicode_escape(&mut self, text: &mut Vec<u8>) -> Result<(), JsonError> {
        let first = self.four_digits()?;
        let code = if (0xd800..0xdc00).contains(&first) && self.rest().starts_with(b"\\u") {
            self.at += 2;
            let second = self.four_digits()?;
            let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400);
            low.map(|low| 0x1_0000 + ((first - 0xd800) << 10) + low)
        } else {
            Some(first)
        };
        let Some(character) = code.and_then(char::from_u32) else {
            return Err(self.syntax("half of a surrogate pair"));
        };
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn four_digits(&mut self) -> Result<u32, JsonError> {
        let digits = self.rest().first_chunk::<4>().filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let Some(code) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return Err(self.syntax("expected four hexadecimal digits"));
        };
        self.at += 4;
        Ok(code)
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        let negative = self.eat(b'-');
        let leading_zero = self.peek() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || (leading_zero && digits > 1) {
            self.at = start;
            return Err(self.syntax("this is not a number of JSON"));
        }
        let is_integer = !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        if !is_integer {
            self.fraction_and_exponent(start)?;
        }
        let text = self.json.get(start..self.at).unwrap_or(&[]);
        let text = std::str::from_utf8(text).unwrap_or_default();
        let wrote = if is_integer {
            integer(&mut self.out, text, negative)
        } else {
            finite(&mut self.out, text)
        };
        if wrote {
            return Ok(());
        }
        self.at = start;
        let what = if is_integer {
            "this integer is out of range: from -9223372036854775808 to 18446744073709551615"
        } else {
            "this number is too large for a 64-bit float"
        };
        Err(self.error(JsonFault::NumberRange, what))
    }

    fn fraction_and_exponent(&mut self, start: usize) -> Result<(), JsonError> {
        let mut valid = true;
        if self.eat(b'.') {
            valid &= self.digits() > 0;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _sign = self.eat(b'-') || self.eat(b'+');
            valid &= self.digits() > 0;
        }
        if valid {
            return Ok(());
        }
        self.at = start;
        Err(self.syntax("this is not a number of JSON"))
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn word(&mut self, word: &[u8], item: u8) -> Result<(), JsonError> {
        if !self.rest().starts_with(word) {
            return Err(self.syntax("expected a value"));
        }
        self.at += word.len();
        self.out.push(item);
        Ok(())
    }

    fn space(&mut self) {
        let blank = |byte: &&u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        self.at += self.rest().iter().take_while(blank).count();
    }

    fn rest(&self) -> &[u8] {
        self.json.get(self.at..).unwrap_or(&[])
    }

    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn syntax(&self, what: &str) -> JsonError {
        self.error(JsonFault::Syntax, what)
    }

    fn error(&self, fault: JsonFault, what: &str) -> JsonError {
        let before = self.json.get(..self.at).unwrap_or(self.json);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        let detail = format!("{what} (line {line}, column {column})");
        JsonError { fault, detail, pointer: String::new() }
    }
}

impl JsonError {
    /// The same error, seen from one level further out.
    fn within(mut self, segment: &str) -> Self {
        let segment = segment.replace('~', "~0").replace('/', "~1");
        self.pointer = format!("/{segment}{}", self.pointer);
        self
    }
}

fn integer(out: &mut Vec<u8>, text: &str, negative: bool) -> bool {
    if negative {
        text.parse().map(|value| write::integer(out, value)).is_ok()
    } else {
        text.parse().map(|value| write::head(out, write::UNSIGNED, value)).is_ok()
    }
}

fn finite(out: &mut Vec<u8>, text: &str) -> bool {
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
    value.map(|value| write::float(out, value)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cbor(json: &str) -> Vec<u8> {
        json_to_cbor(json.as_bytes(), 32).unwrap()
    }

    fn fault(json: &str) -> JsonError {
        json_to_cbor(json.as_bytes(), 32).unwrap_err()
    }

    #[test]
    fn scalars_and_containers_become_the_shortest_cbor() {
        assert_eq!(cbor(" [1, -1, 300, true, null, \"ü\"] "), {
            [0x86, 0x01, 0x20, 0x19, 0x01, 0x2c, 0xf5, 0xf6, 0x62, 0xc3, 0xbc]
        });
        assert_eq!(cbor(r#"{"a": {}, "b": []}"#), [0xa2, 0x61, b'a', 0xa0, 0x61, b'b', 0x80]);
        assert_eq!(cbor("1.0")[0], 0xfb);
        let long = format!("[{}]", ["0"; 300].join(","));
        assert_eq!(cbor(&long)[..4], [0x99, 0x01, 0x2c, 0]);
    }

    #[test]
    fn escapes_and_surrogate_pairs_are_decoded() {
        assert_eq!(
            cbor(r#""a\n\u00fc\ud83d\ude00\/""#),
            cbor("\"a\n\u{fc}\u{1f600}/\"".replace('\n', "\\n").as_str())
        );
        for wrong in
            [r#""\ud83d""#, r#""\ud83d\u0041""#, r#""\x""#, "\"\u{1}\"", r#""\u12g4""#, "\"a"]
        {
            assert_eq!(fault(wrong).fault, JsonFault::Syntax, "{wrong}");
        }
    }

    #[test]
    fn integers_are_exact_or_refused() {
        assert_eq!(cbor("18446744073709551615"), [0x1b, 255, 255, 255, 255, 255, 255, 255, 255]);
        assert_eq!(cbor("-9223372036854775808")[0], 0x3b);
        for wrong in ["18446744073709551616", "-9223372036854775809", "1e400", "-1e999"] {
            assert_eq!(fault(wrong).fault, JsonFault::NumberRange, "{wrong}");
        }
        for wrong in ["01", "1.", ".5", "-", "1e", "+1", "0x1", "NaN", "Infinity"] {
            assert_eq!(fault(wrong).fault, JsonFault::Syntax, "{wrong}");
        }
    }

    #[test]
    fn errors_name_line_column_and_pointer() {
        let error = fault("{\n  \"tasks\": {\"a/b\": [1, 1e400]}}");
        assert_eq!(error.pointer, "/tasks/a~1b/1");
        assert!(error.detail.ends_with("(line 2, column 24)"), "{}", error.detail);
        assert!(fault("[1,]").detail.contains("line 1, column 4"));
        assert_eq!(fault("{} x").fault, JsonFault::Syntax);
        assert_eq!(fault("").fault, JsonFault::Syntax);
        assert_eq!(fault("{\"a\" 1}").fault, JsonFault::Syntax);
    }

    #[test]
    fn nesting_has_a_limit() {
        let deep = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(json_to_cbor(deep(32).as_bytes(), 32).is_ok());
        assert_eq!(fault(&deep(33)).fault, JsonFault::TooDeep);
        assert_eq!(fault(&"[".repeat(1_000_000)).fault, JsonFault::TooDeep);
    }
}
