//! How long a command that waits bears a server that does not answer: long enough for a restart.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{client::ClientError, output::Output};

/// How long a server may be away.
const AWAY_MAX: Duration = Duration::from_secs(30);

/// The time between two tries.
const PAUSE: Duration = Duration::from_millis(250);

/// HTTP's "not now", as a server says that is about to stop.
const UNAVAILABLE: u16 = 503;

/// The patience that is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    output: Output,
    away_since: Option<Instant>,
}

impl Patience {
    /// All of it.
    pub(crate) fn new(output: Output) -> Self {
        Self { output, away_since: None }
    }

    /// Waits a little if the error may pass; returns it if it does not, or has lasted too long.
    pub(crate) fn bear(&mut self, error: ClientError) -> Result<(), ClientError> {
        let passes = match &error {
            ClientError::Unreachable { .. } => true,
            ClientError::Refused(problem) => problem.status == UNAVAILABLE,
            ClientError::Unexpected { .. } => false,
        };
        let since = self.away_since.unwrap_or_else(Instant::now);
        if !passes || since.elapsed() >= AWAY_MAX {
            return Err(error);
        }
        if self.away_since.is_none() {
            let seconds = AWAY_MAX.as_secs();
            self.output.message(format!("the server does not answer; trying for {seconds} s"));
        }
        self.away_since = Some(since);
        thread::sleep(PAUSE);
        Ok(())
    }

    /// The server answered.
    pub(crate) fn renew(&mut self) {
        if self.away_since.take().is_some() {
            self.output.message("the server answers again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Problem;

    /// Goal: a server that is away is borne for a while, a refusal is not.
    #[test]
    fn refusals_are_not_borne() {
        let refused =
            |status| ClientError::Refused(Box::new(Problem { status, ..Problem::default() }));
        let mut patience = Patience::new(Output::new(true));
        assert!(patience.bear(refused(UNAVAILABLE)).is_ok());
        assert!(patience.bear(refused(404)).is_err());
        patience.away_since = Instant::now().checked_sub(AWAY_MAX);
        assert!(patience.bear(refused(UNAVAILABLE)).is_err());
        patience.renew();
        assert!(patience.away_since.is_none());
    }
}
