//! How fast the engine decides: by shape of the graph, and by the number of workers. The caller
//! answers at once and does nothing else.
//!
//! `cargo bench -p wask-engine --bench engine`
#![expect(missing_docs, reason = "criterion makes a public function of each group")]

#[path = "engine/caller.rs"]
mod caller;
#[path = "engine/graphs.rs"]
mod graphs;
#[path = "engine/workers.rs"]
mod workers;

use std::time::Duration;

use caller::Caller;
use criterion::{
    BatchSize, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use graphs::{chain, fan_out, map, tasks_of, tree, zip};
use wask_engine::{AttemptOutcome, Event, Node};
use wask_proto::FailureKind;
use workers::Fleet;

/// Tasks of a graph.
const TASKS: u32 = 100_000;

/// Ready, staged, assigned, settled.
const TRANSITIONS: u64 = 4;

/// From nothing to the end of the run, in transitions per second.
fn shapes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    group.sampling_mode(SamplingMode::Flat);
    let shapes: [(&str, Vec<Node>); 5] = [
        ("map and sum", map(TASKS)),
        ("zip", zip(TASKS / 2)),
        ("tree", tree(32_768)),
        ("chain", chain(TASKS)),
        ("fan-out", fan_out(TASKS)),
    ];
    for (name, nodes) in shapes {
        let tasks = u64::from(tasks_of(&nodes));
        group.throughput(Throughput::Elements(tasks * TRANSITIONS));
        group.bench_function(name, |bencher| {
            let setup = || (Caller::new(1), nodes.clone());
            bencher.iter_batched(
                setup,
                |(mut caller, nodes)| {
                    caller.submit(nodes);
                    caller.work();
                    assert_eq!(caller.finished, tasks);
                    caller
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// Stops everything at its beginning, by a failure of the first task or by a user.
fn stops(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine stops");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(u64::from(TASKS)));
    let begun = |nodes: &Vec<Node>| {
        let mut caller = Caller::new(1);
        caller.submit(nodes.clone());
        caller.schedule();
        caller
    };
    let nodes = chain(TASKS);
    group.bench_function("chain aborted", |bencher| {
        let failed = |mut caller: Caller| {
            caller.finish_next(AttemptOutcome::Failed(FailureKind::App));
            caller
        };
        bencher.iter_batched(|| begun(&nodes), failed, BatchSize::PerIteration);
    });
    let nodes = map(TASKS);
    group.bench_function("map cancelled", |bencher| {
        let cancelled = |mut caller: Caller| {
            caller.send(Event::Cancel { run: caller::RUN, tasks: None });
            caller
        };
        bencher.iter_batched(|| begun(&nodes), cancelled, BatchSize::PerIteration);
    });
    group.finish();
}

/// A map on simulated workers of two slots, in virtual time: what deciding costs for each task.
fn fleets(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine workers");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(u64::from(TASKS)));
    for workers in [1, 10, 100, 1_000, 10_000] {
        group.bench_with_input(
            BenchmarkId::from_parameter(workers),
            &workers,
            |bencher, &workers| {
                let once = |_| {
                    let mut fleet = Fleet::new(workers);
                    let took = fleet.run(map(TASKS - 1));
                    assert_eq!(fleet.finished(), u64::from(TASKS));
                    took
                };
                bencher.iter_custom(|times| (0..times).map(once).sum());
            },
        );
    }
    group.finish();
}

criterion_group!(benches, shapes, stops, fleets);
criterion_main!(benches);
