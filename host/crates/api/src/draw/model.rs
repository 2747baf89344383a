//! The graph of a run by keys or by functions.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use utoipa::ToSchema;
use wask_node::view::{KeyTable, StateCounts};
use wask_proto::TaskIndex;

use super::layout::arrange;
use crate::dto::CountsDto;

/// What a node of the picture stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum By {
    /// A key of the graph: a task or an array.
    Node,
    /// A function.
    Function,
}

/// A graph to be shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Graph {
    /// `node` or `function`.
    by: &'static str,
    /// Its nodes.
    pub(crate) nodes: Vec<Node>,
    /// Who gives to whom.
    pub(crate) edges: Vec<Edge>,
    /// Columns that it takes.
    width: u32,
    /// Rows that it takes.
    height: u32,
}

/// A node of a graph that is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = GraphNode)]
pub(crate) struct Node {
    /// The key, or `module/function`.
    pub(crate) id: String,
    /// `module/function`.
    pub(crate) call: String,
    /// How many tasks it stands for.
    pub(crate) tasks: u64,
    /// Whether it is an array, or stands for several keys.
    pub(crate) is_array: bool,
    /// The place of its first task.
    first: TaskIndex,
    /// Its column, from the left.
    x: u32,
    /// Its row; columns are centred, so that halves occur.
    y: f32,
    /// Tasks by state; only by function.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, u64>>)]
    counts: Option<CountsDto>,
}

/// An edge of a graph that is shown: positions in `nodes`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, ToSchema)]
#[schema(as = GraphEdge)]
pub(crate) struct Edge {
    /// Whose result is needed.
    pub(crate) from: usize,
    /// Who needs it.
    pub(crate) to: usize,
    /// How many tasks are needed.
    pub(crate) count: u64,
}

impl Node {
    /// What is written in the picture.
    pub(crate) fn label(&self) -> String {
        if self.is_array { format!("{} ×{}", self.id, self.tasks) } else { self.id.clone() }
    }
}

impl Graph {
    /// The graph of a run by keys.
    pub(crate) fn by_node(table: &KeyTable) -> Self {
        let nodes = table.iter().map(|key| Node {
            id: key.key.to_string(),
            call: key.call.name(),
            tasks: key.tasks.len() as u64,
            is_array: key.is_array,
            first: key.tasks.start,
            x: 0,
            y: 0.0,
            counts: None,
        });
        Self::placed("node", nodes.collect(), key_edges(table))
    }

    /// The graph of a run by functions; `counts` are the tasks of each by state.
    pub(crate) fn by_function(table: &KeyTable, counts: &HashMap<String, StateCounts>) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        let mut positions: HashMap<String, usize> = HashMap::new();
        let mut of_key = Vec::with_capacity(table.len());
        for key in table.iter() {
            let call = key.call.name();
            let position = *positions.entry(call.clone()).or_insert_with(|| {
                let counts = counts.get(&call).copied().map(CountsDto);
                let id = call.clone();
                let first = key.tasks.start;
                let (is_array, x, y) = (false, 0, 0.0);
                nodes.push(Node { id, call, tasks: 0, is_array, first, x, y, counts });
                nodes.len() - 1
            });
            of_key.push(position);
            if let Some(node) = nodes.get_mut(position) {
                node.is_array |= key.is_array || node.tasks > 0;
                node.tasks += key.tasks.len() as u64;
            }
        }
        let at = |key: usize| of_key.get(key).copied().unwrap_or(0);
        let mut counts = BTreeMap::new();
        for ((from, to), count) in key_edges(table) {
            if at(from) != at(to) {
                *counts.entry((at(from), at(to))).or_default() += count;
            }
        }
        Self::placed("function", nodes, counts)
    }

    /// The graph with every node at its place.
    fn placed(by: &'static str, nodes: Vec<Node>, edges: BTreeMap<(usize, usize), u64>) -> Self {
        let edge = |((from, to), count)| Edge { from, to, count };
        let edges = edges.into_iter().map(edge).collect();
        let mut graph = Self { by, nodes, edges, width: 0, height: 0 };
        let cells = arrange(&graph);
        let mut rows: Vec<u32> = Vec::new();
        for cell in &cells {
            rows.resize(rows.len().max(cell.column + 1), 0);
            if let Some(rows) = rows.get_mut(cell.column) {
                *rows = (*rows).max(cell.row as u32 + 1);
            }
        }
        graph.width = rows.len() as u32;
        graph.height = rows.iter().copied().max().unwrap_or(0);
        for (node, cell) in graph.nodes.iter_mut().zip(cells) {
            let taken = rows.get(cell.column).copied().unwrap_or(0);
            node.x = cell.column as u32;
            node.y = cell.row as f32 + (graph.height - taken) as f32 / 2.0;
        }
        graph
    }
}

/// Edges between keys, with how many tasks are needed.
fn key_edges(table: &KeyTable) -> BTreeMap<(usize, usize), u64> {
    let keys: Vec<_> = table.iter().collect();
    let key_of = |index: TaskIndex| keys.partition_point(|key| key.tasks.end <= index);
    let mut edges: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    let parents = keys.iter().map(|key| key.parent.map(|parent| parent..parent + 1));
    for ((to, key), parent) in keys.iter().enumerate().zip(parents) {
        for need in key.needs.iter().chain(&parent).filter(|need| !need.is_empty()) {
            for from in key_of(need.start)..=key_of(need.end - 1) {
                if let Some(giver) = keys.get(from) {
                    let last = need.end.min(giver.tasks.end);
                    let shared = last.saturating_sub(need.start.max(giver.tasks.start));
                    *edges.entry((from, to)).or_default() += u64::from(shared);
                }
            }
        }
    }
    edges
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use wask_node::view::KeyView;
    use wask_proto::{CallSpec, Few, ModuleId, RunId, TaskOptions};

    use super::*;

    pub(crate) fn table() -> KeyTable {
        let key = |name: &str, function: &str, tasks: std::ops::Range<u32>, needs| KeyView {
            key: name.into(),
            call: Arc::new(CallSpec {
                module: ModuleId([0; 32]),
                module_name: "m".into(),
                function: function.into(),
                options: TaskOptions::default(),
            }),
            is_array: tasks.len() > 1,
            tasks,
            needs,
            parent: None,
        };
        let keys = vec![
            key("total", "sum", 0..1, Few::one(1..4)),
            key("sq", "square", 1..4, Few::default()),
            key("a<\"b", "square", 4..5, vec![0..1, 2..3].into()),
        ];
        let mut table = KeyTable::new(RunId(1), false);
        table.append(keys);
        table
    }

    #[test]
    fn edges_follow_what_is_needed() {
        let graph = Graph::by_node(&table());
        let edge = |from, to, count| Edge { from, to, count };
        let edges = [edge(0, 2, 1), edge(1, 0, 3), edge(1, 2, 1)];
        assert_eq!(graph.edges, edges);
        assert_eq!(graph.nodes[1].label(), "sq ×3");
        let graph = Graph::by_function(&table(), &HashMap::new());
        assert_eq!(graph.nodes.len(), 2);
        assert_eq!(graph.nodes[1].tasks, 4);
        assert_eq!(graph.edges, [edge(0, 1, 1), edge(1, 0, 3)]);
        assert_eq!((graph.width, graph.height), (2, 1));
    }
}
