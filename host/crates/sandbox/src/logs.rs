//! The log lines of one call, within its budget.

use wask_proto::{CallLimits, Timestamp, executor::LogLine};

use crate::text;

/// The highest level that the world defines: debug.
const LEVEL_MAX: u8 = 3;

/// Lines and what they used of the budget.
#[derive(Debug)]
pub(crate) struct Logs {
    lines: Vec<LogLine>,
    bytes: u64,
    max_bytes: u64,
    max_lines: u32,
}

/// The guest logged more than it may.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum LogBudget {
    /// Too many lines.
    #[error("the guest logged more than {0} lines, its limit")]
    Lines(u32),
    /// Too many bytes.
    #[error("the guest logged more than {}, its limit", text::bytes(*.0))]
    Bytes(u64),
}

impl Logs {
    pub(crate) fn new(limits: &CallLimits) -> Self {
        Self {
            lines: Vec::new(),
            bytes: 0,
            max_bytes: limits.log_max_bytes,
            max_lines: limits.log_max_lines,
        }
    }

    /// Keeps a line, or says which budget it would exceed.
    pub(crate) fn push(
        &mut self,
        at: Timestamp,
        level: u8,
        message: &str,
    ) -> Result<(), LogBudget> {
        if self.lines.len() >= self.max_lines as usize {
            return Err(LogBudget::Lines(self.max_lines));
        }
        // The raw text is checked first: escaping must not make a huge text larger still.
        if self.bytes + message.len() as u64 > self.max_bytes {
            return Err(LogBudget::Bytes(self.max_bytes));
        }
        let message = text::escaped(message);
        self.bytes += message.len() as u64;
        if self.bytes > self.max_bytes {
            return Err(LogBudget::Bytes(self.max_bytes));
        }
        self.lines.push(LogLine { at, level: level.min(LEVEL_MAX), message });
        Ok(())
    }

    /// The lines, which leave.
    pub(crate) fn take(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_bytes_have_their_own_budgets() {
        let limits = CallLimits { log_max_lines: 2, log_max_bytes: 10, ..CallLimits::default() };
        let mut logs = Logs::new(&limits);
        assert_eq!(logs.push(Timestamp(1), 9, "12345678"), Ok(()));
        assert_eq!(logs.push(Timestamp(1), 0, "123"), Err(LogBudget::Bytes(10)));
        assert_eq!(logs.push(Timestamp(1), 0, "12"), Ok(()));
        assert_eq!(logs.push(Timestamp(1), 0, ""), Err(LogBudget::Lines(2)));
        let lines = logs.take();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].level, 3);
    }
}
