//! Actors from outside: what a class describes, and what an instance does with its one actor, call
//! after call. Each test has a thread, and so an instance, of its own.
#![expect(clippy::expect_used, clippy::panic, reason = "a test")]

use serde_json::{Value, json};
use wask::__private::{Entry, Exports, Failure, run};
use wask::prelude::*;

#[wask::value]
#[derive(Debug)]
struct Account {
    balance: u64,
    owner: String,
}

/// Money that somebody has.
#[wask::actor(memory = "32MiB")]
impl Account {
    const LIMIT: u64 = 1_000;

    /// Not shown, because the block has a comment of its own.
    #[wask(timeout = "5s")]
    fn new(owner: String, balance: u64) -> Result<Self, Error> {
        if Self::is_too_much(balance) {
            return Err(Error::new(format!("{balance} is too much")));
        }
        Ok(Self { balance, owner })
    }

    /// What there is.
    fn balance(&self) -> u64 {
        self.balance
    }

    /// Puts something in.
    #[wask(timeout = "2s")]
    fn put(&mut self, ctx: &Ctx, amount: u64) -> u64 {
        ctx.progress(1, 1);
        self.balance += amount;
        self.balance
    }

    fn take(&mut self, amount: u64) -> Result<u64, std::num::TryFromIntError> {
        self.balance = (i64::try_from(self.balance)? - i64::try_from(amount)?).try_into()?;
        Ok(self.balance)
    }

    #[wask(media_type = "text/plain")]
    fn statement(&self) -> Bytes {
        format!("{}: {}", self.owner, self.balance).into()
    }

    fn absorb(&mut self, other: Self) -> Self {
        self.balance += other.balance;
        Self { balance: 0, ..other }
    }

    #[cfg(any())]
    fn never(&self) {}

    fn is_too_much(amount: u64) -> bool {
        amount > Self::LIMIT
    }
}

impl Account {
    fn is_empty(&self) -> bool {
        self.balance == 0
    }
}

mod nested {
    #[wask::value]
    #[derive(Default)]
    pub(crate) enum Light {
        #[default]
        Off,
        On,
    }

    #[wask::actor]
    impl Light {
        /// A light that is off.
        pub(crate) fn new() -> Self {
            Self::default()
        }

        pub(crate) fn switch(&mut self) -> bool {
            *self = if matches!(self, Self::Off) { Self::On } else { Self::Off };
            matches!(self, Self::On)
        }
    }
}

#[wask::task]
fn square(x: i64) -> i64 {
    x * x
}

wask::export![Account, square, nested::Light];

fn described() -> impl Iterator<Item = &'static Entry> {
    WaskExportOncePerCrate::ALL.iter().flat_map(|entries| entries.described)
}

fn entry(name: &str) -> &'static Entry {
    described().find(|entry| entry.name == name).expect("an exported function")
}

/// Calls a function as the component's `run` does, with arguments in CBOR.
fn call(name: &str, args: &[Value]) -> Result<Value, Failure> {
    call_raw(name, args.iter().map(cbor).collect()).map(|bytes| json_of(&bytes))
}

fn call_raw(name: &str, args: Vec<Vec<u8>>) -> Result<Vec<u8>, Failure> {
    run(WaskExportOncePerCrate::ALL, name, args)
}

fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("it encodes");
    bytes
}

fn json_of(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).expect("CBOR")
}

fn invalid(name: &str, args: Vec<Vec<u8>>) -> String {
    match call_raw(name, args) {
        Err(Failure::Invalid(message)) => message,
        other => panic!("{other:?}"),
    }
}

