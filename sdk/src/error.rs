//! What a task function returns when it fails, and how any error becomes a failure.
//!
//! It never decides whether a call is retried; that is for the task's options.

use std::fmt;
use std::ops::Deref;

use crate::entry::Failure;

/// An error with a message and the errors behind it.
///
/// Like `anyhow::Error` it does not implement [`std::error::Error`], so that `?` can turn any
/// error that does into it.
pub struct Error {
    message: String,
    causes: Vec<String>,
}

impl Error {
    /// An error with this message.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), causes: Vec::new() }
    }

    /// The same error under a message that says what was being done; the former message becomes
    /// the first cause.
    #[must_use]
    pub fn context(mut self, message: impl fmt::Display) -> Self {
        let former = std::mem::replace(&mut self.message, message.to_string());
        self.causes.insert(0, former);
        self
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The messages of the errors behind this one, outermost first.
    pub fn causes(&self) -> &[String] {
        &self.causes
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.causes.iter().try_for_each(|cause| write!(f, "\n  caused by: {cause}"))
    }
}

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        Self { message: error.to_string(), causes: sources(&error) }
    }
}

/// An error that a task function returned. The macro calls `failure` on it through references so
/// that method lookup picks the richest conversion the type allows; all of these traits must be
/// in scope for that.
#[doc(hidden)]
pub struct Raised<E>(pub E);

/// [`Error`] itself.
#[doc(hidden)]
pub trait ViaOwn {
    /// The failure that the error stands for.
    fn failure(self) -> Failure;
}

impl ViaOwn for &&&&Raised<Error> {
    fn failure(self) -> Failure {
        Failure::App { message: self.0.message.clone(), causes: self.0.causes.clone() }
    }
}

/// Errors with a chain of sources.
#[doc(hidden)]
pub trait ViaSource {
    /// The failure that the error stands for.
    fn failure(self) -> Failure;
}

impl<E: std::error::Error> ViaSource for &&&Raised<E> {
    fn failure(self) -> Failure {
        Failure::App { message: self.0.to_string(), causes: sources(&self.0) }
    }
}

/// Boxes of errors, `Box<dyn Error>` and `anyhow::Error` among them.
#[doc(hidden)]
pub trait ViaDeref {
    /// The failure that the error stands for.
    fn failure(self) -> Failure;
}

impl<E: fmt::Display + Deref> ViaDeref for &&Raised<E>
where
    E::Target: std::error::Error,
{
    fn failure(self) -> Failure {
        Failure::App { message: self.0.to_string(), causes: sources(&*self.0) }
    }
}

/// Everything else. The bound stands on the method, so that a type without it gets this trait's
/// message instead of one about method lookup.
#[doc(hidden)]
pub trait ViaDisplay<E> {
    /// The failure that the error stands for.
    fn failure(self) -> Failure
    where
        E: TaskError;
}

impl<E> ViaDisplay<E> for &Raised<E> {
    fn failure(self) -> Failure
    where
        E: TaskError,
    {
        Failure::App { message: self.0.message(), causes: Vec::new() }
    }
}

/// A type of the error in a task's `Result`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a task or a method",
    label = "needs `std::fmt::Display`",
    note = "implement `Display` for your type, or return `wask::Error`"
)]
pub trait TaskError {
    /// What it says.
    fn message(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<E: fmt::Display> TaskError for E {
    fn message(&self) -> String {
        self.to_string()
    }
}

/// The messages of the errors behind this one, outermost first.
fn sources<E: std::error::Error + ?Sized>(error: &E) -> Vec<String> {
    /// A chain that loops must not fill the memory.
    const CAUSES_MAX: usize = 32;
    std::iter::successors(error.source(), |error| error.source())
        .take(CAUSES_MAX)
        .map(ToString::to_string)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn app(message: &str, causes: &[&str]) -> Failure {
        let causes = causes.iter().map(ToString::to_string).collect();
        Failure::App { message: message.to_owned(), causes }
    }

    #[derive(Debug)]
    struct Outer(io::Error);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }

    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    /// Goal: `?` keeps the chain of sources as causes.
    #[test]
    fn question_mark_keeps_the_causes() {
        fn fails() -> Result<(), Error> {
            Err(Outer(io::Error::other("inner")))?
        }
        let error = fails().expect_err("it fails").context("top");
        assert_eq!(error.message(), "top");
        assert_eq!(error.causes(), ["outer", "inner"]);
        assert_eq!(format!("{error:?}"), "top\n  caused by: outer\n  caused by: inner");
    }

    #[expect(clippy::needless_borrow, reason = "as the macro writes it, whatever the type")]
    /// Goal: every kind of error type becomes a failure by the richest conversion it has.
    #[test]
    fn each_kind_of_error_becomes_a_failure() {
        let own = Raised(Error::new("own").context("above"));
        assert_eq!((&&&&own).failure(), app("above", &["own"]));
        let chained = Raised(Outer(io::Error::other("inner")));
        assert_eq!((&&&&chained).failure(), app("outer", &["inner"]));
        let boxed: Box<dyn std::error::Error> = Box::new(Outer(io::Error::other("inner")));
        assert_eq!((&&&&Raised(boxed)).failure(), app("outer", &["inner"]));
        assert_eq!((&&&&Raised("plain text")).failure(), app("plain text", &[]));
        assert_eq!((&&&&Raised(String::from("owned"))).failure(), app("owned", &[]));
    }
}
