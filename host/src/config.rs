//! Values that people write (sizes, amounts, addresses) and the places where Wask keeps things.
//! Never touches the network or the disk.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::Context as _;

use crate::exit_code::Usage;

/// The server that commands talk to when nothing else is said.
pub(crate) const DEFAULT_SERVER: &str = "http://127.0.0.1:8787";

/// A number of bytes, written as `64MiB`, `1.5GiB`, `500kB` or `4096`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ByteSize(pub(crate) u64);

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor: f64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "kb" => 1e3,
            "mb" => 1e6,
            "gb" => 1e9,
            "k" | "kib" => 1024.0,
            "m" | "mib" => 1024.0 * 1024.0,
            "g" | "gib" => 1024.0 * 1024.0 * 1024.0,
            _ => return Err(format!("`{unit}` is no unit of size; write for example 64MiB")),
        };
        let number: f64 =
            number.parse().map_err(|_| format!("`{text}` is no size; write for example 64MiB"))?;
        let bytes = number * factor;
        if bytes < 1.0 || bytes > 2f64.powi(62) {
            return Err(format!("`{text}` is out of range"));
        }
        Ok(Self(bytes as u64))
    }
}

/// An amount of a named resource in thousandths, written as `gpu=1` or `cpu=0.5`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ResourceAmount {
    /// The resource.
    pub(crate) name: String,
    /// How much of it, in thousandths.
    pub(crate) thousandths: u64,
}

impl FromStr for ResourceAmount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no resource; write NAME=AMOUNT, for example gpu=1");
        let (name, amount) = text.split_once('=').ok_or_else(wrong)?;
        let amount: f64 = amount.parse().map_err(|_| wrong())?;
        if name.is_empty() || !(0.001..=1e12).contains(&amount) {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), thousandths: (amount * 1e3).round() as u64 })
    }
}

/// The data directory: the one asked for, or `wask` in the XDG data home.
pub(crate) fn data_dir(asked: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(dir) = asked {
        return Ok(dir.to_owned());
    }
    let from_env =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    from_env("XDG_DATA_HOME")
        .or_else(|| from_env("HOME").map(|home| home.join(".local/share")))
        .map(|home| home.join("wask"))
        .context("neither XDG_DATA_HOME nor HOME is set; name a directory with --data-dir")
}

/// Refuses to open the server to others without a token.
pub(crate) fn check_listen(listen: SocketAddr, token: Option<&str>) -> Result<(), Usage> {
    if listen.ip().is_loopback() || token.is_some_and(|token| !token.is_empty()) {
        return Ok(());
    }
    Err(Usage(format!(
        "{listen} can be reached from other machines, so the server needs a token: \
         set WASK_TOKEN or pass --token TOKEN (or listen on 127.0.0.1)"
    )))
}

/// The base URL of the API: scheme and authority without a trailing slash.
pub(crate) fn server_url(text: &str) -> Result<String, Usage> {
    let text = text.trim();
    if text.starts_with("https://") {
        return Err(Usage(format!(
            "`{text}`: TLS is not supported; write http://HOST:PORT, through a tunnel if need be"
        )));
    }
    let authority = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    // Requests add it themselves.
    let authority = authority.strip_suffix("/api/v1").unwrap_or(authority).trim_end_matches('/');
    if authority.is_empty() || authority.contains("://") {
        return Err(Usage(format!("`{text}` is no server; write http://HOST:PORT")));
    }
    Ok(format!("http://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: sizes mean what their unit says, and nonsense is refused.
    #[test]
    fn sizes() {
        let size = |text: &str| text.parse::<ByteSize>().map(|size| size.0);
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("1.5 GiB"), Ok(3 << 29));
        assert_eq!(size("500kB"), Ok(500_000));
        for wrong in ["", "MiB", "64XB", "-1", "0", "1e3GiB", "99999999999GiB"] {
            assert!(size(wrong).is_err(), "{wrong} was taken");
        }
    }

    /// Goal: resources are kept in thousandths.
    #[test]
    fn resources() {
        let gpu: ResourceAmount = "gpu=1".parse().unwrap();
        assert_eq!(gpu, ResourceAmount { name: "gpu".into(), thousandths: 1000 });
        assert_eq!("cpu=0.25".parse::<ResourceAmount>().unwrap().thousandths, 250);
        for wrong in ["gpu", "=1", "gpu=", "gpu=-1", "gpu=NaN", "gpu=0"] {
            assert!(wrong.parse::<ResourceAmount>().is_err(), "{wrong} was taken");
        }
    }

    /// Goal: only loopback goes without a token.
    #[test]
    fn listening_beyond_loopback_needs_a_token() {
        let open: SocketAddr = "0.0.0.0:8787".parse().unwrap();
        let local: SocketAddr = "127.0.0.1:0".parse().unwrap();
        assert!(check_listen(local, None).is_ok());
        assert!(check_listen(open, None).is_err());
        assert!(check_listen(open, Some("")).is_err());
        assert!(check_listen(open, Some("secret")).is_ok());
    }

    /// Goal: a server may be written without scheme, and nothing but plain HTTP is taken.
    #[test]
    fn server_urls() {
        assert_eq!(server_url("http://a:1/").unwrap(), "http://a:1");
        assert_eq!(server_url("a:1").unwrap(), "http://a:1");
        assert_eq!(server_url("http://a:1/api/v1/").unwrap(), "http://a:1");
        assert!(server_url("https://a:1").unwrap_err().to_string().contains("TLS"));
        assert!(server_url("http://").is_err());
    }
}