/// Goal: a class describes its constructor under its own name and its methods below it, and
/// nothing else.
#[test]
fn classes_describe_constructor_and_methods() {
    let names: Vec<_> = described().map(|entry| entry.name).collect();
    let account =
        ["balance", "put", "take", "statement", "absorb"].map(|it| format!("Account.{it}"));
    let expected = [&["Account".to_owned()], account.as_slice()].concat();
    assert_eq!(names[..6], expected);
    assert_eq!(names[6..], ["square", "Light", "Light.switch"]);

    let constructor = entry("Account");
    assert_eq!(constructor.doc, "Money that somebody has.");
    let params: Vec<_> = constructor.params.iter().map(|param| param.name).collect();
    assert_eq!(params, ["owner", "balance"]);
    assert_eq!((constructor.returns.schema)(), r#"{"type":"null","x-wask-actor":true}"#);
    assert!(!constructor.returns.raw);
    assert_eq!(entry("Light").doc, "A light that is off.");
}

/// Goal: methods are described like tasks, and share the memory of their actor.
#[test]
fn methods_are_described_like_tasks() {
    let put = entry("Account.put");
    assert_eq!(put.doc, "Puts something in.");
    assert_eq!(put.params.len(), 1, "neither the receiver nor the context is a parameter");
    assert_eq!((put.params[0].name, put.params[0].raw), ("amount", false));
    assert_eq!(put.options.timeout_ms, Some(2_000));
    assert_eq!(entry("Account").options.timeout_ms, Some(5_000));
    let memory = |name| entry(name).options.memory_bytes;
    assert_eq!(memory("Account.put").zip(memory("Account")), Some((32 << 20, 32 << 20)));
    assert_eq!((memory("Light"), memory("Light.switch")), (None, None));
    let statement = entry("Account.statement");
    assert_eq!((statement.returns.raw, statement.returns.media_type), (true, Some("text/plain")));
}

/// Goal: what a call changes, the next one sees.
#[test]
fn state_lasts_from_call_to_call() {
    assert_eq!(call("Account", &[json!("Ada"), json!(5)]), Ok(Value::Null));
    assert_eq!(call("Account.put", &[json!(7)]), Ok(json!(12)));
    assert_eq!(call("Account.take", &[json!(2)]), Ok(json!(10)));
    let other = json!({"balance": 3, "owner": "Bob"});
    let emptied = json!({"balance": 0, "owner": "Bob"});
    assert_eq!(call("Account.absorb", &[other]), Ok(emptied));
    assert_eq!(call("Account.balance", &[]), Ok(json!(13)));
    assert_eq!(call_raw("Account.statement", vec![]), Ok(b"Ada: 13".to_vec()));
    assert_eq!(call("square", &[json!(3)]), Ok(json!(9)), "tasks work beside an actor");
}

/// Goal: a saved state goes on in another instance as if nothing had happened.
#[test]
fn state_moves_to_another_instance() {
    call("Account", &[json!("Ada"), json!(5)]).expect("an actor");
    let saved = call_raw("Account.$save", vec![]).expect("a state");
    assert_eq!(json_of(&saved), json!({"balance": 5, "owner": "Ada"}));
    let elsewhere = std::thread::spawn(move || {
        assert!(invalid("Account.balance", vec![]).contains("no `Account`"));
        let loaded = call_raw("Account.$load", vec![saved]).map(|bytes| json_of(&bytes));
        assert_eq!(loaded, Ok(Value::Null));
        assert_eq!(call("Account.put", &[json!(1)]), Ok(json!(6)));
    });
    elsewhere.join().expect("it succeeds");
    assert_eq!(call("Account.balance", &[]), Ok(json!(5)), "the first one is untouched");
}

/// Goal: a method without an actor says what has to come before it, whichever method it is.
#[test]
fn methods_need_an_actor_of_their_class() {
    let message = "there is no `Account` in this instance: its methods can be called once \
                   `Account` has made one or `Account.$load` has brought one back";
    assert_eq!(invalid("Account.balance", vec![]), message);
    assert_eq!(invalid("Account.$save", vec![]), message);
    call("Light", &[]).expect("an actor");
    assert_eq!(invalid("Account.balance", vec![]), message, "there is one of another class");
    assert_eq!(call("Light.switch", &[]), Ok(json!(true)));
}

/// Goal: failures of the constructor and of methods are the function's own, and the state stays.
#[test]
fn failures_leave_the_state() {
    let failure = call("Account", &[json!("Ada"), json!(2_000)]).expect_err("too much");
    assert_eq!(failure, Failure::App { message: "2000 is too much".to_owned(), causes: vec![] });
    assert!(invalid("Account.balance", vec![]).contains("no `Account`"), "nothing was made");
    call("Account", &[json!("Ada"), json!(5)]).expect("an actor");
    assert!(matches!(call("Account.take", &[json!(9)]), Err(Failure::App { .. })));
    assert!(matches!(call("Account", &[json!("Bob"), json!(2_000)]), Err(Failure::App { .. })));
    assert_eq!(call("Account.balance", &[]), Ok(json!(5)));
    assert_eq!(call("Account", &[json!("Bob"), json!(1)]), Ok(Value::Null));
    assert_eq!(call_raw("Account.statement", vec![]), Ok(b"Bob: 1".to_vec()), "made anew");
}

/// Goal: what does not fit is refused with its name, a saved state like any argument.
#[test]
fn misfits_are_invalid_and_named() {
    assert_eq!(
        invalid("Account", vec![cbor(&json!("Ada"))]),
        "`Account` takes 2 arguments (owner, balance), but 1 was given"
    );
    assert_eq!(
        invalid("Account.put", vec![cbor(&json!(-1))]),
        "argument `amount`: expected u64, found -1"
    );
    assert_eq!(
        invalid("Account.$load", vec![cbor(&json!({"balance": "all", "owner": "Ada"}))]),
        "argument `state` at `.balance`: expected u64, found the text \"all\""
    );
    assert_eq!(
        invalid("Account.$save", vec![vec![]]),
        "`Account.$save` takes no arguments, but 1 was given"
    );
    for name in ["Account.new", "Account.is_empty", "Account.is_too_much", "Account.never", "new"] {
        assert_eq!(invalid(name, vec![]), format!("the module has no function `{name}`"));
    }
}

/// Goal: types and their methods stay plain Rust.
#[test]
fn methods_stay_callable() {
    let mut account = Account::new("Ada".to_owned(), 1).expect("little enough");
    let ctx = Ctx::for_test();
    assert_eq!(account.put(&ctx, 2), 3);
    assert_eq!(ctx.last_progress(), Some((1, 1)));
    assert_eq!(account.take(3).expect("there is enough"), 0);
    assert!(account.is_empty() && !nested::Light::new().switch().to_string().is_empty());
    assert!(account.take(1).is_err());
}
