//! `/live`: the feed of displays, a WebSocket. What ended comes in blocks of spans, the present as
//! a tick, ten times a second at most. A client's whole state here is the number of the next span
//! it gets, so that a slow one costs nothing and loses nothing.

use std::{collections::HashSet, time::Duration};

use axum::{
    Router,
    extract::{
        State,
        ws::{CloseFrame, Message as Frame, WebSocket, WebSocketUpgrade, rejection},
    },
    http::Uri,
    response::IntoResponse as _,
    routing::get,
};
use tokio::time::{Instant, MissedTickBehavior, interval};
use wask_node::{Dictionary, RunName, SpanPage, view::live::LiveView};
use wask_proto::{BLOCK_SPANS, RunId, TaskState};

use super::history::workers;
use crate::{
    codes,
    dto::{Message, NamesDto, TickDto, Workers},
    params::Params,
    problem::{Answer, Problem},
    state::ApiState,
};

/// How often a client that looks is told.
const TICK: Duration = Duration::from_millis(100);
/// How many of these a client that does not look waits for.
const HIDDEN_TICKS: u32 = 10;
/// A tick at least every so often, although nothing has changed.
const QUIET_MAX: Duration = Duration::from_secs(5);
/// How long one message may take to be sent.
const SEND_MAX: Duration = Duration::from_secs(30);
/// Runs of which is remembered that a client has their names.
const NAMED_RUNS_MAX: usize = 100_000;
/// What a client may say.
const SAID_MAX_BYTES: usize = 4_096;

/// The run was deleted.
const GONE: u16 = 4404;
/// The server stops.
const GOING_AWAY: u16 = 1001;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/live", get(live))
}

async fn live(
    State(state): State<ApiState>,
    uri: Uri,
    upgrade: Result<WebSocketUpgrade, rejection::WebSocketUpgradeRejection>,
) -> Answer {
    let params = Params::read(&uri, &["run", "from", "epoch"])?;
    let run = match params.text("run") {
        Some(reference) => Some(state.find_run(reference).await?),
        None => None,
    };
    let epoch = state.epoch();
    let from = params.number("from", "the number of a span")?.unwrap_or(0);
    // Numbers of another life of the server mean nothing here.
    let is_known = run.is_some() || params.text("epoch").is_none_or(|told| told == epoch);
    let upgrade = upgrade.map_err(|rejection| {
        let detail = format!("`/live` is a WebSocket: {rejection}; `/events` serves curl");
        Problem::new(codes::UPGRADE_REQUIRED, detail)
    })?;
    let upgrade =
        upgrade.protocols(["wask"]).max_message_size(SAID_MAX_BYTES).max_frame_size(SAID_MAX_BYTES);
    let place = state.feed_place()?;
    let feed = Feed::new(state, run, if is_known { from } else { 0 });
    let serve = move |socket| async move {
        feed.serve(socket).await;
        drop(place);
    };
    Ok(upgrade.on_upgrade(serve).into_response())
}

/// One client's feed.
struct Feed {
    state: ApiState,
    run: Option<RunId>,
    next: u64,
    names: Dictionary,
    /// Sizes of the names that the client has.
    named: Option<(usize, usize)>,
    /// Runs that the client has the name of.
    named_runs: HashSet<u32>,
    workers: Workers,
    hidden: bool,
    told: Option<Told>,
    rate: Rate,
}

/// What the last tick said, as far as it tells whether another one is due.
#[derive(PartialEq)]
struct Told {
    counts: [u32; 8],
    running: u64,
    states: Vec<(RunId, &'static str)>,
}

/// Why a feed ends.
enum End {
    Gone,
    Closing,
    Lost,
}

impl Feed {
    fn new(state: ApiState, run: Option<RunId>, from: u64) -> Self {
        Self {
            state,
            run,
            next: from,
            names: Dictionary::default(),
            named: None,
            named_runs: HashSet::new(),
            workers: Workers::new(),
            hidden: false,
            told: None,
            rate: Rate::default(),
        }
    }

    async fn serve(mut self, mut socket: WebSocket) {
        let state = self.state.clone();
        let end = tokio::select! {
            end = self.tell(&mut socket) => end,
            () = state.closed() => End::Closing,
        };
        let (code, reason) = match end {
            End::Gone => (GONE, "the run was deleted"),
            End::Closing => (GOING_AWAY, "the server stops"),
            End::Lost => return,
        };
        let close = CloseFrame { code, reason: reason.into() };
        // A client that is gone needs no farewell.
        let _ = tokio::time::timeout(SEND_MAX, socket.send(Frame::Close(Some(close)))).await;
    }

