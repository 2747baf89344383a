//! What a task function looks like from outside, and how a call finds it.
//!
//! The macros fill in these tables; nothing here knows about WebAssembly, so that all of it runs
//! in native tests.

use crate::Ctx;

/// What one exported path stands for: a task, or an actor with its methods.
#[derive(Clone, Copy)]
pub struct Entries {
    /// What the module's description lists.
    pub described: &'static [Entry],
    /// What it answers to without listing it.
    pub hidden: &'static [Entry],
}

impl Entries {
    /// Takes the place of a task or an actor whose attribute is wrong, so that the export does not
    /// complain of it a second time. No crate with one of these compiles.
    pub const OF_A_WRONG_ITEM: Self = Self { described: &[], hidden: &[] };
}

/// A function that can be called from outside, as the macro describes it.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its public name.
    pub name: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// Its parameters, the context left out.
    pub params: &'static [Param],
    /// Its result.
    pub returns: Returned,
    /// Its default options.
    pub options: Options,
    /// Decodes the arguments, calls the function, encodes what it returns.
    pub run: fn(Args) -> Result<Vec<u8>, Failure>,
}

/// A parameter.
#[derive(Clone, Copy)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// Makes the JSON Schema of its type.
    pub schema: fn() -> String,
    /// Whether the argument is raw bytes.
    pub raw: bool,
}

/// A result.
#[derive(Clone, Copy)]
pub struct Returned {
    /// Makes the JSON Schema of its type.
    pub schema: fn() -> String,
    /// Whether the result is raw bytes.
    pub raw: bool,
    /// Media type of a raw result.
    pub media_type: Option<&'static str>,
}

/// Default options of a function.
#[derive(Clone, Copy)]
pub struct Options {
    /// How often a failed attempt is repeated.
    pub retries: Option<u32>,
    /// Wall time of an attempt, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Linear memory of an attempt, in bytes.
    pub memory_bytes: Option<u64>,
}

/// Why a call gave no result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The function returned an error.
    App {
        /// What it says.
        message: String,
        /// The errors behind it, outermost first.
        causes: Vec<String>,
    },
    /// The call does not fit the function.
    Invalid(String),
}

/// A function that carries `#[wask::task]`, or a type whose `impl` block carries `#[wask::actor]`.
#[diagnostic::on_unimplemented(
    message = "this is neither a task nor an actor",
    label = "exported here",
    note = "write `#[wask::task]` above the function, or `#[wask::actor]` above the type's `impl` \
            block"
)]
pub trait Export {
    /// What the macro found out about it.
    const ENTRIES: Entries;
}

/// All that `wask::export!` names.
pub trait Exports {
    /// In the order of the export.
    const ALL: &'static [Entries];
}

/// What the name of a function without `#[wask::task]` stands for in an export.
pub mod fallback {
    /// Nothing that can be exported.
    #[expect(non_camel_case_types, reason = "takes the place of a function's name")]
    pub enum exported {}
}

/// The arguments of one call.
pub struct Args {
    values: std::vec::IntoIter<Vec<u8>>,
    /// What the crate exports, for a native context that runs calls itself.
    #[cfg(not(target_arch = "wasm32"))]
    exports: &'static [Entries],
}

impl Args {
    /// The arguments in their order, and the context of the call.
    #[cfg_attr(
        target_arch = "wasm32",
        expect(unused_variables, reason = "native contexts need it")
    )]
    pub fn new(values: Vec<Vec<u8>>, exports: &'static [Entries]) -> Self {
        Self {
            values: values.into_iter(),
            #[cfg(not(target_arch = "wasm32"))]
            exports,
        }
    }

    /// The next argument's bytes; their number was checked before.
    pub(crate) fn next_bytes(&mut self) -> Vec<u8> {
        self.values.next().unwrap_or_default()
    }

    /// The context of this call.
    #[cfg(target_arch = "wasm32")]
    pub fn ctx(&self) -> Ctx {
        Ctx::of_this_call()
    }

    /// The context of this call.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn ctx(&self) -> Ctx {
        Ctx::for_test_of(self.exports)
    }
}

/// Calls the function of that name.
pub fn run(
    exports: &'static [Entries],
    name: &str,
    values: Vec<Vec<u8>>,
) -> Result<Vec<u8>, Failure> {
    let entry = find(exports, name)
        .ok_or_else(|| Failure::Invalid(format!("the module has no function `{name}`")))?;
    if values.len() != entry.params.len() {
        return Err(Failure::Invalid(wrong_number(entry, values.len())));
    }
    (entry.run)(Args::new(values, exports))
}

/// What is exported under that name.
pub(crate) fn find<'a>(exports: &'a [Entries], name: &str) -> Option<&'a Entry> {
    let mut entries =
        exports.iter().flat_map(|entries| entries.described.iter().chain(entries.hidden));
    entries.find(|entry| entry.name == name)
}

#[cold]
fn wrong_number(entry: &Entry, given: usize) -> String {
    let names: Vec<_> = entry.params.iter().map(|param| param.name).collect();
    let takes = match names.as_slice() {
        [] => "no arguments".to_owned(),
        [name] => format!("1 argument ({name})"),
        names => format!("{} arguments ({})", names.len(), names.join(", ")),
    };
    let verb = if given == 1 { "was" } else { "were" };
    format!("`{}` takes {takes}, but {given} {verb} given", entry.name)
}
