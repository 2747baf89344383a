//! A real server: started, watched, killed, started again over the same data.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    ops::Deref,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{
    api::Api,
    places::{folder, wask_program},
    processes::{Process, children_of, kill_hard},
    wait::{DEADLINE, eventually},
};

/// What the server says when it is served, before its address.
const READY: &str = "wask listening on ";

/// How a server is started.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Slots.
    pub slots: u16,
    /// Further arguments.
    pub args: Vec<String>,
    /// Guests that are uploaded at once.
    pub guests: Vec<&'static str>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { slots: 2, args: Vec::new(), guests: vec!["numbers"] }
    }
}

impl ServerOptions {
    /// With these guests.
    #[must_use]
    pub fn guests(mut self, guests: &[&'static str]) -> Self {
        self.guests = guests.to_vec();
        self
    }

    /// With so many slots.
    #[must_use]
    pub fn slots(mut self, slots: u16) -> Self {
        self.slots = slots;
        self
    }

    /// With a further argument.
    #[must_use]
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    /// Starts it.
    #[track_caller]
    #[must_use]
    pub fn start(self) -> Server {
        let mut server = Server::down(self);
        server.start();
        let guests = server.options.guests.clone();
        server.upload(&guests);
        server
    }
}

/// A server with a folder of its own. Stopped and removed when dropped; a test that fails shows
/// what it logged.
#[derive(Debug)]
pub struct Server {
    options: ServerOptions,
    folder: TempDir,
    log: Arc<Mutex<Vec<u8>>>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// The server stops when this is closed, so that it cannot outlive the tests.
    _stdin: ChildStdin,
    api: Api,
}

impl Server {
    /// A server with two slots and the guest `numbers`.
    #[track_caller]
    #[must_use]
    pub fn start_default() -> Self {
        ServerOptions::default().start()
    }

    fn down(options: ServerOptions) -> Self {
        Self { options, folder: folder(), log: Arc::default(), running: None }
    }

    #[track_caller]
    fn start(&mut self) {
        let slots = self.options.slots.to_string();
        let mut command = Command::new(wask_program());
        command.args(["serve", "--listen", "127.0.0.1:0", "--stop-with-stdin", "--slots", &slots]);
        command.arg("--data-dir").arg(self.data_dir()).args(&self.options.args);
        command.env_remove("WASK_SERVER").env_remove("WASK_TOKEN");
        // Why a connection was closed is what a test that got no answer needs to know.
        command.env("WASK_LOG", "info,wask_api::serve=debug");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program under test can be started");
        let stdin = child.stdin.take().expect("stdin is piped");
        self.keep_log(child.stderr.take().expect("stderr is piped"));
        match first_line(&mut child) {
            Some(origin) => {
                let api = Api::new(&origin);
                self.running = Some(Running { child, _stdin: stdin, api });
            }
            None => {
                kill_hard(child.id());
                let ended = child.wait();
                panic!("the server did not come up ({ended:?}); its log:\n{}", self.log_since(0));
            }
        }
        self.wait_ready();
    }

    #[track_caller]
    fn wait_ready(&self) {
        let ready = || (self.get("/health/ready").status == 200).then_some(());
        eventually("ready server", DEADLINE, ready);
    }

    fn keep_log(&self, mut stderr: ChildStderr) {
        let log = Arc::clone(&self.log);
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = stderr.read(&mut buffer) {
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                log.extend_from_slice(&buffer[..count]);
            }
        });
    }

    /// Where its data is.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder for files of the test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("the server runs").child.id()
    }

    /// The process.
    pub fn process(&self) -> Process {
        Process { pid: self.pid(), command: Vec::new() }
    }

    /// Its executors.
    pub fn executors(&self) -> Vec<Process> {
        let mut children = children_of(self.pid());
        children.retain(|child| child.command.get(1).is_some_and(|word| word == "executor"));
        children
    }

    /// What it logged after that many bytes.
    pub fn log_since(&self, start: usize) -> String {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(log.get(start..).unwrap_or_default()).into_owned()
    }

    /// How many bytes it logged.
    pub fn log_length(&self) -> usize {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Ends it as a power failure would.
    #[track_caller]
    pub fn kill9(&mut self) {
        let mut running = self.running.take().expect("the server runs");
        let executors = children_of(running.child.id());
        kill_hard(running.child.id());
        running.child.wait().expect("a child can be waited for");
        let gone = || executors.iter().all(|child| !child.is_alive()).then_some(());
        eventually("end of the executors of a killed server", DEADLINE, gone);
    }

    /// Asks it to stop, and waits until it has; its exit code.
    #[track_caller]
    pub fn stop(&mut self) -> Option<i32> {
        let mut running = self.running.take().expect("the server runs");
        let pid = i32::try_from(running.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process id"), Signal::TERM).expect("a child can be signalled");
        let ended = || running.child.try_wait().expect("a child can be waited for");
        eventually("end of the server after SIGTERM", DEADLINE, ended).code()
    }

    /// Kills it and starts it again over the same data. Its address changes.
    #[track_caller]
    pub fn restart_hard(&mut self) {
        self.kill9();
        self.start();
    }

    /// Starts a server that is down again, over the same data. Its address changes.
    #[track_caller]
    pub fn start_again(&mut self) {
        assert!(self.running.is_none(), "the server runs");
        self.start();
    }

    /// Stops it in order and starts it again over the same data.
    #[track_caller]
    pub fn restart(&mut self) {
        assert_eq!(self.stop(), Some(0), "a stop in order");
        self.start();
    }
}

impl Deref for Server {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.running.as_ref().expect("the server runs").api
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            kill_hard(running.child.id());
            // Without a status there is nothing left to wait for.
            let _ = running.child.wait();
        }
        if thread::panicking() {
            eprintln!("---- the server's log\n{}----", self.log_since(0));
        }
    }
}

/// The address that the server prints once it is served.
fn first_line(child: &mut Child) -> Option<String> {
    let stdout = child.stdout.take()?;
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let mut reader = BufReader::new(stdout);
        let read = reader.read_line(&mut line);
        // Nobody listens any more if the server was too slow.
        let _ = send.send(read.ok().map(|_| line));
        // The pipe stays open: a server must not trip over a closed stdout.
        let _ = reader.read_to_end(&mut Vec::new());
    });
    let line = receive.recv_timeout(DEADLINE + Duration::from_secs(10)).ok()??;
    line.trim_end().strip_prefix(READY).map(str::to_owned)
}