    async fn tell(&mut self, socket: &mut WebSocket) -> End {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut skipped, mut last) = (0, Instant::now());
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                said = socket.recv() => match said {
                    Some(Ok(Frame::Text(text))) => { self.hear(&text); continue }
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => return End::Lost,
                    Some(Ok(_)) => continue,
                },
            }
            skipped += 1;
            if self.hidden && skipped < HIDDEN_TICKS {
                continue;
            }
            skipped = 0;
            let quiet = last.elapsed() >= QUIET_MAX || self.told.is_none();
            match self.round(socket, quiet).await {
                Ok(true) => last = Instant::now(),
                Ok(false) => {}
                Err(end) => return end,
            }
        }
    }

    fn hear(&mut self, text: &str) {
        // What is not understood is not worth ending a feed for.
        let said: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        if let Some(hidden) = said.get("hidden").and_then(serde_json::Value::as_bool) {
            self.hidden = hidden;
        }
    }

    /// Sends what is new; tells whether anything was. The present is looked at before the past is
    /// sent, so that no task is missing from both.
    async fn round(&mut self, socket: &mut WebSocket, always: bool) -> Result<bool, End> {
        let view = self.state.node().live(self.run).await.ok_or(End::Gone)?;
        let mut sent = self.send_spans(socket).await?;
        let now = Told {
            counts: view.counts.0,
            running: view.running_total,
            states: view.run.iter().chain(&view.runs).map(|r| (r.id, r.state.name())).collect(),
        };
        let active = view.running.len() as u64 + u64::from(view.counts.get(TaskState::Running));
        if always || sent || active > 0 || self.told.as_ref() != Some(&now) {
            let runs = self.runs_of(&view);
            self.send_names(socket, runs.clone()).await?;
            let rate = self.rate.of(self.state.node().history().latest_index().total);
            let tick = TickDto::new(&view, (&self.names, &runs), self.next, rate);
            send_text(socket, &Message::Tick(Box::new(tick))).await?;
            self.told = Some(now);
            sent = true;
        }
        Ok(sent)
    }

    /// Runs of which something is held by a worker; only for all runs.
    fn runs_of(&self, view: &LiveView) -> Vec<(u32, RunName)> {
        if self.run.is_some() {
            return Vec::new();
        }
        let mut runs: Vec<RunId> = view.running.iter().map(|held| held.run).collect();
        runs.sort_unstable();
        runs.dedup();
        self.state.node().history().numbers(&runs)
    }

    async fn send_spans(&mut self, socket: &mut WebSocket) -> Result<bool, End> {
        let mut sent = false;
        loop {
            let page = self.page().await?;
            self.next = page.next;
            self.send_names(socket, page.runs).await?;
            let Some(block) = page.block else { return Ok(sent) };
            send(socket, Frame::Binary(block.into())).await?;
            sent = true;
            if page.next - page.first < BLOCK_SPANS as u64 {
                return Ok(sent);
            }
        }
    }

    async fn page(&mut self) -> Result<SpanPage, End> {
        let (history, run, from) = (self.state.node().history().clone(), self.run, self.next);
        let read = tokio::task::spawn_blocking(move || match run {
            None => Some((history.latest(from), history.latest_index())),
            Some(run) => Some((history.spans(run, from)?, history.index(run)?)),
        });
        let (page, index) = read.await.ok().flatten().ok_or(End::Gone)?;
        self.names = index.names;
        Ok(page)
    }

    /// Sends names if there are new ones, or if none were sent yet.
    async fn send_names(
        &mut self,
        socket: &mut WebSocket,
        runs: Vec<(u32, RunName)>,
    ) -> Result<(), End> {
        if self.named_runs.len() > NAMED_RUNS_MAX {
            // To be told a name again does no harm.
            self.named_runs.clear();
        }
        let new: Vec<(u32, RunName)> =
            runs.into_iter().filter(|(number, _)| self.named_runs.insert(*number)).collect();
        if self.named == Some(self.names.sizes()) && new.is_empty() {
            return Ok(());
        }
        self.named = Some(self.names.sizes());
        if self.names.lanes.iter().any(|lane| !self.workers.contains_key(&lane.worker)) {
            self.workers = workers(&self.state).await;
        }
        let runs = new.into_iter().map(|(number, run)| (number, run.into())).collect();
        let message = Message::Names {
            epoch: self.state.epoch().to_owned(),
            names: NamesDto::new(self.names.clone(), &self.workers),
            runs: self.run.is_none().then_some(runs),
        };
        send_text(socket, &message).await
    }
}

/// How many tasks end in a second, over about the last two.
#[derive(Default)]
struct Rate {
    begun: Option<(Instant, u64)>,
    last: f64,
}

impl Rate {
    fn of(&mut self, total: u64) -> f64 {
        const WINDOW: Duration = Duration::from_secs(2);
        let (begun, from) = *self.begun.get_or_insert((Instant::now(), total));
        let took = begun.elapsed();
        let rate = total.saturating_sub(from) as f64 / took.as_secs_f64().max(0.001);
        if took >= WINDOW {
            self.begun = Some((Instant::now(), total));
            self.last = rate;
        } else if took >= TICK * 2 && self.last == 0.0 {
            return rate;
        }
        self.last
    }
}

async fn send_text(socket: &mut WebSocket, message: &Message) -> Result<(), End> {
    let text = serde_json::to_string(message).unwrap_or_default();
    send(socket, Frame::Text(text.into())).await
}

/// Sends a message. A client that does not take it in time is cut off; it comes back.
async fn send(socket: &mut WebSocket, frame: Frame) -> Result<(), End> {
    match tokio::time::timeout(SEND_MAX, socket.send(frame)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Lost),
    }
}
