//! The graph of a run by keys or by functions.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use utoipa::ToSchema;
use wask_node::view::{KeyTable, StateCounts};
use wask_proto::TaskIndex;

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
            call: format!("{}/{}", key.module_name, key.function),
            tasks: key.tasks.len() as u64,
            is_array: key.is_array,
            counts: None,
        });
        Self { by: "node", nodes: nodes.collect(), edges: key_edges(table).into_iter().collect() }
    }

    /// The graph of a run by functions; `counts` are the tasks of each by state.
    pub(crate) fn by_function(table: &KeyTable, counts: &HashMap<String, StateCounts>) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        let mut positions: HashMap<String, usize> = HashMap::new();
        let mut of_key = Vec::with_capacity(table.len());
        for key in table.iter() {
            let call = format!("{}/{}", key.module_name, key.function);
            let position = *positions.entry(call.clone()).or_insert_with(|| {
                let counts = counts.get(&call).copied().map(CountsDto);
                let id = call.clone();
                nodes.push(Node { id, call, tasks: 0, is_array: false, counts });
                nodes.len() - 1
            });
            of_key.push(position);
            if let Some(node) = nodes.get_mut(position) {
                node.is_array |= key.is_array || node.tasks > 0;
                node.tasks += key.tasks.len() as u64;
            }
        }
        let at = |key: usize| of_key.get(key).copied().unwrap_or(0);
        let edges = key_edges(table).into_iter();
        let edges = edges.map(|edge| Edge { from: at(edge.from), to: at(edge.to) });
        let edges: BTreeSet<Edge> = edges.filter(|edge| edge.from != edge.to).collect();
        Self { by: "function", nodes, edges: edges.into_iter().collect() }
    }
}

fn key_edges(table: &KeyTable) -> BTreeSet<Edge> {
    let keys: Vec<_> = table.iter().collect();
    let key_of = |index: TaskIndex| keys.partition_point(|key| key.tasks.end <= index);
    let mut edges = BTreeSet::new();
    for (to, key) in keys.iter().enumerate() {
        for need in key.needs.iter().filter(|need| !need.is_empty()) {
            for from in key_of(need.start)..=key_of(need.end - 1) {
                if from < keys.len() {
                    edges.insert(Edge { from, to });
                }
            }
        }
    }
    edges
}

#[cfg(test)]
pub(super) mod tests {
    use wask_node::view::KeyView;
    use wask_proto::{ModuleId, RunId};

    use super::*;

    pub(crate) fn table() -> KeyTable {
        let key = |name: &str, function: &str, tasks: std::ops::Range<u32>, needs| KeyView {
            key: name.into(),
            module_name: "m".into(),
            module: ModuleId([0; 32]),
            function: function.into(),
            is_array: tasks.len() > 1,
            tasks,
            needs,
        };
        let keys = vec![
            key("total", "sum", 0..1, std::iter::once(1..4).collect()),
            key("sq", "square", 1..4, Vec::new()),
            key("a<\"b", "square", 4..5, vec![0..1, 2..3]),
        ];
        let mut table = KeyTable::new(RunId(1), false);
        table.append(keys);
        table
    }

    #[test]
    fn edges_follow_what_is_needed() {
        let graph = Graph::by_node(&table());
        let edges = [Edge { from: 0, to: 2 }, Edge { from: 1, to: 0 }, Edge { from: 1, to: 2 }];
        assert_eq!(graph.edges, edges);
        assert_eq!(graph.nodes[1].label(), "sq ×3");
        let graph = Graph::by_function(&table(), &HashMap::new());
        assert_eq!(graph.nodes.len(), 2);
        assert_eq!(graph.nodes[1].tasks, 4);
        assert_eq!(graph.edges, [Edge { from: 0, to: 1 }, Edge { from: 1, to: 0 }]);
    }
}
