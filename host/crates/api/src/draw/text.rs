//! The graph as text for Graphviz and Mermaid.

use std::fmt::Write as _;

use super::model::Graph;

/// For Graphviz.
pub(crate) fn dot(graph: &Graph) -> String {
    let mut out = String::from("digraph run {\n  rankdir=LR;\n  node [shape=box];\n");
    for (number, node) in graph.nodes.iter().enumerate() {
        let label = node.label().replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(out, "  n{number} [label=\"{label}\"];");
    }
    for edge in &graph.edges {
        let _ = writeln!(out, "  n{} -> n{};", edge.from, edge.to);
    }
    out.push_str("}\n");
    out
}

/// For Mermaid.
pub(crate) fn mermaid(graph: &Graph) -> String {
    let mut out = String::from("flowchart LR\n");
    for (number, node) in graph.nodes.iter().enumerate() {
        let _ = writeln!(out, "  n{number}[\"{}\"]", entities(&node.label()));
    }
    for edge in &graph.edges {
        let _ = writeln!(out, "  n{} --> n{}", edge.from, edge.to);
    }
    out
}

/// Mermaid writes characters that mean something to it as entities with a number sign.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '<' | '>' | '&' | '#' | ';' | '`' => {
                let _ = write!(out, "#{};", u32::from(character));
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{super::model::tests::table, *};

    #[test]
    fn labels_are_escaped_for_each_format() {
        let graph = Graph::by_node(&table());
        assert!(dot(&graph).contains("n2 [label=\"a<\\\"b\"];\n"));
        assert!(dot(&graph).contains("  n1 -> n0;\n"));
        assert!(mermaid(&graph).contains("n2[\"a#60;#34;b\"]"));
        assert!(mermaid(&graph).contains("  n1 --> n0\n"));
    }
}
