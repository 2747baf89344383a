//! What tells the loop that a worker has something to say. Never reads what that is.
#![expect(unsafe_code, reason = "a descriptor is registered with the loop's runtime")]

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    task::{Context, Poll},
};

use tokio::io::{Interest, unix::AsyncFd};

/// A descriptor that is readable while there is something to say.
#[derive(Debug)]
pub(super) struct Bell(AsyncFd<OwnedFd>);

impl Bell {
    /// Must be called where the runtime runs that will wait for it.
    pub(super) fn new(of: &impl AsFd) -> io::Result<Self> {
        let descriptor = of.as_fd().try_clone_to_owned()?;
        // SAFETY: the bell owns this duplicate, which stays open and the same until it is dropped.
        let bell = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) };
        Ok(Self(bell?))
    }

    /// Whether it has rung since it was asked last; if not, the task is woken when it does. What
    /// is to be heard has to be asked for after this, and before this is asked again.
    pub(super) fn has_rung(&self, context: &mut Context<'_>) -> bool {
        match self.0.poll_read_ready(context) {
            Poll::Ready(Ok(mut rung)) => {
                rung.clear_ready();
                true
            }
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        }
    }
}
