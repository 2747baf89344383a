//! Questions of parked tasks that concern more than their own calls. They are done like everybody
//! else's requests, by a task beside the loop, and the parked task goes on with what came of it.

use rustc_hash::FxHashMap;
use tokio::task::AbortHandle;
use wask_engine::{Event, Wait};
use wask_proto::{
    TaskId, WorkerId,
    ask::{Ask, NoReply, Reply},
    worker::{AttemptId, Reply as ToTask, Resumption},
};

use super::{Input, Server};
use crate::{asks, handle::Handle};

/// The questions of parked tasks.
#[derive(Default)]
pub(super) struct Asks {
    pending: FxHashMap<TaskId, Pending>,
    /// How many questions were asked since the start.
    asked: u64,
}

struct Pending {
    attempt: u32,
    state: State,
}

enum State {
    /// Somebody is at it. Nothing is lost when that is stopped.
    Waits(AbortHandle),
    /// This came of it.
    Answered(Result<Reply, NoReply>),
}

impl Server {
    /// The handle by which tasks' questions are put.
    pub(crate) fn set_handle(&mut self, handle: Handle) {
        self.handle = Some(handle);
    }

    /// A parked task asks for something.
    pub(super) fn on_ask(&mut self, worker: WorkerId, id: AttemptId, ask: Ask, busy_us: u64) {
        let AttemptId { task, attempt } = id;
        if self.engine.attempt(task) != Some(attempt) {
            return;
        }
        self.forget_ask(task);
        let wait = Wait::Answer;
        self.handle(Event::Parked { worker, task, attempt, wait, busy_us });
        let Some(handle) = self.handle.clone() else { return };
        self.asks.asked += 1;
        let new_id = self.new_id(id);
        let answering = tokio::spawn(async move {
            let answer = asks::answer(&handle, ask, new_id).await;
            handle.tell(Input::Answered(id, answer)).await;
        });
        let state = State::Waits(answering.abort_handle());
        self.asks.pending.insert(task, Pending { attempt, state });
    }

    /// What a task asked for is there.
    pub(super) fn on_answered(&mut self, id: AttemptId, answer: Result<Reply, NoReply>) {
        let AttemptId { task, attempt } = id;
        let Some(pending) = self.asks.pending.get_mut(&task) else { return };
        if pending.attempt == attempt {
            pending.state = State::Answered(answer);
            self.handle(Event::Answered { task, attempt });
        }
    }

    /// A parked task goes on that had asked for something; tells whether it had.
    pub(super) fn resume_with_answer(&mut self, worker: WorkerId, id: AttemptId) -> bool {
        let Some(Pending { attempt, state }) = self.asks.pending.remove(&id.task) else {
            return false;
        };
        let State::Answered(answer) = state else { return false };
        if attempt == id.attempt
            && let Some(port) = self.workers.get_mut(&worker)
        {
            let answer = ToTask::Asked(Box::new(answer));
            port.resume.push(Resumption { id, answer });
        }
        true
    }

    /// Nobody waits for an answer any more: a wait for it ends, and what it was about to get goes
    /// back.
    pub(super) fn forget_ask(&mut self, task: TaskId) {
        if let Some(Pending { state: State::Waits(answering), .. }) =
            self.asks.pending.remove(&task)
        {
            answering.abort();
        }
    }

    /// Whether any task waits for an answer.
    pub(super) fn has_asks(&self) -> bool {
        !self.asks.pending.is_empty()
    }

    /// An id for something new that a task makes: no other question gets the same.
    fn new_id(&self, id: AttemptId) -> u64 {
        let mut hasher = blake3::Hasher::new();
        let AttemptId { task, attempt } = id;
        for number in [task.run.0, task.index.into(), attempt.into(), self.asks.asked, self.now.0] {
            hasher.update(&number.to_le_bytes());
        }
        let mut first = [0; 8];
        hasher.finalize_xof().fill(&mut first);
        u64::from_le_bytes(first)
    }
}
