//! Frames between processes of the same build: a length, then a postcard body. Between a worker and
//! an executor, many bytes travel ahead of the message that they belong to: a length of zero, a
//! length of 64 bits, the bytes.
//!
//! Never touches a socket: who has one reads into [`Incoming`].

mod incoming;

use serde::{Serialize, de::DeserializeOwned};

use crate::{bulk::Bulk, executor::Payload};

pub use incoming::Incoming;

/// A message that cannot be framed, or bytes that are no frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The body does not encode or decode.
    #[error("the frame's body is malformed")]
    Body(#[from] postcard::Error),
    /// The body is longer than a frame can be.
    #[error("the frame's body has {0} bytes, more than 4 GiB")]
    TooLong(usize),
    /// More is announced than the receiver takes.
    #[error("it announced a message of {bytes} bytes, where at most {max_bytes} are possible")]
    TooLarge {
        /// What was announced.
        bytes: u64,
        /// What is possible.
        max_bytes: u64,
    },
    /// So few bytes belong into a message.
    #[error("it sent {0} bytes by themselves, which belong into a message")]
    TooFew(u64),
    /// What a message speaks of and what has come ahead of it do not fit together.
    #[error("its message and the bytes ahead of it do not fit together")]
    Unpaired,
    /// There is no memory for the bytes.
    #[error("there is no memory for {bytes} bytes")]
    NoMemory {
        /// How many.
        bytes: u64,
        /// What the system says.
        source: std::io::Error,
    },
}

/// A message with places for bytes that may travel ahead of it.
pub trait Carrier {
    /// Shows each of these places, in order.
    fn payloads(&mut self, each: &mut dyn FnMut(&mut Payload));
}

/// Takes the bytes out of a message that go ahead of it, in order.
pub fn send_ahead(message: &mut impl Carrier, mut send: impl FnMut(Bulk)) {
    message.payloads(&mut |payload| {
        if let Payload::Held(bulk) = payload {
            let ahead = Payload::Ahead(bulk.len() as u64);
            if let Payload::Held(bulk) = std::mem::replace(payload, ahead) {
                send(bulk);
            }
        }
    });
}

/// Bytes before a [`Bulk`] in the stream.
pub const fn bulk_head(bytes: u64) -> [u8; BULK_HEAD_BYTES] {
    let [a, b, c, d, e, f, g, h] = bytes.to_le_bytes();
    [0, 0, 0, 0, a, b, c, d, e, f, g, h]
}

const HEAD_BYTES: usize = 4;
const BULK_HEAD_BYTES: usize = HEAD_BYTES + 8;

/// Appends `message` to `out`: its length as a little-endian u32, then its body.
pub fn encode_frame<T: Serialize>(message: &T, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let start = out.len();
    let mut buffer = std::mem::take(out);
    buffer.extend_from_slice(&[0; HEAD_BYTES]);
    *out = postcard::to_extend(message, buffer)?;
    let body = out.len() - start - HEAD_BYTES;
    let length = u32::try_from(body).map_err(|_| FrameError::TooLong(body))?;
    out[start..start + HEAD_BYTES].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

/// Takes the first whole frame off `bytes`: the message and how many bytes it took. `None` when
/// more bytes are needed.
pub fn decode_frame<T: DeserializeOwned>(bytes: &[u8]) -> Result<Option<(T, usize)>, FrameError> {
    let Some((length, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else { return Ok(None) };
    let length = u32::from_le_bytes(*length) as usize;
    let Some(body) = rest.get(..length) else { return Ok(None) };
    Ok(Some((postcard::from_bytes(body)?, HEAD_BYTES + length)))
}
