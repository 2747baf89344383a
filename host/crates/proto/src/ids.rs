//! Identifiers. Each is its own type, so that a run can never be passed where a task is meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Text that is no identifier of the wanted kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{what} is {digits} lower-case hexadecimal digits")]
pub struct IdError {
    what: &'static str,
    digits: usize,
}

macro_rules! hash_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The id of these bytes: their BLAKE3 hash.
            pub fn of(bytes: &[u8]) -> Self {
                Self(*blake3::hash(bytes).as_bytes())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({}…)"), &self.to_string()[..12])
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let wrong = IdError { what: $what, digits: 64 };
                if text.len() != 64 || !text.bytes().all(is_lower_hex) {
                    return Err(wrong);
                }
                let mut bytes = [0; 32];
                for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
                    let digits = std::str::from_utf8(pair).unwrap_or("");
                    *byte = u8::from_str_radix(digits, 16).map_err(|_| IdError {
                        what: $what,
                        digits: 64,
                    })?;
                }
                Ok(Self(bytes))
            }
        }
    };
}

hash_id!(
    /// A module: the BLAKE3 hash of the bytes that were uploaded.
    ModuleId,
    "a module id"
);
hash_id!(
    /// An object: the BLAKE3 hash of its bytes.
    ObjectId,
    "an object id"
);
hash_id!(
    /// What a pure call depends on: module, function, arguments and ABI profile, hashed.
    MemoKey,
    "a memo key"
);

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:016x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let wrong = IdError { what: $what, digits: 16 };
                if text.len() != 16 || !text.bytes().all(is_lower_hex) {
                    return Err(wrong);
                }
                u64::from_str_radix(text, 16).map(Self).map_err(|_| wrong)
            }
        }
    };
}

number_id!(
    /// A run. Random, so that a few digits of it are enough to name it.
    RunId,
    "a run id"
);
number_id!(
    /// An actor. Random, like a run's id.
    ActorId,
    "an actor id"
);

/// A task's place in its run: nodes in order of submission, an array's elements side by side.
pub type TaskIndex = u32;

/// A task: its run and its place in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct TaskId {
    /// The run it belongs to.
    pub run: RunId,
    /// Its place in that run.
    pub index: TaskIndex,
}

/// A worker, numbered by the scheduler as it joins.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct WorkerId(pub u32);

/// A record's place in the journal. The first record has number 1; 0 means "before all".
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Seq(pub u64);

fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_a_round_trip_through_text_and_refuse_anything_else() {
        let id = ModuleId::of(b"wask");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("0123456789abcdef".parse(), Ok(RunId(0x0123_4567_89ab_cdef)));
        assert!("0123456789ABCDEF".parse::<RunId>().is_err());
        assert!("+123456789abcdef".parse::<RunId>().is_err());
        assert_eq!(ActorId(0xfe).to_string().parse(), Ok(ActorId(0xfe)));
        assert!("abc".parse::<ObjectId>().is_err());
    }
}
