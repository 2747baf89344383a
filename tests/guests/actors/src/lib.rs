//! An actor that remembers numbers, and misbehaves in every way that its host must withstand.

use std::hint::black_box;

use serde::{Serializer, ser::Error as _};
use wask::prelude::*;

/// Numbers, and what makes trouble.
#[wask::value]
pub struct Rogue {
    values: Vec<u64>,
    text: String,
    #[serde(serialize_with = "unless_sour")]
    sour: bool,
    #[serde(skip)]
    ballast: Vec<u8>,
}

fn unless_sour<S: Serializer>(sour: &bool, to: S) -> Result<S::Ok, S::Error> {
    match sour {
        true => Err(S::Error::custom("the state is sour")),
        false => to.serialize_bool(false),
    }
}

#[wask::actor(memory = "64MiB")]
impl Rogue {
    /// Begins with one number; 13 is refused.
    fn new(ctx: &Ctx, first: u64) -> Result<Self, Error> {
        if first == 13 {
            return Err(Error::new("13 brings bad luck"));
        }
        ctx.log(Level::Info, "made");
        Ok(Self { values: vec![first], text: String::new(), sour: false, ballast: Vec::new() })
    }

    /// One number more; all of them.
    fn push(&mut self, value: u64) -> Vec<u64> {
        self.values.push(value);
        self.values.clone()
    }

    /// All numbers.
    fn values(&self) -> Vec<u64> {
        self.values.clone()
    }

    /// One more, and an error all the same.
    fn push_and_fail(&mut self, value: u64) -> Result<u64, Error> {
        self.values.push(value);
        Err(Error::new(format!("{value} was pushed, and yet this fails")))
    }

    /// One more, and a panic.
    fn push_and_panic(&mut self, value: u64) -> u64 {
        self.values.push(value);
        panic!("{value} was pushed, and this is the end")
    }

    /// One more, and no end.
    #[wask(timeout = "300ms")]
    fn push_and_spin(&mut self, value: u64) -> u64 {
        self.values.push(value);
        loop {
            black_box(&self.values);
        }
    }

    /// Works for so many million steps, each about a nanosecond, and then pushes the number.
    fn work(&mut self, million_steps: u64, value: u64) -> u64 {
        let mut state = value;
        for _ in 0..million_steps * 1_000_000 {
            state = black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
        self.values.push(value);
        black_box(state);
        value
    }

    /// Holds so much memory from here on, that is not part of the state.
    fn hold(&mut self, bytes: u64) -> u64 {
        self.ballast = vec![1; bytes as usize];
        bytes
    }

    /// Has a text of that size in its state from here on.
    fn fill(&mut self, bytes: u64) -> u64 {
        self.text = "x".repeat(bytes as usize);
        bytes
    }

    /// The state cannot be saved any more.
    fn turn_sour(&mut self) {
        self.sour = true;
    }

    /// A result of that size.
    fn giant(&mut self, bytes: u64) -> Bytes {
        vec![7; bytes as usize].into()
    }

    /// Logs a line.
    fn say(&self, ctx: &Ctx, line: String) {
        ctx.log(Level::Info, line);
    }

    /// Submits a call, which only tasks can.
    fn submit(&mut self, ctx: &Ctx) -> Result<u64, Error> {
        ctx.submit("nothing", ())?.result()
    }
}

/// Does nothing.
#[wask::task]
fn nothing() -> u64 {
    0
}

wask::export![Rogue, nothing];
