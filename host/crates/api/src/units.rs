//! Durations, sizes and times as they are written in requests and responses.

use std::{fmt, time::Duration};

use jiff::fmt::temporal::DateTimePrinter;
use serde::{Serialize, Serializer};
use wask_proto::Timestamp;

/// `250ms`, `30s`, `5m`, `1h`, in whole milliseconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, u64); 5] =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let wrong = || {
        format!("`{text}` is not a duration; write a number and a unit: `250ms`, `30s`, `5m`, `1h`")
    };
    let (number, unit) = split_unit(text).ok_or_else(wrong)?;
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    scaled(number, *factor).map(Duration::from_millis).ok_or_else(wrong)
}

/// `64MiB`, `1GiB`, `512KiB`, `100B`, in bytes.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u32); 5] = [("B", 0), ("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];
    let wrong = || {
        let example = "write a number and a unit: `512KiB`, `64MiB`, `1GiB`";
        format!("`{text}` is not a size; {example}")
    };
    let (number, unit) = split_unit(text).ok_or_else(wrong)?;
    let (_, shift) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    scaled(number, 1 << shift).ok_or_else(wrong)
}

/// A number of bytes, as short as it can be said exactly.
pub(crate) fn show_size(bytes: u64) -> String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if bytes >= 1 << shift && bytes.trailing_zeros() >= shift {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    format!("{bytes}B")
}

fn split_unit(text: &str) -> Option<(&str, &str)> {
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    Some((text.get(..unit)?, text.get(unit..)?))
}

/// `number * factor` with up to nine decimals, rounded down; `None` if it does not fit.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    let digits = fraction.parse::<u128>().ok()?;
    let part = digits * u128::from(factor) / 10u128.pow(fraction.len() as u32);
    whole.checked_add(u64::try_from(part).ok()?)
}

/// A point in time as RFC 3339 in UTC with microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Time(pub(crate) Timestamp);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
        let micros = i64::try_from(self.0.0).unwrap_or(i64::MAX);
        let time = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX);
        f.write_str(&PRINTER.timestamp_to_string(&time))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_exactly_and_nonsense_is_refused() {
        let ms = |text| parse_duration(text).map(|d| d.as_millis()).ok();
        assert_eq!(ms("250ms"), Some(250));
        assert_eq!(ms("1.5s"), Some(1_500));
        assert_eq!(ms("5m"), Some(300_000));
        assert_eq!(ms("0s"), Some(0));
        for wrong in
            ["", "5", "s", "-1s", "1 s", "5 minutes", "1e3s", "1.s", "99999999999999999999s"]
        {
            assert_eq!(ms(wrong), None, "{wrong}");
        }
        assert!(parse_duration("5").unwrap_err().contains("`30s`"));
    }

    #[test]
    fn sizes_are_binary() {
        assert_eq!(parse_size("64MiB"), Ok(64 << 20));
        assert_eq!(parse_size("0.5KiB"), Ok(512));
        assert_eq!(parse_size("7B"), Ok(7));
        for wrong in ["64MB", "64", "MiB", "64mib", "-1B", "99999999999TiB"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
        assert_eq!(show_size(64 << 20), "64MiB");
        assert_eq!(show_size(1_000), "1000B");
    }

    #[test]
    fn times_have_six_decimals_and_end_with_z() {
        let text = serde_json::to_string(&Time(Timestamp(1_700_000_000_000_000))).unwrap();
        assert_eq!(text, "\"2023-11-14T22:13:20.000000Z\"");
    }
}
