//! Identical calls under way: the first one runs, the others wait for its result.

use std::collections::BTreeSet;

use wask_proto::{MemoKey, TaskId};

use crate::{
    Engine, ResultSource,
    cell::{NONE, Phase, TaskRef},
    hash::FixedMap,
    settle::Ending,
    slab::Slab,
    step::Step,
};

/// All calls under way that have a key.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    flights: Slab<Flight>,
    by_key: FixedMap<MemoKey, u32>,
}

/// One call, and the tasks that it serves.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    /// `None` in a vacant place.
    pub(crate) key: Option<MemoKey>,
    /// The task that runs, or is to run, for all.
    pub(crate) leader: Option<TaskRef>,
    pub(crate) followers: BTreeSet<TaskRef>,
}

/// What a task with a certain key does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Boarding {
    /// It runs itself.
    Runs,
    /// It waits for another one.
    Follows,
}

impl Flights {
    pub(crate) fn get(&self, flight: u32) -> &Flight {
        &self.flights[flight]
    }

    /// All flights under way.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Flight)> {
        self.flights.iter().filter(|(_, flight)| flight.key.is_some())
    }

    pub(crate) fn find(&self, key: MemoKey) -> Option<u32> {
        self.by_key.get(&key).copied()
    }

    pub(crate) fn leads(&self, flight: u32, task: TaskRef) -> bool {
        flight != NONE && self.flights[flight].leader == Some(task)
    }

    pub(crate) fn remove_follower(&mut self, flight: u32, task: TaskRef) {
        self.flights[flight].followers.remove(&task);
    }

    fn start(&mut self, key: MemoKey, leader: TaskRef) -> u32 {
        let flight = Flight { key: Some(key), leader: Some(leader), followers: BTreeSet::new() };
        let place = self.flights.insert(flight);
        self.by_key.insert(key, place);
        place
    }

    fn end(&mut self, flight: u32) -> Flight {
        let ended = self.flights.remove(flight);
        if let Some(key) = ended.key {
            self.by_key.remove(&key);
        }
        ended
    }
}

impl Engine {
    /// A staged task has this key: joins it to the identical call under way, or lets it lead.
    pub(crate) fn board(
        &mut self,
        task: TaskRef,
        memo: Option<MemoKey>,
        step: &mut Step<'_>,
    ) -> Boarding {
        let current = self.runs.cell(task).flight;
        if current != NONE {
            if memo.is_some() && self.flights.get(current).key == memo {
                return Boarding::Runs;
            }
            self.leave_flight(task, step);
        }
        let Some(key) = memo else { return Boarding::Runs };
        let known = self.flights.find(key);
        // A child that followed could wait for one that waits for it.
        if known.is_some() && self.runs.node_of(task).parent.is_some() {
            return Boarding::Runs;
        }
        if let Some(flight) = known {
            self.flights.flights[flight].followers.insert(task);
            self.runs.cell_mut(task).flight = flight;
            Boarding::Follows
        } else {
            self.lead_if_first(task, key);
            Boarding::Runs
        }
    }

    /// Lets a task that is in no flight lead one, unless there is one of that key.
    pub(crate) fn lead_if_first(&mut self, task: TaskRef, key: MemoKey) {
        if self.flights.find(key).is_none() {
            let flight = self.flights.start(key, task);
            self.runs.cell_mut(task).flight = flight;
        }
    }

    /// A call depends on more than its key says: those that wait for its result run themselves.
    pub(crate) fn on_impure(&mut self, task: TaskId, step: &mut Step<'_>) {
        if let Some(task) = self.runs.find(task)
            && self.flights.leads(self.runs.cell(task).flight, task)
        {
            self.leave_flight(task, step);
        }
    }

    /// A task that may lead a flight has ended, or gives it up: its success serves the followers,
    /// anything else makes the next of them the leader.
    pub(crate) fn leave_flight(&mut self, task: TaskRef, step: &mut Step<'_>) {
        let cell = self.runs.cell_mut(task);
        let flight = std::mem::replace(&mut cell.flight, NONE);
        let phase = cell.phase;
        if !self.flights.leads(flight, task) {
            return;
        }
        if let Phase::Succeeded { size_bytes, worker } = phase {
            let source = ResultSource::SameAs(self.runs.id(task));
            for follower in self.flights.end(flight).followers {
                self.runs.cell_mut(follower).flight = NONE;
                self.finalize(follower, Ending::Succeeded { source, size_bytes, worker }, step);
            }
            return;
        }
        let next = self.flights.flights[flight].followers.pop_first();
        self.flights.flights[flight].leader = next;
        match next {
            Some(next) => self.requeues.push_back(next),
            None => drop(self.flights.end(flight)),
        }
    }
}
