//! A worker in miniature: compiles guests into a directory of its own, feeds one executor, reads
//! what it answers.

use std::{
    collections::VecDeque,
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Child,
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use wask_proto::{
    CallLimits, Failure, FailureKind, Incoming, ModuleId, bulk_head,
    child::Answer,
    compile::CompiledModule,
    encode_frame,
    executor::{FromExecutor, Job, JobDone, JobOutcome, News, Order, ToExecutor},
    send_ahead,
};

use crate::{
    compiler::{CompileError, CompileLimits, Compiler},
    spawn::{self, Page},
};

/// No test waits longer than this for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A cache directory and the compiler that fills it.
pub(crate) struct Workshop {
    dir: TempDir,
    pub(crate) compiler: Compiler,
}

impl Workshop {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let compiler = Compiler {
            program: spawn::PROGRAM.into(),
            cache_dir: dir.path().join("cache"),
            limits: CompileLimits::default(),
        };
        Self { dir, compiler }
    }

    pub(crate) fn cache_dir(&self) -> &Path {
        &self.compiler.cache_dir
    }

    /// Compiles a module that must be taken.
    pub(crate) fn module(&self, wasm: &[u8]) -> ModuleId {
        self.compile(wasm).unwrap();
        ModuleId::of(wasm)
    }

    pub(crate) fn compile(&self, wasm: &[u8]) -> Result<CompiledModule, CompileError> {
        let id = ModuleId::of(wasm);
        let path = self.dir.path().join(format!("{id}.wasm"));
        fs::write(&path, wasm).unwrap();
        self.compiler.compile(&path, id)
    }

    /// The reason why a module is refused.
    pub(crate) fn refusal(&self, wasm: &[u8]) -> String {
        match self.compile(wasm) {
            Err(CompileError::Invalid { reason }) => reason,
            other => panic!("the module should have been refused: {other:?}"),
        }
    }

    pub(crate) fn executor(&self) -> Executor {
        Executor::start(self.cache_dir(), "")
    }

    /// One whose process begins under a limit of the shell's.
    pub(crate) fn limited_executor(&self, ulimit: &str) -> Executor {
        Executor::start(self.cache_dir(), &format!("ulimit {ulimit}"))
    }
}

/// The guest of that name, built from `tests/guests`.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../target/guests");
    let dir = std::env::var_os("WASK_GUESTS_DIR").map_or(default, PathBuf::from);
    let path = dir.join(format!("{name}.wasm"));
    fs::read(&path).unwrap_or_else(|error| {
        panic!("no guest at {} ({error}): run `make guests` first", path.display())
    })
}

/// One call, as a test words it.
#[derive(Clone)]
pub(crate) struct Call {
    module: ModuleId,
    function: &'static str,
    args: Vec<Vec<u8>>,
    pub(crate) limits: CallLimits,
}

impl Call {
    pub(crate) fn new(module: ModuleId, function: &'static str) -> Self {
        Self { module, function, args: Vec::new(), limits: CallLimits::default() }
    }

    /// With one more argument, in CBOR.
    pub(crate) fn arg(mut self, value: impl Into<ciborium::Value>) -> Self {
        let mut bytes = Vec::new();
        ciborium::into_writer(&value.into(), &mut bytes).unwrap();
        self.args.push(bytes);
        self
    }

    pub(crate) fn limits(mut self, change: impl FnOnce(&mut CallLimits)) -> Self {
        change(&mut self.limits);
        self
    }

    pub(crate) fn timeout_ms(self, ms: u64) -> Self {
        self.limits(|limits| limits.wall_max_ms = ms)
    }

    pub(crate) fn memory(self, bytes: u64) -> Self {
        self.limits(|limits| limits.memory_max_bytes = bytes)
    }
}

/// A running executor.
pub(crate) struct Executor {
    child: Child,
    socket: UnixStream,
    pub(crate) page: Page,
    incoming: Incoming,
    news: VecDeque<News>,
    seq: u64,
}

impl Executor {
    fn start(cache_dir: &Path, limited: &str) -> Self {
        let (child, socket, page) = spawn::executor(cache_dir, limited);
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let (incoming, news) = (Incoming::default(), VecDeque::new());
        let mut executor = Self { child, socket, page, incoming, news, seq: 0 };
        assert!(matches!(executor.message(), FromExecutor::Ready));
        executor
    }

    /// Sends jobs in one message; returns their sequence numbers.
    pub(crate) fn send(&mut self, calls: &[Call]) -> Vec<u64> {
        let orders: Vec<Order> = calls.iter().map(|call| Order::Call(self.job(call))).collect();
        let seqs = orders.iter().map(Order::seq).collect();
        self.tell(ToExecutor::Run(orders));
        seqs
    }

