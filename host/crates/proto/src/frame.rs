//! Frames between processes of the same build: a length, then a postcard body.

use serde::{Serialize, de::DeserializeOwned};

/// A message that cannot be framed, or bytes that are no frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The body does not encode or decode.
    #[error("the frame's body is malformed")]
    Body(#[from] postcard::Error),
    /// The body is longer than a frame can be.
    #[error("the frame's body has {0} bytes, more than 4 GiB")]
    TooLong(usize),
}

/// Appends `message` to `out`: its length as a little-endian u32, then its body.
pub fn encode_frame<T: Serialize>(message: &T, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let start = out.len();
    let mut buffer = std::mem::take(out);
    buffer.extend_from_slice(&[0; 4]);
    *out = postcard::to_extend(message, buffer)?;
    let body = out.len() - start - 4;
    let length = u32::try_from(body).map_err(|_| FrameError::TooLong(body))?;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

/// Takes the first whole frame off `bytes`: the message and how many bytes it took. `None` when
/// more bytes are needed.
pub fn decode_frame<T: DeserializeOwned>(bytes: &[u8]) -> Result<Option<(T, usize)>, FrameError> {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_le_bytes(*length) as usize;
    let Some(body) = rest.get(..length) else { return Ok(None) };
    Ok(Some((postcard::from_bytes(body)?, 4 + length)))
}
