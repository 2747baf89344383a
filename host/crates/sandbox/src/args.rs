//! The command lines of the hidden subcommands `executor` and `compile`. Nothing here acts on
//! them.

use std::{collections::HashMap, ffi::OsString, path::PathBuf};

use wask_proto::ModuleId;

/// A command line that is not one of ours.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ArgsError {
    /// An option is missing.
    #[error("the option {0} is missing")]
    Missing(&'static str),
    /// An option has no value, or is not known.
    #[error("cannot understand the argument {0:?}")]
    Unknown(OsString),
    /// An option's value does not parse.
    #[error("the option {option} does not take {value:?}")]
    Value {
        /// The option.
        option: &'static str,
        /// What was given.
        value: OsString,
    },
}

/// Command line of `executor`: `--cache-dir DIR [--zero-work true]`. Descriptor 3 is its end of the
/// socket pair, descriptor 4 the memfd of the shared page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExecutorArgs {
    /// Where compiled modules are.
    pub cache_dir: PathBuf,
    /// Answer each task's call with null, at once and without a sandbox: for measuring the rest.
    pub zero_work: bool,
}

impl ExecutorArgs {
    /// Parses what follows the word `executor`.
    pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, ArgsError> {
        let mut options = Options::read(args, &["--cache-dir", "--zero-work"])?;
        let zero_work = options.take_parsed("--zero-work");
        Ok(Self {
            cache_dir: options.take("--cache-dir")?.into(),
            zero_work: match zero_work {
                Err(ArgsError::Missing(_)) => false,
                given => given?,
            },
        })
    }
}

/// Command line of `compile`: `--wasm FILE --id HEX --cache-dir DIR --memory-max-bytes N`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CompileArgs {
    /// The uploaded bytes.
    pub wasm: PathBuf,
    /// Their hash, as the caller knows it.
    pub id: ModuleId,
    /// Where to put the compiled form.
    pub cache_dir: PathBuf,
    /// The most memory that the child may hold.
    pub memory_max_bytes: u64,
}

impl CompileArgs {
    /// Parses what follows the word `compile`.
    pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, ArgsError> {
        let known = ["--wasm", "--id", "--cache-dir", "--memory-max-bytes"];
        let mut options = Options::read(args, &known)?;
        Ok(Self {
            wasm: options.take("--wasm")?.into(),
            id: options.take_parsed("--id")?,
            cache_dir: options.take("--cache-dir")?.into(),
            memory_max_bytes: options.take_parsed("--memory-max-bytes")?,
        })
    }
}

/// Options with one value each.
struct Options(HashMap<&'static str, OsString>);

impl Options {
    fn read(
        args: impl IntoIterator<Item = OsString>,
        known: &[&'static str],
    ) -> Result<Self, ArgsError> {
        let mut values = HashMap::new();
        let mut args = args.into_iter();
        while let Some(word) = args.next() {
            let Some(&option) = known.iter().find(|option| word == **option) else {
                return Err(ArgsError::Unknown(word));
            };
            values.insert(option, args.next().ok_or(ArgsError::Missing(option))?);
        }
        Ok(Self(values))
    }

    fn take(&mut self, option: &'static str) -> Result<OsString, ArgsError> {
        self.0.remove(option).ok_or(ArgsError::Missing(option))
    }

    fn take_parsed<T: std::str::FromStr>(&mut self, option: &'static str) -> Result<T, ArgsError> {
        let value = self.take(option)?;
        let parsed = value.to_str().and_then(|text| text.parse().ok());
        parsed.ok_or(ArgsError::Value { option, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_compile_line_needs_every_option_in_any_order() {
        let id = ModuleId::of(b"m");
        let line = format!("--id {id} --wasm /a --memory-max-bytes 7 --cache-dir /c");
        let args = CompileArgs::parse(words(&line));
        let cache_dir = "/c".into();
        assert_eq!(args, Ok(CompileArgs { wasm: "/a".into(), id, cache_dir, memory_max_bytes: 7 }));
        assert_eq!(CompileArgs::parse(words("--wasm /a")), Err(ArgsError::Missing("--id")));
    }

    #[test]
    fn an_executor_works_unless_it_is_told_otherwise() {
        let args = |line| ExecutorArgs::parse(words(line)).map(|args| args.zero_work);
        assert_eq!(args("--cache-dir /c"), Ok(false));
        assert_eq!(args("--cache-dir /c --zero-work true"), Ok(true));
        assert!(args("--cache-dir /c --zero-work maybe").is_err());
    }

    #[test]
    fn an_unknown_word_is_named() {
        assert_eq!(
            ExecutorArgs::parse(words("--cash-dir /c")),
            Err(ArgsError::Unknown("--cash-dir".into()))
        );
    }
}
