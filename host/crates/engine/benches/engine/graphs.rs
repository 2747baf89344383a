//! Graphs of known shapes, as the engine gets them.

use std::ops::Range;

use wask_engine::{Need, Node, NodeOptions};
use wask_proto::{OnFailed, TaskIndex};

/// An array, and one task that needs all of it.
pub(crate) fn map(len: u32) -> Vec<Node> {
    vec![node(0..len, None), node(len..len + 1, Some(0..len))]
}

/// Two arrays; each element needs the one at its place.
pub(crate) fn zip(len: u32) -> Vec<Node> {
    let mut second = node(len..2 * len, None);
    second.zip.push(0..len);
    vec![node(0..len, None), second]
}

/// Each task needs the one before.
pub(crate) fn chain(len: u32) -> Vec<Node> {
    (0..len).map(|i| node(i..i + 1, i.checked_sub(1).map(|input| input..i))).collect()
}

/// All tasks need the first.
pub(crate) fn fan_out(len: u32) -> Vec<Node> {
    (0..=len).map(|i| node(i..i + 1, (i > 0).then_some(0..1))).collect()
}

/// Each inner task needs two neighbours of the level below.
pub(crate) fn tree(leaves: u32) -> Vec<Node> {
    let mut nodes: Vec<Node> = (0..leaves).map(|i| node(i..i + 1, None)).collect();
    let mut level = 0..leaves;
    while level.len() > 1 {
        let next = level.end;
        for pair in 0..level.len() as u32 / 2 {
            let (place, left) = (next + pair, level.start + 2 * pair);
            nodes.push(node(place..place + 1, Some(left..left + 2)));
        }
        level = next..next + level.len() as u32 / 2;
    }
    nodes
}

/// How many tasks these nodes have.
pub(crate) fn tasks_of(nodes: &[Node]) -> u32 {
    nodes.last().map_or(0, |node| node.tasks.end)
}

fn node(tasks: Range<TaskIndex>, needs: Option<Range<TaskIndex>>) -> Node {
    let needs = needs.into_iter().map(|tasks| Need { tasks, uses_results: true }).collect();
    let options = NodeOptions {
        retries: 0,
        retry_delay_ms: 100,
        priority: 0,
        resources: Vec::new(),
        on_failed: OnFailed::Abort,
        max_fails: None,
        wanted: false,
        output: false,
    };
    Node {
        tasks,
        needs,
        zip: Vec::new(),
        element_needs: Vec::new(),
        import: None,
        parent: None,
        function: 1,
        options,
    }
}
