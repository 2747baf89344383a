//! What putting arguments together costs: one result into a hole, and many into one list.
//!
//! `cargo bench -p wask-node --bench splice`
#![expect(missing_docs, reason = "criterion makes a public function of each group")]
#![expect(clippy::unwrap_used, reason = "a bench may stop")]

#[path = "../src/server/args.rs"]
#[allow(dead_code, unused_imports, reason = "a bench uses little of it, and none of its tests")]
mod args;

use std::{hint::black_box, sync::Arc};

use args::{Inputs, assemble};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use wask_proto::{
    ArgTemplate, CallSpec, Encoding, Few, MapSource, ModuleId, NodeSpec, ObjectId, Part, TaskIndex,
    TaskOptions, Value,
};

struct Results(Vec<Value>);

impl Inputs for Results {
    fn result(&self, task: TaskIndex) -> Option<Value> {
        self.0.get(task as usize).cloned()
    }

    fn object(&self, _: &ObjectId) -> Option<Value> {
        None
    }

    fn load(&self, _: &Value) -> Option<Vec<u8>> {
        None
    }
}

fn splice(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("splice");
    let number = Value::from_bytes(Encoding::Cbor, &[0x1a, 0, 1, 2, 3]);
    let results = Results(vec![number; 2]);
    let range = node(vec![ArgTemplate::hole(Part::Item(0))], Some(range_of_numbers()));
    let holes = [Part::Task(0), Part::Task(1)].map(ArgTemplate::hole).to_vec();
    for (name, node) in [("a number of a range", range), ("two results", node(holes, None))] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                assemble(black_box(&node), 3, params(), &results, &mut Vec::new()).unwrap()
            });
        });
    }
    group.finish();
}

fn gather(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gather");
    for (what, bytes) in [("numbers", 5), ("values of 64 KiB", 64 * 1024)] {
        for count in [100, 10_000_u32] {
            let value = Value::from_bytes(Encoding::Raw, &vec![7; bytes]);
            let results = Results(vec![value; count as usize]);
            let node = node(vec![ArgTemplate::hole(Part::Tasks(0..count))], None);
            group.throughput(Throughput::Elements(u64::from(count)));
            group.bench_function(BenchmarkId::new(what, count), |bencher| {
                bencher.iter(|| {
                    assemble(black_box(&node), 0, params(), &results, &mut Vec::new()).unwrap()
                });
            });
        }
    }
    group.finish();
}

fn params() -> impl Iterator<Item = (&'static str, bool)> {
    std::iter::repeat(("x", false))
}

fn range_of_numbers() -> MapSource {
    MapSource::Range { start: 1_000_000, step: 1 }
}

fn node(args: Vec<ArgTemplate>, map: Option<MapSource>) -> NodeSpec {
    NodeSpec {
        key: "k".into(),
        call: Arc::new(CallSpec {
            module: ModuleId([0; 32]),
            module_name: "m".into(),
            function: "f".into(),
            options: TaskOptions::default(),
        }),
        tasks: 0..10,
        map: map.map(Box::new),
        args: args.into(),
        after: Few::default(),
        output: true,
        import: None,
    }
}

criterion_group!(benches, splice, gather);
criterion_main!(benches);
