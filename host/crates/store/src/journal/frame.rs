//! The bytes of one record in a segment: a frame.
//!
//! A frame is a length (u32), a checksum (u32), a sequence number (u64), all little-endian, and the
//! payload. The two highest bits of the length mark the first and the last frame of a batch. The
//! checksum is CRC-32C over length, sequence number and payload, seeded with the segment's salt,
//! so that no client can craft bytes that look like a frame. Nothing here opens a file.

use std::io::{self, Read};

use wask_proto::Seq;

/// Bytes in front of a payload.
pub(super) const FRAME_HEADER_BYTES: usize = 16;

/// The longest payload of one record.
pub const PAYLOAD_MAX_BYTES: usize = 256 * 1024 * 1024;

/// The first frame of a batch: everything in front of it had been synced when it was written.
const BATCH_START: u32 = 1 << 31;
/// The last frame of a batch: only with it is the batch complete.
const BATCH_END: u32 = 1 << 30;
const LENGTH_MASK: u32 = BATCH_END - 1;

/// Where a frame stands in its batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) starts_batch: bool,
    pub(super) ends_batch: bool,
}

impl Place {
    /// A batch of its own.
    pub(super) const ALONE: Self = Self { starts_batch: true, ends_batch: true };

    fn bits(self) -> u32 {
        (if self.starts_batch { BATCH_START } else { 0 })
            | (if self.ends_batch { BATCH_END } else { 0 })
    }
}

/// The header of a frame, taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameHeader {
    word: u32,
    checksum: u32,
    /// The record's number.
    pub(super) seq: Seq,
}

impl FrameHeader {
    pub(super) fn parse(bytes: [u8; FRAME_HEADER_BYTES]) -> Self {
        let [a, b, c, d, e, f, g, h, seq @ ..] = bytes;
        Self {
            word: u32::from_le_bytes([a, b, c, d]),
            checksum: u32::from_le_bytes([e, f, g, h]),
            seq: Seq(u64::from_le_bytes(seq)),
        }
    }

    pub(super) fn payload_bytes(self) -> usize {
        (self.word & LENGTH_MASK) as usize
    }

    pub(super) fn place(self) -> Place {
        Place { starts_batch: self.word & BATCH_START != 0, ends_batch: self.word & BATCH_END != 0 }
    }

    pub(super) fn matches(self, salt: u64, payload: &[u8]) -> bool {
        self.checksum == checksum(salt, self.word, self.seq, payload)
    }
}

/// Appends one frame to `out`. The payload is at most [`PAYLOAD_MAX_BYTES`] long.
pub(super) fn encode(out: &mut Vec<u8>, salt: u64, seq: Seq, place: Place, payload: &[u8]) {
    debug_assert!(payload.len() <= PAYLOAD_MAX_BYTES);
    let word = payload.len() as u32 | place.bits();
    out.extend_from_slice(&word.to_le_bytes());
    out.extend_from_slice(&checksum(salt, word, seq, payload).to_le_bytes());
    out.extend_from_slice(&seq.0.to_le_bytes());
    out.extend_from_slice(payload);
}

fn checksum(salt: u64, word: u32, seq: Seq, payload: &[u8]) -> u32 {
    let mut head = [0; 20];
    head[..8].copy_from_slice(&salt.to_le_bytes());
    head[8..12].copy_from_slice(&word.to_le_bytes());
    head[12..].copy_from_slice(&seq.0.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c(&head), payload)
}

/// A frame that was read and whose checksum is right. Its payload is in the reader.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) seq: Seq,
    pub(super) place: Place,
    /// Where the next frame begins.
    pub(super) end: u64,
}

/// Why there is no next frame.
#[derive(Debug)]
pub(super) enum FrameFault {
    /// The bytes at this offset are no whole, undamaged frame.
    Bad { offset: u64 },
    /// The file could not be read.
    Io(io::Error),
}

/// Reads frames one after the other up to a known end.
pub(super) struct FrameReader<R> {
    input: R,
    salt: u64,
    offset: u64,
    end: u64,
    payload: Vec<u8>,
}

impl<R: Read> FrameReader<R> {
    /// `input` stands at `offset` of its file; frames are read up to `end`.
    pub(super) fn new(input: R, salt: u64, offset: u64, end: u64) -> Self {
        Self { input, salt, offset, end, payload: Vec::new() }
    }

