//! Submitted calls in a guest: the scheduler makes tasks of them.

use crate::Ctx;
use crate::cbor::Piece;
use crate::entry::Failure;
use crate::future::Outcome;
use crate::guest::bindings::wask::task::host;

/// A submitted call, by its number.
pub(crate) struct Child(u32);

impl Child {
    pub(crate) const fn number(&self) -> u32 {
        self.0
    }
}

pub(crate) fn submit(_: &Ctx, call: &str, args: Vec<Vec<Piece>>) -> Child {
    let piece = |piece| match piece {
        Piece::Literal(bytes) => host::Piece::Literal(bytes),
        Piece::Hole(child) => host::Piece::Child(child),
    };
    let args: Vec<Vec<host::Piece>> =
        args.into_iter().map(|pieces| pieces.into_iter().map(piece).collect()).collect();
    Child(host::submit(call, &args))
}

pub(crate) fn outcomes(children: &[&Child]) -> Vec<Outcome> {
    let numbers: Vec<u32> = children.iter().map(|child| child.0).collect();
    let outcome = |outcome| match outcome {
        host::Outcome::Value(bytes) => Outcome::Value(bytes),
        host::Outcome::Raw(bytes) => Outcome::Raw(bytes),
        host::Outcome::Failed(host::Failed { message, cause, .. }) => {
            Outcome::Failed { message, cause }
        }
    };
    host::results(&numbers).into_iter().map(outcome).collect()
}

pub(crate) fn hand_over(child: &Child) -> Result<Vec<u8>, Failure> {
    host::hand_over(child.0);
    Ok(Vec::new())
}
