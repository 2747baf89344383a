//! Durations, sizes and ages in the units that people read.

use std::time::SystemTime;

/// A duration given in microseconds: `850 us`, `12.3 ms`, `4.56 s`, `2 m 05 s`, `1 h 02 m`.
pub(crate) fn human_us(us: u64) -> String {
    let seconds = us / 1_000_000;
    match us {
        0..1_000 => format!("{us} us"),
        1_000..100_000 => format!("{:.1} ms", us as f64 / 1e3),
        100_000..1_000_000 => format!("{:.0} ms", us as f64 / 1e3),
        1_000_000..60_000_000 => format!("{:.2} s", us as f64 / 1e6),
        60_000_000..3_600_000_000 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} m", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// A number of bytes: `512 B`, `1.5 KiB`, `20 MiB`.
pub(crate) fn human_bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1024.0 {
            let digits = usize::from(unit != "B" && value < 10.0);
            return format!("{value:.digits$} {unit}");
        }
        value /= 1024.0;
    }
    format!("{value:.1} TiB")
}

/// How long ago an RFC 3339 time was: `12 s ago`; the text itself when it is no time.
pub(crate) fn age_of(time: &str, now: SystemTime) -> String {
    let Ok(then) = humantime::parse_rfc3339_weak(time) else { return time.to_owned() };
    let seconds = now.duration_since(then).unwrap_or_default().as_secs();
    match seconds {
        0..100 => format!("{seconds} s ago"),
        100..6_000 => format!("{} m ago", seconds / 60),
        6_000..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Goal: each magnitude has its unit, at the borders too.
    #[test]
    fn durations() {
        let cases = [
            (0, "0 us"),
            (999, "999 us"),
            (1_000, "1.0 ms"),
            (999_000, "999 ms"),
            (1_500_000, "1.50 s"),
            (125_000_000, "2 m 05 s"),
            (3_720_000_000, "1 h 02 m"),
        ];
        for (us, text) in cases {
            assert_eq!(human_us(us), text);
        }
    }

    /// Goal: sizes use binary units.
    #[test]
    fn sizes() {
        assert_eq!(human_bytes(512), "512 B");
        assert_eq!(human_bytes(1536), "1.5 KiB");
        assert_eq!(human_bytes(20 << 20), "20 MiB");
    }

    /// Goal: times of the server become ages; clocks that disagree do no harm.
    #[test]
    fn ages() {
        let now = humantime::parse_rfc3339("2026-01-01T00:01:00Z").unwrap();
        assert_eq!(age_of("2026-01-01T00:00:00.123456Z", now), "59 s ago");
        assert_eq!(age_of("2026-01-01T00:00:00Z", now - Duration::from_secs(600)), "0 s ago");
        assert_eq!(age_of("soon", now), "soon");
    }
}
