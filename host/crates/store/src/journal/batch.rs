//! Encoded records side by side: what the journal appends in one write.
//!
//! Knows nothing of files and sequence numbers.

use wask_proto::{Record, RecordError};

use super::frame::PAYLOAD_MAX_BYTES;

/// A record that cannot become part of a batch.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// It does not encode.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It is longer than the journal takes.
    #[error("the record has {bytes} bytes, more than {PAYLOAD_MAX_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// Encoded records: one buffer and the offsets at which they end, so that a batch of 10 000
/// records costs two allocations, and none when it is cleared and filled again.
#[derive(Clone, Debug, Default)]
pub struct RecordBatch {
    buffer: Vec<u8>,
    ends: Vec<usize>,
    /// A record is encoded here first, so that one that fails leaves the batch as it was.
    scratch: Vec<u8>,
}

impl RecordBatch {
    /// Adds a record. After an error the batch is as it was before.
    pub fn push(&mut self, record: &Record) -> Result<(), BatchError> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        record.encode(&mut scratch)?;
        let added = self.push_encoded(&scratch);
        self.scratch = scratch;
        added
    }

    /// Adds a record that is encoded already.
    pub fn push_encoded(&mut self, bytes: &[u8]) -> Result<(), BatchError> {
        if bytes.len() > PAYLOAD_MAX_BYTES {
            return Err(BatchError::TooLong { bytes: bytes.len() });
        }
        self.buffer.extend_from_slice(bytes);
        self.ends.push(self.buffer.len());
        Ok(())
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Number of bytes of all records.
    pub fn byte_len(&self) -> usize {
        self.buffer.len()
    }

    /// Drops the records and keeps the room, unless one large batch has made it huge.
    pub fn clear(&mut self) {
        const KEPT_MAX_BYTES: usize = 4 * 1024 * 1024;
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_MAX_BYTES);
        self.ends.clear();
        self.ends.shrink_to(KEPT_MAX_BYTES / size_of::<usize>());
        self.scratch.clear();
        self.scratch.shrink_to(KEPT_MAX_BYTES);
    }

    /// The encoded records in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let bytes = self.buffer.get(start..end).unwrap_or_default();
            start = end;
            bytes
        })
    }
}

#[cfg(test)]
mod tests {
    use wask_proto::RunId;

    use super::*;

    #[test]
    fn records_come_out_as_they_went_in() {
        let at = wask_proto::Timestamp(0);
        let records = [
            Record::RunDeleted { run: RunId(1), at },
            Record::RunClosed { run: RunId(u64::MAX), at },
        ];
        let mut batch = RecordBatch::default();
        for record in &records {
            batch.push(record).unwrap();
        }
        batch.push_encoded(b"").unwrap();
        assert_eq!(batch.len(), 3);
        let decoded: Vec<_> =
            batch.iter().take(2).map(|bytes| Record::decode(bytes).unwrap()).collect();
        assert_eq!(decoded, records);
        batch.clear();
        assert!(batch.is_empty() && batch.byte_len() == 0 && batch.iter().next().is_none());
    }
}
