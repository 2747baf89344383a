//! Failures of a run that are alike: same function, same kind, and messages that differ only in
//! numbers.

use std::{collections::HashMap, sync::Arc};

use wask_proto::{FailureKind, RunId};

use crate::{server::Server, view::live::FailureGroup};

/// Names that a group carries.
const KEYS_SHOWN_MAX: usize = 100;
/// Bytes of a message that are compared.
const COMPARED_MAX_BYTES: usize = 300;

impl Server {
    /// Groups of failures, the largest first, and how many tasks failed.
    pub(crate) fn failure_groups(&self, run: RunId) -> Option<(Vec<FailureGroup>, u64)> {
        let run = self.model.runs.get(&run)?;
        let mut groups: HashMap<(Arc<str>, FailureKind, String), FailureGroup> = HashMap::new();
        let mut total = 0;
        for (&task, extra) in &run.extra {
            let (Some(failure), Some(node)) = (&extra.failure, run.node_of(task)) else { continue };
            let at = run.tasks.get(task as usize).map(|row| row.finished_at).unwrap_or_default();
            let (call, name) = (run.call_of(node), run.name_of(task));
            total += 1;
            let alike = (Arc::clone(&call), failure.kind, fingerprint(&failure.message));
            let group = groups.entry(alike).or_insert_with(|| FailureGroup {
                call,
                example: (name.clone(), Arc::clone(failure)),
                count: 0,
                first_at: at,
                last_at: at,
                keys: Vec::new(),
            });
            group.count += 1;
            group.first_at = group.first_at.min(at);
            if at >= group.last_at {
                group.last_at = at;
                group.example = (name.clone(), Arc::clone(failure));
            }
            if group.keys.len() < KEYS_SHOWN_MAX {
                group.keys.push(name);
            }
        }
        let mut groups: Vec<FailureGroup> = groups.into_values().collect();
        groups.sort_by(|a, b| b.count.cmp(&a.count).then(a.first_at.cmp(&b.first_at)));
        Some((groups, total))
    }
}

/// The beginning of a message with each number as `#`.
fn fingerprint(message: &str) -> String {
    let mut print = String::new();
    let mut in_number = false;
    for c in message.chars() {
        if print.len() >= COMPARED_MAX_BYTES {
            break;
        }
        match (c.is_ascii_digit(), in_number) {
            (true, true) => {}
            (true, false) => print.push('#'),
            (false, _) => print.push(c),
        }
        in_number = c.is_ascii_digit();
    }
    print
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_differ_in_numbers_are_alike() {
        assert_eq!(fingerprint("row 17 of 2000 is bad"), fingerprint("row 3 of 9 is bad"));
        assert_ne!(fingerprint("row 17 is bad"), fingerprint("line 17 is bad"));
        assert_eq!(fingerprint("é1"), "é#");
    }
}
