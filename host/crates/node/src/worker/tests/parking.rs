//! Attempts that wait in their executors.

use super::*;
use wask_proto::worker::{Reply, Resumption};

impl Bench {
    fn resume(&mut self, indices: impl IntoIterator<Item = u32>) {
        let resumption = |index: u32| {
            let value = Value::from_bytes(Encoding::Cbor, &index.to_le_bytes());
            Resumption { id: id(index), answer: Reply::Results(vec![(0, Ok(value))]) }
        };
        let resumptions = indices.into_iter().map(resumption).collect();
        self.send(ToWorker::Resume(resumptions));
    }

    fn park(&mut self, indices: std::ops::Range<u32>) {
        self.assign(indices.clone().map(|index| (index, "park")));
        self.until(|bench| indices.clone().all(|index| bench.parked.contains(&index)));
    }

    fn has_result(&self, index: u32) -> bool {
        match &self.finished[&index].outcome {
            WorkerOutcome::Success(value) => value.bytes().unwrap() == index.to_le_bytes(),
            _ => false,
        }
    }
}

/// Goal: a parked attempt leaves its slot to others, and goes on where it was with what it gets.
#[test]
fn a_parked_attempt_frees_its_slot_and_goes_on() {
    let mut bench = Bench::new(2);
    bench.park(0..100);
    bench.assign((100..150).map(|index| (index, "echo")));
    bench.until(|bench| bench.finished.len() == 50);
    bench.resume(0..100);
    bench.until(|bench| bench.finished.len() == 150);
    assert!((0..150).all(|index| bench.has_result(index)));
    assert!(bench.returned.is_empty());
}

/// Goal: the death of an executor hands back what waited in it, and loses what ran.
#[test]
fn parked_attempts_are_handed_back_when_their_executor_dies() {
    let mut bench = Bench::new(1);
    bench.park(0..5);
    bench.assign([(10, "die")]);
    bench.until(|bench| bench.finished.contains_key(&10) && bench.returned.len() == 5);
    assert!(matches!(bench.outcome(10), WorkerOutcome::Lost(_)));
    bench.resume(0..5);
    bench.assign([(11, "echo")]);
    bench.until(|bench| bench.finished.len() == 2);
    assert!(bench.all_succeeded([11]), "what came too late for a parked attempt harms nobody");
}

/// Goal: a cancel ends parked attempts at once, whether they may go on already or not.
#[test]
fn cancel_ends_parked_attempts() {
    let mut bench = Bench::new(1);
    bench.park(0..2);
    let process = bench.process();
    bench.assign([(5, "sleep 20000")]);
    bench.until(|bench| bench.has_started(5));
    bench.resume([1]);
    bench.send(ToWorker::Cancel(vec![id(0), id(1)]));
    bench.until(|bench| bench.finished.len() == 2);
    assert!([0, 1].iter().all(|n| matches!(bench.outcome(*n), WorkerOutcome::Cancelled)));
    bench.send(ToWorker::Cancel(vec![id(5)]));
    bench.until(|bench| bench.finished.len() == 3);
    assert_eq!(bench.process(), process, "the executor did as it was told");
}

/// Goal: what goes on behind a long attempt waits for its own executor and is not lost.
#[test]
fn a_resumed_attempt_waits_behind_a_long_one() {
    let mut bench = Bench::new(2);
    bench.teach_naps();
    bench.park(0..8);
    bench.assign_naps([(10, 300), (11, 300)]);
    bench.resume(0..8);
    bench.assign([(20, "echo")]);
    bench.until(|bench| bench.finished.len() == 11);
    assert!((0..8).all(|index| bench.has_result(index)));
    assert!(bench.returned.is_empty());
}

/// Goal: an attempt that gave way to others is handed back, also when it was to go on just then.
#[test]
fn an_evicted_attempt_is_handed_back() {
    let mut bench = Bench::new(1);
    bench.assign([(0, "crowd"), (1, "echo")]);
    bench.until(|bench| bench.returned.contains(&0) && bench.finished.len() == 1);
    assert!(bench.parked.contains(&0));
    bench.resume([0]);
    bench.assign([(2, "echo")]);
    bench.until(|bench| bench.finished.len() == 2);
}

/// Goal: draining does not wait for what is parked.
#[test]
fn drain_hands_parked_attempts_back() {
    let mut bench = Bench::new(2);
    bench.park(0..4);
    bench.send(ToWorker::Drain);
    for message in bench.worker.take().unwrap().finish().unwrap() {
        bench.note(message);
    }
    assert_eq!(bench.returned, BTreeSet::from([0, 1, 2, 3]));
}
