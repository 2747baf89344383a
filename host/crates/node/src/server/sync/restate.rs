//! The whole state as the fewest records that lead to it: what old records shrink to.

use wask_proto::SyncRecord;

use super::Coordination;

impl Coordination {
    /// Records that make all of it anew, wherever they are folded in.
    pub(crate) fn restate(&self) -> impl Iterator<Item = SyncRecord> {
        let last_token = self.leases.last_token();
        std::iter::once(SyncRecord::Restated { last_token })
            .chain(self.queues.restate())
            .chain(self.variables.restate())
            .chain(self.flags.restate())
            .chain(self.leases.restate())
            .chain(self.topics.restate())
    }
}