    /// The payload of the frame that was read last.
    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Where the next frame begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next frame, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, FrameFault> {
        if self.offset >= self.end {
            return Ok(None);
        }
        let bad = FrameFault::Bad { offset: self.offset };
        let left = self.end - self.offset;
        if left < FRAME_HEADER_BYTES as u64 {
            return Err(bad);
        }
        let mut head = [0; FRAME_HEADER_BYTES];
        self.input.read_exact(&mut head).map_err(|error| short_or(error, self.offset))?;
        // Zeros are room for frames to come; a salt with which they check is as likely as any.
        if head == [0; FRAME_HEADER_BYTES] {
            return Err(bad);
        }
        let header = FrameHeader::parse(head);
        let length = header.payload_bytes();
        let whole = (FRAME_HEADER_BYTES + length) as u64;
        if length > PAYLOAD_MAX_BYTES || whole > left {
            return Err(bad);
        }
        self.payload.resize(length, 0);
        self.input.read_exact(&mut self.payload).map_err(|error| short_or(error, self.offset))?;
        if !header.matches(self.salt, &self.payload) {
            return Err(bad);
        }
        self.offset += whole;
        Ok(Some(Frame { seq: header.seq, place: header.place(), end: self.offset }))
    }
}

/// A file that is shorter than it should be is damage, anything else an error of the disk.
fn short_or(error: io::Error, offset: u64) -> FrameFault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => FrameFault::Bad { offset },
        _ => FrameFault::Io(error),
    }
}

/// Looks in `bytes`, which begin with a bad frame, for proof that it had been synced once: an
/// undamaged frame that starts a batch, since a batch is written only after the one before it is
/// durable. Without such proof the damage is the torn end of the last write.
pub(super) fn holds_later_batch(bytes: &[u8], salt: u64, after: Seq) -> bool {
    // A record takes at least a header, which bounds the numbers that can follow.
    let newest = after.0.saturating_add(1 + (bytes.len() / FRAME_HEADER_BYTES) as u64);
    bytes.windows(FRAME_HEADER_BYTES).enumerate().skip(1).any(|(at, window)| {
        let Some(head) = window.first_chunk() else { return false };
        let header = FrameHeader::parse(*head);
        if header.seq <= after || header.seq.0 > newest || !header.place().starts_batch {
            return false;
        }
        let start = at + FRAME_HEADER_BYTES;
        bytes
            .get(start..start + header.payload_bytes())
            .is_some_and(|payload| header.matches(salt, payload))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: u64 = 0x5eed;

    fn one(seq: u64, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&mut bytes, SALT, Seq(seq), Place::ALONE, payload);
        bytes
    }

    fn read_one(bytes: &[u8], salt: u64) -> Result<Option<Frame>, FrameFault> {
        FrameReader::new(bytes, salt, 0, bytes.len() as u64).next()
    }

    #[test]
    fn no_flipped_bit_and_no_cut_goes_unseen() {
        let good = one(7, b"payload");
        assert_eq!(read_one(&good, SALT).unwrap().unwrap().seq, Seq(7));
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(read_one(&bad, SALT), Err(FrameFault::Bad { offset: 0 })), "{bit}");
        }
        for cut in 1..good.len() {
            assert!(read_one(&good[..cut], SALT).is_err(), "{cut}");
        }
    }

    #[test]
    fn zeros_and_frames_of_another_segment_are_no_frames() {
        assert!(read_one(&[0; 64], SALT).is_err());
        assert!(read_one(&one(7, b"payload"), SALT + 1).is_err());
    }

    #[test]
    fn only_the_start_of_a_later_batch_proves_that_damage_is_no_torn_write() {
        let mut bytes = vec![0xff; 24];
        let inside = Place { starts_batch: false, ends_batch: true };
        encode(&mut bytes, SALT, Seq(9), inside, b"same batch");
        assert!(!holds_later_batch(&bytes, SALT, Seq(7)));
        encode(&mut bytes, SALT, Seq(10), Place::ALONE, b"next batch");
        assert!(holds_later_batch(&bytes, SALT, Seq(7)));
        assert!(!holds_later_batch(&bytes, SALT, Seq(10)), "an older record proves nothing");
    }
}
