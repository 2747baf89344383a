//! Exit codes and which error leads to which. The only place that knows the numbers.

use std::process::ExitCode;

use crate::client::ClientError;

/// The code of a command that was written wrongly.
pub(crate) const USAGE: &str = "usage";

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// All went well.
    Ok,
    /// A task or a run failed, or the command could not do its work.
    Failed,
    /// The command was written wrongly.
    Usage,
    /// No server answered.
    Unreachable,
    /// The server refused.
    Refused,
    /// The user stopped it.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Refused => 4,
            Self::Interrupted => 130,
        }
    }

    /// What an error means for the exit code.
    pub(crate) fn of_error(error: &anyhow::Error) -> Self {
        if is_broken_pipe(error) {
            return Self::Ok;
        }
        if error.downcast_ref::<Usage>().is_some() {
            return Self::Usage;
        }
        match error.downcast_ref::<ClientError>() {
            Some(ClientError::Unreachable { .. }) => Self::Unreachable,
            Some(ClientError::Refused(_)) => Self::Refused,
            Some(ClientError::Unexpected { .. }) | None => Self::Failed,
        }
    }
}

/// What kind of error it is, for programs: the server's own code where it refused.
pub(crate) fn code_of(error: &anyhow::Error) -> &str {
    if error.downcast_ref::<Usage>().is_some() {
        return USAGE;
    }
    match error.downcast_ref::<ClientError>() {
        Some(ClientError::Unreachable { .. }) => "unreachable",
        Some(ClientError::Refused(problem)) if !problem.code.is_empty() => &problem.code,
        Some(ClientError::Refused(_)) => "refused",
        Some(ClientError::Unexpected { .. }) => "unexpected",
        None if error.chain().any(|cause| cause.is::<std::io::Error>()) => "io",
        None => "failed",
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The command was written wrongly; the text says how to write it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Whether the reader of our output has gone away (as `head` does), which is no failure.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;
    use crate::client::Problem;

    /// Goal: each kind of error has the code of the contract, also under added context.
    #[test]
    fn errors_have_their_codes() {
        let refused = ClientError::Refused(Box::<Problem>::default());
        let away = ClientError::Unreachable { server: "s".into(), cause: "c".into() };
        let cases: [(anyhow::Error, u8, &str); 6] = [
            (Usage("x".into()).into(), 2, "usage"),
            (away.into(), 3, "unreachable"),
            (refused.into(), 4, "refused"),
            (anyhow::anyhow!("x"), 1, "failed"),
            (std::io::Error::from(std::io::ErrorKind::NotFound).into(), 1, "io"),
            (std::io::Error::from(std::io::ErrorKind::BrokenPipe).into(), 0, "io"),
        ];
        for (error, code, name) in cases {
            assert_eq!((Exit::of_error(&error).code(), code_of(&error)), (code, name), "{error}");
            let error = Err::<(), _>(error).context("c").unwrap_err();
            assert_eq!((Exit::of_error(&error).code(), code_of(&error)), (code, name));
        }
        assert_eq!(Exit::Interrupted.code(), 130);
    }
}
