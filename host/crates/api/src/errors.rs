//! The errors of one request: collected, not thrown, so that the client hears of all at once.

use std::fmt::Write as _;

use serde::Serialize;
use utoipa::ToSchema;

/// Errors that are listed; of the others only the number is told.
const LISTED_MAX: usize = 100;

/// One error and its place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = ProblemError)]
pub(crate) struct ErrorItem {
    /// JSON pointer (RFC 6901) into the request's body.
    pub(crate) pointer: String,
    /// One word for programs.
    pub(crate) code: &'static str,
    /// What is wrong and what to change.
    pub(crate) detail: String,
}

/// All errors found so far.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Errors {
    items: Vec<ErrorItem>,
    more: usize,
}

impl Errors {
    /// A single error.
    pub(crate) fn one(pointer: String, code: &'static str, detail: String) -> Self {
        Self { items: vec![ErrorItem { pointer, code, detail }], more: 0 }
    }

    /// Adds an error. The sentence is only made if it will be listed.
    pub(crate) fn add(
        &mut self,
        at: &Path<'_>,
        code: &'static str,
        detail: impl FnOnce() -> String,
    ) {
        self.add_at(|| at.pointer(), code, detail);
    }

    /// The same with a pointer that is known already.
    pub(crate) fn add_at(
        &mut self,
        pointer: impl FnOnce() -> String,
        code: &'static str,
        detail: impl FnOnce() -> String,
    ) {
        if self.items.len() < LISTED_MAX {
            self.items.push(ErrorItem { pointer: pointer(), code, detail: detail() });
        } else {
            self.more += 1;
        }
    }

    /// Whether all is well.
    pub(crate) const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether further errors would only be counted.
    pub(crate) const fn is_full(&self) -> bool {
        self.items.len() >= LISTED_MAX
    }

    /// The listed errors and the number of the others.
    pub(crate) fn into_parts(self) -> (Vec<ErrorItem>, usize) {
        (self.items, self.more)
    }
}

/// A place in the body, as a chain on the stack. Becomes text only when there is an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'p> {
    parent: Option<&'p Self>,
    step: Step<'p>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Key(&'p str),
    Index(u64),
}

impl<'p> Path<'p> {
    /// The whole body.
    pub(crate) const ROOT: Path<'static> = Path { parent: None, step: Step::Index(0) };

    /// A member of this object.
    pub(crate) const fn key<'c>(&'c self, key: &'c str) -> Path<'c>
    where
        'p: 'c,
    {
        Path { parent: Some(self), step: Step::Key(key) }
    }

    /// An item of this list.
    pub(crate) const fn index<'c>(&'c self, index: u64) -> Path<'c>
    where
        'p: 'c,
    {
        Path { parent: Some(self), step: Step::Index(index) }
    }

    /// The JSON pointer.
    pub(crate) fn pointer(&self) -> String {
        let Some(parent) = self.parent else { return String::new() };
        let mut pointer = parent.pointer();
        let _ = match self.step {
            Step::Key(key) => write!(pointer, "/{}", key.replace('~', "~0").replace('/', "~1")),
            Step::Index(index) => write!(pointer, "/{index}"),
        };
        pointer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_what_the_standard_says() {
        let path = Path::ROOT;
        let path = path.key("tasks");
        let path = path.key("a/b~c");
        assert_eq!(path.index(3).pointer(), "/tasks/a~1b~0c/3");
        assert_eq!(Path::ROOT.pointer(), "");
    }

    #[test]
    fn errors_beyond_the_listed_ones_are_counted() {
        let mut errors = Errors::default();
        for _ in 0..LISTED_MAX + 5 {
            errors.add(&Path::ROOT, "limit", String::new);
        }
        let (items, more) = errors.into_parts();
        assert_eq!((items.len(), more), (LISTED_MAX, 5));
    }
}
