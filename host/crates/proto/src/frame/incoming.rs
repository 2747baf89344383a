//! A stream of frames on its way in: bytes are put together to messages, and those that came ahead
//! of a message are put into their places in it.

use std::collections::VecDeque;

use serde::de::DeserializeOwned;

use super::{BULK_HEAD_BYTES, Carrier, FrameError, HEAD_BYTES, decode_frame};
use crate::{
    BULK_MIN_BYTES,
    bulk::{Bulk, BulkBuffer},
    executor::Payload,
};

/// Bytes asked for at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// A buffer that grew beyond this is given back when it is empty.
const KEPT_MAX_BYTES: usize = 1024 * 1024;

/// What has arrived and was not taken.
#[derive(Debug, Default)]
pub struct Incoming {
    buffer: Vec<u8>,
    taken: usize,
    filled: usize,
    /// The bytes that the stream is in the middle of.
    arriving: Option<BulkBuffer>,
    /// Bytes whose message has not come.
    ahead: VecDeque<Bulk>,
    ahead_bytes: u64,
}

/// What comes next in the stream.
enum Head {
    Message(u64),
    Bulk(u64),
}

impl Incoming {
    /// Where the next bytes of the stream belong; never empty.
    pub fn room(&mut self) -> &mut [u8] {
        match &mut self.arriving {
            Some(bulk) => bulk.rest(),
            None => {
                compact(&mut self.buffer, &mut self.taken, &mut self.filled);
                if self.buffer.len() < self.filled + CHUNK_BYTES {
                    self.buffer.resize(self.filled + CHUNK_BYTES, 0);
                }
                self.buffer.get_mut(self.filled..).unwrap_or_default()
            }
        }
    }

    /// So many bytes were put there.
    pub fn advance(&mut self, bytes: usize) {
        match &mut self.arriving {
            Some(bulk) => {
                bulk.advance(bytes);
                self.finish_bulk();
            }
            None => self.filled += bytes,
        }
    }

    /// Whether what comes next in the stream is known to be more of the same.
    pub const fn is_in_bulk(&self) -> bool {
        self.arriving.is_some()
    }

    /// The next message with all that belongs to it, when that has arrived. Message and bytes ahead
    /// of it may have `max_bytes` each.
    pub fn next<T: Carrier + DeserializeOwned>(
        &mut self,
        max_bytes: u64,
    ) -> Result<Option<T>, FrameError> {
        while self.arriving.is_none() {
            match self.head() {
                None => return Ok(None),
                Some(Head::Bulk(bytes)) => self.begin_bulk(bytes, max_bytes)?,
                Some(Head::Message(bytes)) if bytes > max_bytes => {
                    return Err(FrameError::TooLarge { bytes, max_bytes });
                }
                Some(Head::Message(bytes)) => return self.take_message(bytes),
            }
        }
        Ok(None)
    }

    fn take_message<T: Carrier + DeserializeOwned>(
        &mut self,
        bytes: u64,
    ) -> Result<Option<T>, FrameError> {
        let Some((mut message, taken)) = decode_frame::<T>(self.unread())? else {
            let whole = self.taken.saturating_add(HEAD_BYTES + bytes as usize);
            if self.buffer.len() < whole {
                self.buffer.resize(whole, 0);
            }
            return Ok(None);
        };
        self.taken += taken;
        self.pair(&mut message)?;
        Ok(Some(message))
    }

    /// Puts the bytes that came ahead into their places.
    fn pair(&mut self, message: &mut impl Carrier) -> Result<(), FrameError> {
        let mut fits = true;
        message.payloads(&mut |payload| {
            if let Payload::Ahead(bytes) = *payload {
                match self.ahead.pop_front() {
                    Some(bulk) if bulk.len() as u64 == bytes => *payload = Payload::Held(bulk),
                    _ => fits = false,
                }
            }
        });
        self.ahead_bytes = 0;
        if fits && self.ahead.is_empty() { Ok(()) } else { Err(FrameError::Unpaired) }
    }

    fn begin_bulk(&mut self, bytes: u64, max_bytes: u64) -> Result<(), FrameError> {
        if bytes < BULK_MIN_BYTES as u64 {
            return Err(FrameError::TooFew(bytes));
        }
        self.ahead_bytes = self.ahead_bytes.saturating_add(bytes);
        if self.ahead_bytes > max_bytes {
            return Err(FrameError::TooLarge { bytes: self.ahead_bytes, max_bytes });
        }
        let no_memory = |source| FrameError::NoMemory { bytes, source };
        let mut bulk = BulkBuffer::new(bytes as usize).map_err(no_memory)?;
        self.taken += BULK_HEAD_BYTES;
        self.taken += bulk.fill(self.unread());
        self.arriving = Some(bulk);
        self.finish_bulk();
        Ok(())
    }

    fn finish_bulk(&mut self) {
        if let Some(bulk) = self.arriving.take_if(|bulk| bulk.is_full()) {
            self.ahead.push_back(bulk.finish());
        }
    }

    fn head(&self) -> Option<Head> {
        let (length, rest) = self.unread().split_first_chunk::<HEAD_BYTES>()?;
        match u32::from_le_bytes(*length) {
            0 => rest.first_chunk().map(|bytes| Head::Bulk(u64::from_le_bytes(*bytes))),
            bytes => Some(Head::Message(bytes.into())),
        }
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.taken..self.filled).unwrap_or_default()
    }
}

