//! Where nodes go: in columns from left to right, so that edges go forward; within a column near
//! the nodes they hang on.

use super::model::Graph;

/// A node's column, and its place in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    pub(super) column: usize,
    pub(super) row: usize,
}

/// Gives every node a cell.
pub(super) fn arrange(graph: &Graph) -> Vec<Cell> {
    let columns = columns(graph);
    let count = columns.iter().max().map_or(0, |last| last + 1);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (node, column) in columns.iter().enumerate() {
        if let Some(members) = members.get_mut(*column) {
            members.push(node);
        }
    }
    let mut sources: Vec<Vec<usize>> = vec![Vec::new(); columns.len()];
    for edge in &graph.edges {
        if let Some(sources) = sources.get_mut(edge.to) {
            sources.push(edge.from);
        }
    }
    let mut cells: Vec<Cell> =
        columns.iter().map(|column| Cell { column: *column, row: 0 }).collect();
    for column in members {
        place_column(column, &sources, &mut cells);
    }
    cells
}

/// Orders a column by the mean row of what its nodes hang on.
fn place_column(mut column: Vec<usize>, sources: &[Vec<usize>], cells: &mut [Cell]) {
    let row_of = |node: &usize| cells.get(*node).map_or(0, |cell| cell.row);
    let mean = |node: usize| {
        let rows: Vec<usize> = sources.get(node).into_iter().flatten().map(row_of).collect();
        rows.iter().sum::<usize>() as f64 / rows.len().max(1) as f64
    };
    let means: Vec<(usize, f64)> = column.iter().map(|node| (*node, mean(*node))).collect();
    let mut ordered = means;
    ordered.sort_by(|one, other| one.1.total_cmp(&other.1).then(one.0.cmp(&other.0)));
    column = ordered.into_iter().map(|(node, _)| node).collect();
    for (row, node) in column.into_iter().enumerate() {
        if let Some(cell) = cells.get_mut(node) {
            cell.row = row;
        }
    }
}

/// The longest way to each node. By functions a graph may have cycles; the nodes on them go in
/// order of their positions, and edges that would go back are not counted.
fn columns(graph: &Graph) -> Vec<usize> {
    let count = graph.nodes.len();
    let mut missing = vec![0usize; count];
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); count];
    for edge in &graph.edges {
        if let (Some(users), Some(missing)) = (users.get_mut(edge.from), missing.get_mut(edge.to)) {
            users.push(edge.to);
            *missing += 1;
        }
    }
    let mut columns = vec![0usize; count];
    let mut done = vec![false; count];
    let mut free: Vec<usize> = (0..count).rev().filter(|n| missing.get(*n) == Some(&0)).collect();
    let mut next = 0;
    loop {
        let Some(node) =
            free.pop().or_else(|| (next..count).find(|n| done.get(*n) == Some(&false)))
        else {
            return columns;
        };
        while done.get(next) == Some(&true) {
            next += 1;
        }
        if done.get_mut(node).is_none_or(|done| std::mem::replace(done, true)) {
            continue;
        }
        let column = columns.get(node).copied().unwrap_or(0);
        for user in users.get(node).into_iter().flatten().copied() {
            if done.get(user) == Some(&true) {
                continue;
            }
            if let (Some(to), Some(missing)) = (columns.get_mut(user), missing.get_mut(user)) {
                *to = (*to).max(column + 1);
                *missing -= 1;
                if *missing == 0 {
                    free.push(user);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{super::model::tests::table, *};

    #[test]
    fn edges_go_forward_and_cycles_end() {
        let cells = arrange(&Graph::by_node(&table()));
        assert_eq!(cells.iter().map(|cell| cell.column).collect::<Vec<_>>(), [1, 0, 2]);
        let cells = arrange(&Graph::by_function(&table(), &HashMap::new()));
        assert_ne!(cells[0].column, cells[1].column);
    }
}
