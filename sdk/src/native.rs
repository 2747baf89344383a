//! Submitted calls natively: they run at once, within the crate's own exports, so that tests of tasks
//! that submit others need no server.

use std::sync::Arc;

use crate::Ctx;
use crate::cbor::Piece;
use crate::entry::{self, Entries, Failure};
use crate::future::Outcome;

/// A submitted call that is over.
#[derive(Clone)]
pub(crate) struct Child {
    number: u32,
    outcome: Arc<Outcome>,
}

impl Child {
    pub(crate) const fn number(&self) -> u32 {
        self.number
    }
}

pub(crate) fn submit(ctx: &Ctx, call: &str, args: Vec<Vec<Piece>>) -> Child {
    let outcome = match args.into_iter().map(|pieces| joined(ctx, pieces)).collect() {
        Ok(args) => run(ctx.exports(), call, args),
        Err(failed) => failed,
    };
    ctx.keep(|number| Child { number, outcome: Arc::new(outcome) })
}

pub(crate) fn outcomes(children: &[&Child]) -> Vec<Outcome> {
    children.iter().map(|child| (*child.outcome).clone()).collect()
}

pub(crate) fn hand_over(child: &Child) -> Result<Vec<u8>, Failure> {
    match &*child.outcome {
        Outcome::Value(bytes) | Outcome::Raw(bytes) => Ok(bytes.clone()),
        Outcome::Failed { message, cause } => {
            Err(Failure::App { message: message.clone(), causes: cause.iter().cloned().collect() })
        }
    }
}

/// An argument's bytes, once what it stands for is put into its holes.
fn joined(ctx: &Ctx, pieces: Vec<Piece>) -> Result<Vec<u8>, Outcome> {
    let mut bytes = Vec::new();
    let whole = pieces.len() == 1;
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => bytes.extend(literal),
            Piece::Hole(child) => match &*ctx.child(child).outcome {
                Outcome::Value(value) => bytes.extend(value),
                Outcome::Raw(raw) if whole => bytes.extend(raw),
                Outcome::Raw(raw) => bytes.extend(byte_string(raw)),
                failed @ Outcome::Failed { .. } => return Err(failed.clone()),
            },
        }
    }
    Ok(bytes)
}

fn byte_string(raw: &[u8]) -> Vec<u8> {
    crate::cbor::to_vec(&crate::Bytes::from(raw)).unwrap_or_default()
}

fn run(exports: &'static [Entries], call: &str, args: Vec<Vec<u8>>) -> Outcome {
    let failed = |message: String| Outcome::Failed { message, cause: None };
    if exports.is_empty() {
        return failed(format!("`{call}` cannot run: make the context with `wask::test_ctx!()`"));
    }
    if call.contains('/') {
        return failed(format!("`{call}` is another module's, which a native test does not have"));
    }
    let raw = entry::find(exports, call).is_some_and(|entry| entry.returns.raw);
    let args = unwrapped(exports, call, args);
    match entry::run(exports, call, args) {
        Ok(bytes) if raw => Outcome::Raw(bytes),
        Ok(bytes) => Outcome::Value(bytes),
        Err(Failure::App { message, causes }) => Outcome::Failed {
            message: format!("`{call}` failed (app): {message}"),
            cause: (!causes.is_empty()).then(|| causes.join(": ")),
        },
        Err(Failure::Invalid(message)) => failed(format!("`{call}` failed (invalid): {message}")),
    }
}

/// Parameters of raw bytes get the bytes of a CBOR byte string, as the scheduler gives them.
fn unwrapped(exports: &[Entries], call: &str, args: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let Some(entry) = entry::find(exports, call) else { return args };
    let raw = entry.params.iter().map(|param| param.raw).chain(std::iter::repeat(false));
    let unwrap = |(arg, raw): (Vec<u8>, bool)| match raw {
        true => crate::cbor::from_slice::<crate::Bytes>(&arg).map_or(arg, crate::Bytes::into_vec),
        false => arg,
    };
    args.into_iter().zip(raw).map(unwrap).collect()
}
