//! Reading the objects of a request: known members only, each once, each of its type. Every
//! deviation is an error with its place; nothing stops at the first.

use crate::{
    cbor::{Item, Members, Reader, kind_of, text_of},
    errors::{Errors, Path},
    nearest::hint,
};

/// Visits the members of an object that are in `known`; `visit` gets the name and the value.
pub(crate) fn read_fields<'a>(
    value: &'a [u8],
    path: &Path<'_>,
    known: &[&'static str],
    errors: &mut Errors,
    mut visit: impl FnMut(&'static str, &'a [u8], &mut Errors),
) {
    let Some(members) = Members::of_map(value) else {
        return expected("an object", value, path, errors);
    };
    let mut seen = 0u64;
    for (key, value) in members {
        let Some(key) = text_of(key) else {
            errors.add(path, "unknown_field", || "every key must be a text".to_owned());
            continue;
        };
        let Some(position) = known.iter().position(|name| *name == key) else {
            errors.add(&path.key(key), "unknown_field", || unknown(key, known));
            continue;
        };
        if seen & (1 << position) != 0 {
            errors.add(&path.key(key), "duplicate_key", || twice(key));
            continue;
        }
        seen |= 1 << position;
        if let Some(name) = known.get(position) {
            visit(name, value, errors);
        }
    }
}

/// The text that must be here.
pub(crate) fn read_text<'a>(
    value: &'a [u8],
    path: &Path<'_>,
    errors: &mut Errors,
) -> Option<&'a str> {
    let text = text_of(value);
    if text.is_none() {
        expected("a text", value, path, errors);
    }
    text
}

/// The boolean that must be here.
pub(crate) fn read_bool(value: &[u8], path: &Path<'_>, errors: &mut Errors) -> Option<bool> {
    if let Ok(Item::Bool(value)) = Reader::new(value).item() {
        return Some(value);
    }
    expected("`true` or `false`", value, path, errors);
    None
}

/// The integer that must be here and lie between the two, both included.
pub(crate) fn read_integer(
    value: &[u8],
    path: &Path<'_>,
    (least, most): (i64, i64),
    errors: &mut Errors,
) -> Option<i64> {
    let number = match Reader::new(value).item() {
        Ok(Item::Unsigned(n)) => i128::from(n),
        Ok(Item::Negative(n)) => -1 - i128::from(n),
        _ => {
            expected("an integer", value, path, errors);
            return None;
        }
    };
    let fits = i64::try_from(number).ok().filter(|n| (least..=most).contains(n));
    if fits.is_none() {
        errors.add(path, "wrong_value", || {
            format!("should be an integer from {least} to {most}, is {number}")
        });
    }
    fits
}

/// The items of the list that must be here.
pub(crate) fn read_list<'a>(
    value: &'a [u8],
    path: &Path<'_>,
    errors: &mut Errors,
) -> Option<Members<'a>> {
    let list = Members::of_list(value);
    if list.is_none() {
        expected("a list", value, path, errors);
    }
    list
}

/// The list of texts that must be here.
pub(crate) fn read_texts<'a>(
    value: &'a [u8],
    path: &Path<'_>,
    errors: &mut Errors,
) -> Vec<&'a str> {
    let Some(list) = read_list(value, path, errors) else { return Vec::new() };
    let mut texts = Vec::new();
    for ((_, item), index) in list.zip(0..) {
        texts.extend(read_text(item, &path.index(index), errors));
    }
    texts
}

/// Notes that something else belongs here.
pub(crate) fn expected(what: &str, value: &[u8], path: &Path<'_>, errors: &mut Errors) {
    errors.add(path, "wrong_type", || format!("should be {what}, is {}", kind_of(value).name()));
}

/// The sentence for a key that appears twice.
pub(crate) fn twice(key: &str) -> String {
    format!("the key `{key}` appears twice; every key may appear once")
}

fn unknown(key: &str, known: &[&'static str]) -> String {
    let hint = hint(key, known.iter().copied());
    if hint.is_empty() {
        return format!("`{key}` is not known here; known are {}", known.join(", "));
    }
    format!("`{key}` is not known here{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor::json_to_cbor;

    #[test]
    fn unknown_and_double_members_are_named() {
        let body = json_to_cbor(br#"{"a": 1, "nmae": 2, "a": 3}"#, 8).unwrap();
        let mut errors = Errors::default();
        let mut seen = Vec::new();
        read_fields(&body, &Path::ROOT, &["a", "name"], &mut errors, |name, _, _| seen.push(name));
        assert_eq!(seen, ["a"]);
        let (items, _) = errors.into_parts();
        assert_eq!(items[0].pointer, "/nmae");
        assert!(items[0].detail.contains("did you mean `name`?"));
        assert_eq!((items[1].code, items[1].pointer.as_str()), ("duplicate_key", "/a"));
    }
}
