//! The shapes of responses, one file per family. Built from the server's views, never read back.

mod failure;

pub(crate) use failure::FailureDto;