/// Drops what was taken; moves the rest only when it is the smaller part.
fn compact(buffer: &mut Vec<u8>, taken: &mut usize, filled: &mut usize) {
    if taken == filled {
        (*taken, *filled) = (0, 0);
        if buffer.len() > KEPT_MAX_BYTES {
            *buffer = Vec::new();
        }
    } else if *taken > *filled / 2 {
        buffer.copy_within(*taken..*filled, 0);
        *filled -= std::mem::take(taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        encode_frame,
        executor::{FromExecutor, JobDone, JobOutcome, News},
        frame::{bulk_head, send_ahead},
    };

    const MAX: u64 = 64 * 1024 * 1024;

    fn done(seq: u64, result: Vec<u8>) -> News {
        News::Done(JobDone {
            seq,
            job: seq,
            started_at: crate::Timestamp(1),
            start_us: 1,
            run_us: 1,
            parked_us: 0,
            peak_memory_bytes: 1,
            cold: false,
            outcome: JobOutcome::Success(result.into()),
            logs: Vec::new(),
            profile: None,
        })
    }

    fn stream(mut message: FromExecutor) -> Vec<u8> {
        let mut bytes = Vec::new();
        send_ahead(&mut message, |bulk| {
            bytes.extend(bulk_head(bulk.len() as u64));
            bytes.extend_from_slice(&bulk);
        });
        encode_frame(&message, &mut bytes).unwrap();
        bytes
    }

    fn results(message: FromExecutor) -> Vec<Vec<u8>> {
        let FromExecutor::News(news) = message else { panic!("{message:?}") };
        let result = |news| match news {
            News::Done(JobDone { outcome: JobOutcome::Success(result), .. }) => result.to_vec(),
            other => panic!("{other:?}"),
        };
        news.into_iter().map(result).collect()
    }

    fn feed(incoming: &mut Incoming, bytes: &[u8]) -> Result<Vec<FromExecutor>, FrameError> {
        let (mut rest, mut messages) = (bytes, Vec::new());
        while !rest.is_empty() {
            let room = incoming.room();
            let count = room.len().min(rest.len());
            room[..count].copy_from_slice(&rest[..count]);
            incoming.advance(count);
            rest = &rest[count..];
            while let Some(message) = incoming.next(MAX)? {
                messages.push(message);
            }
        }
        Ok(messages)
    }

    /// Goal: results on both sides of the threshold arrive as they were sent, however the stream is
    /// cut.
    #[test]
    fn bytes_ahead_of_a_message_find_their_places() {
        let sizes = [0, BULK_MIN_BYTES - 1, BULK_MIN_BYTES, BULK_MIN_BYTES + 1, 3_000_000, 7];
        let sent: Vec<Vec<u8>> =
            sizes.iter().enumerate().map(|(nth, size)| vec![nth as u8 + 1; *size]).collect();
        let news = sent.iter().zip(1..).map(|(bytes, seq)| done(seq, bytes.clone())).collect();
        let mut bytes = stream(FromExecutor::News(news));
        bytes.extend(stream(FromExecutor::Ready));
        for piece in [1, 13, 65_536, 100_003, bytes.len()] {
            let mut incoming = Incoming::default();
            let mut messages = Vec::new();
            for piece in bytes.chunks(piece) {
                messages.extend(feed(&mut incoming, piece).unwrap());
            }
            assert!(matches!(messages.pop(), Some(FromExecutor::Ready)));
            assert_eq!(results(messages.pop().unwrap()), sent);
            assert!(messages.is_empty() && !incoming.is_in_bulk());
        }
    }

    /// Goal: bytes without a message, a message without its bytes, bytes of another length, and more
    /// than is possible are errors, and nothing is allocated for what is only announced.
    #[test]
    fn what_does_not_fit_together_is_refused() {
        let unpaired = |bytes: &[u8]| {
            let error = feed(&mut Incoming::default(), bytes).unwrap_err();
            assert!(matches!(error, FrameError::Unpaired), "{error}");
        };
        let large = stream(FromExecutor::News(vec![done(1, vec![1; 100_000])]));
        let frame = &large[BULK_HEAD_BYTES + 100_000..];
        unpaired(frame);
        let other_length = [&bulk_head(70_000)[..], &[0; 70_000], frame].concat();
        unpaired(&other_length);
        unpaired(&[&large[..BULK_HEAD_BYTES + 100_000], &large[..]].concat());
        unpaired(&[&large[..BULK_HEAD_BYTES + 100_000], &stream(FromExecutor::Ready)].concat());
        let refused = |head| feed(&mut Incoming::default(), &bulk_head(head)).unwrap_err();
        assert!(matches!(refused(MAX + 1), FrameError::TooLarge { .. }));
        assert!(matches!(refused(u64::MAX), FrameError::TooLarge { .. }));
        assert!(matches!(refused(10), FrameError::TooFew(10)));
        let mut many = Incoming::default();
        let half = [&bulk_head(MAX / 2 + 1)[..], &vec![0; MAX as usize / 2 + 1]].concat();
        assert!(feed(&mut many, &half).unwrap().is_empty());
        assert!(matches!(feed(&mut many, &half), Err(FrameError::TooLarge { .. })));
    }
}