    pub(crate) fn tell(&mut self, mut message: ToExecutor) {
        let mut frame = Vec::new();
        send_ahead(&mut message, |bulk| {
            frame.extend(bulk_head(bulk.len() as u64));
            frame.extend_from_slice(&bulk);
        });
        encode_frame(&message, &mut frame).unwrap();
        self.socket.write_all(&frame).unwrap();
    }

    /// A number for the next order.
    pub(crate) fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    /// Lets a parked job go on; returns the order's sequence number.
    pub(crate) fn resume(&mut self, job: u64, answer: Answer) -> u64 {
        let seq = self.next_seq();
        self.tell(ToExecutor::Run(vec![Order::Resume { seq, job, answer }]));
        seq
    }

    /// The next outcome.
    pub(crate) fn next(&mut self) -> JobDone {
        match self.next_news() {
            News::Done(done) => done,
            other => panic!("unexpected: {other:?}"),
        }
    }

    /// The next news.
    pub(crate) fn next_news(&mut self) -> News {
        loop {
            if let Some(news) = self.news.pop_front() {
                return news;
            }
            match self.message() {
                FromExecutor::News(news) => self.news.extend(news),
                other => panic!("unexpected: {other:?}"),
            }
        }
    }

    /// Runs one call to its end.
    pub(crate) fn run(&mut self, call: &Call) -> JobDone {
        let seqs = self.send(std::slice::from_ref(call));
        let done = self.next();
        assert_eq!(done.seq, seqs[0]);
        done
    }

    /// Runs a call that must succeed.
    pub(crate) fn result(&mut self, call: &Call) -> ciborium::Value {
        match self.run(call).outcome {
            JobOutcome::Success(bytes) => ciborium::from_reader(&*bytes).unwrap(),
            other => panic!("{} should have succeeded: {other:?}", call.function),
        }
    }

    /// Runs a call that must fail with this kind.
    pub(crate) fn failure(&mut self, call: &Call, kind: FailureKind) -> Failure {
        match self.run(call).outcome {
            JobOutcome::Failure(failure) => {
                assert_eq!(failure.kind, kind, "{failure:?}");
                *failure
            }
            other => panic!("{} should have failed: {other:?}", call.function),
        }
    }

    /// Resident memory of the process.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// The executor's process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How often the process's threads went to sleep, in all.
    pub(crate) fn voluntary_switches(&self) -> u64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap();
        let switches = |status: String| {
            let line = status.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"));
            line.unwrap().trim().parse::<u64>().unwrap()
        };
        let status = |task: fs::DirEntry| fs::read_to_string(task.path().join("status")).unwrap();
        tasks.map(|task| switches(status(task.unwrap()))).sum()
    }

    /// Waits until `condition` holds.
    pub(crate) fn until(&self, what: &str, condition: impl Fn(&Page) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !condition(&self.page) {
            assert!(Instant::now() < deadline, "waited too long for {what}");
            std::thread::yield_now();
        }
    }

    /// Closes the socket; the exit code of the process.
    pub(crate) fn close(mut self) -> Option<i32> {
        self.socket.shutdown(std::net::Shutdown::Both).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "the executor does not end");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn job(&mut self, call: &Call) -> Job {
        Job {
            keep: false,
            previous: None,
            seq: self.next_seq(),
            module: call.module,
            function: Arc::from(call.function),
            args: call.args.iter().cloned().map(Into::into).collect(),
            limits: call.limits,
            attempt: 3,
            task: Arc::from("0123456789abcdef/key"),
            profile: false,
        }
    }

    fn message(&mut self) -> FromExecutor {
        loop {
            if let Some(message) = self.incoming.next(u64::MAX).unwrap() {
                return message;
            }
            let count = self.socket.read(self.incoming.room());
            let count = count.expect("the executor answers in time");
            assert!(count > 0, "the executor closed its socket");
            self.incoming.advance(count);
        }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bounds of "back to where it was": what one warm place in the pool may keep, twice.
pub(crate) const SLACK_BYTES: u64 = 8 * 1024 * 1024;

/// How long an idle executor may keep what it needed for large values.
const GIVEN_BACK_WITHIN: Duration = Duration::from_secs(10);

/// What every hostile guest is followed by: the next task in the same executor is fine, and its
/// memory is back to where it was.
pub(crate) struct Aftermath {
    call: Call,
    resident_bytes: u64,
}

impl Aftermath {
    /// Remembers how the executor was, with the harmless `call` run once.
    pub(crate) fn before(executor: &mut Executor, call: Call) -> Self {
        executor.result(&call);
        Self { call, resident_bytes: executor.resident_bytes() }
    }

    pub(crate) fn check(&self, executor: &mut Executor) {
        executor.result(&self.call);
        let deadline = Instant::now() + GIVEN_BACK_WITHIN;
        loop {
            let now = executor.resident_bytes();
            if now <= self.resident_bytes + SLACK_BYTES {
                return;
            }
            let before = self.resident_bytes;
            assert!(
                Instant::now() < deadline,
                "the executor held {before} bytes before and {now} bytes after"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
