//! What JSON has no word for, written with a `$`: bytes as base64, floats that are no numbers.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    cbor::{Item, Reader, text_of, write},
    errors::{Errors, Path},
    fields::{expected, read_text},
};

/// Appends what `{"$bytes": …}` stands for. A byte string stands for itself.
pub(crate) fn write_bytes(
    value: &[u8],
    out: &mut Vec<u8>,
    path: &Path<'_>,
    errors: &mut Errors,
) -> Option<()> {
    if let Ok(Item::Bytes(bytes)) = Reader::new(value).item() {
        write::bytes(out, bytes);
        return Some(());
    }
    match STANDARD.decode(read_text(value, path, errors)?) {
        Ok(bytes) => {
            write::bytes(out, &bytes);
            Some(())
        }
        Err(error) => {
            errors.add(path, "wrong_value", || {
                format!("this is not base64 (RFC 4648, with padding): {error}")
            });
            None
        }
    }
}

/// Appends what `{"$float": …}` stands for.
pub(crate) fn write_float(
    value: &[u8],
    out: &mut Vec<u8>,
    path: &Path<'_>,
    errors: &mut Errors,
) -> Option<()> {
    let number = match text_of(value) {
        Some("NaN") => f64::NAN,
        Some("Infinity") => f64::INFINITY,
        Some("-Infinity") => f64::NEG_INFINITY,
        Some(other) => {
            errors.add(path, "wrong_value", || {
                format!("should be `NaN`, `Infinity` or `-Infinity`, is `{other}`")
            });
            return None;
        }
        None => {
            expected("`NaN`, `Infinity` or `-Infinity`", value, path, errors);
            return None;
        }
    };
    write::float(out, number);
    Some(())
}
