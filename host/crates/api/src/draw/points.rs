//! Every task of a run as a point, and what they need as bundles, in columns for the dashboard
//! (`docs/dashboard-data.md`).
//!
//! Keys go in layers from left to right by the longest way to them; within a layer near what they
//! hang on. A layer with many tasks is wrapped, so that the picture is about as wide as high.

use std::ops::Range;

use wask_node::view::graph::{Bundle, RunGraph};
use wask_proto::{TaskIndex, TaskState};

const MAGIC: [u8; 4] = *b"WGRF";
const VERSION: u16 = 1;
/// Columns between layers that stay empty.
const GAP: usize = 2;
/// Rows of a layer before it is wrapped.
const ROWS_MIN: usize = 24;
/// Times that the layers are ordered, forwards and backwards.
const SWEEPS: usize = 2;

/// Tasks at their places.
struct Points {
    x: Vec<f32>,
    y: Vec<f32>,
    width: f32,
    height: f32,
}

/// A key while it is being placed.
struct Placed {
    tasks: Range<TaskIndex>,
    layer: usize,
    /// Where its tasks are in the middle, as far as that is known.
    row: f32,
}

/// Encodes a graph.
pub(crate) fn points(graph: &RunGraph) -> Vec<u8> {
    let bundles = bundles(graph);
    let points = place(graph, &bundles);
    let tasks = graph.states.len();
    let mut out = Vec::with_capacity(64 + tasks * 12 + bundles.len() * 20);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&(tasks as u32).to_le_bytes());
    out.extend_from_slice(&(bundles.len() as u32).to_le_bytes());
    out.extend_from_slice(&points.width.to_le_bytes());
    out.extend_from_slice(&points.height.to_le_bytes());
    out.extend_from_slice(&[0; 8]);
    column(&mut out, points.x.iter().map(|x| x.to_le_bytes()));
    column(&mut out, points.y.iter().map(|y| y.to_le_bytes()));
    column(&mut out, functions(graph).map(u16::to_le_bytes));
    column(&mut out, graph.states.iter().map(|state| [number_of(*state)]));
    column(&mut out, bundles.iter().map(|bundle| bundle.from.start.to_le_bytes()));
    column(&mut out, bundles.iter().map(|bundle| (bundle.from.len() as u32).to_le_bytes()));
    column(&mut out, bundles.iter().map(|bundle| bundle.to.start.to_le_bytes()));
    column(&mut out, bundles.iter().map(|bundle| (bundle.to.len() as u32).to_le_bytes()));
    column(&mut out, bundles.iter().map(|bundle| [u8::from(bundle.one_to_one)]));
    out
}

/// A column, padded so that the next one is aligned.
fn column<const N: usize>(out: &mut Vec<u8>, values: impl Iterator<Item = [u8; N]>) {
    values.for_each(|value| out.extend_from_slice(&value));
    out.resize(out.len().next_multiple_of(8), 0);
}

fn functions(graph: &RunGraph) -> impl Iterator<Item = u16> {
    let of_key = |key: &wask_node::view::graph::GraphKey| {
        let function = u16::try_from(key.function).unwrap_or(u16::MAX);
        key.tasks().map(move |_| function)
    };
    graph.keys.iter().flat_map(of_key)
}

fn number_of(state: TaskState) -> u8 {
    TaskState::ALL.iter().position(|known| *known == state).unwrap_or(0) as u8
}

/// What tasks need, and who handed them out.
fn bundles(graph: &RunGraph) -> Vec<Bundle> {
    let mut bundles = Vec::new();
    for key in &graph.keys {
        bundles.extend(key.bundles());
        bundles.extend(key.parent.map(|parent| Bundle {
            from: parent..parent + 1,
            to: key.tasks(),
            one_to_one: false,
        }));
    }
    bundles.retain(|bundle| !bundle.from.is_empty() && !bundle.to.is_empty());
    bundles
}

fn place(graph: &RunGraph, bundles: &[Bundle]) -> Points {
    let edges = key_edges(graph, bundles);
    let mut keys: Vec<Placed> =
        graph.keys.iter().map(|key| Placed { tasks: key.tasks(), layer: 0, row: 0.0 }).collect();
    let layers = layer(&mut keys, &edges);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); layers];
    for (at, key) in keys.iter().enumerate() {
        if let Some(members) = members.get_mut(key.layer) {
            members.push(at);
        }
    }
    order(&mut keys, &mut members, &edges);
    lay_out(&keys, &members, graph.states.len())
}

/// Edges between keys by their positions, each once.
fn key_edges(graph: &RunGraph, bundles: &[Bundle]) -> Vec<(usize, usize)> {
    let mut edges = Vec::with_capacity(bundles.len());
    for bundle in bundles {
        let Some(to) = graph.key_of(bundle.to.start) else { continue };
        let (Some(first), Some(last)) =
            (graph.key_of(bundle.from.start), graph.key_of(bundle.from.end - 1))
        else {
            continue;
        };
        edges.extend((first..=last).filter(|from| *from != to).map(|from| (from, to)));
    }
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// Gives every key the layer behind those it needs; tells how many layers there are.
fn layer(keys: &mut [Placed], edges: &[(usize, usize)]) -> usize {
    let mut missing = vec![0u32; keys.len()];
    for (_, to) in edges {
        if let Some(missing) = missing.get_mut(*to) {
            *missing += 1;
        }
    }
    let is_free = |at: &usize| missing.get(*at) == Some(&0);
    let mut ready: Vec<usize> = (0..keys.len()).filter(is_free).collect();
    while let Some(from) = ready.pop() {
        let next = keys.get(from).map_or(0, |key| key.layer + 1);
        let first = edges.partition_point(|(giver, _)| *giver < from);
        let users = edges.iter().skip(first).take_while(|(giver, _)| *giver == from);
        for (_, to) in users {
            if let (Some(key), Some(missing)) = (keys.get_mut(*to), missing.get_mut(*to)) {
                key.layer = key.layer.max(next);
                *missing -= 1;
                if *missing == 0 {
                    ready.push(*to);
                }
            }
        }
    }
    keys.iter().map(|key| key.layer + 1).max().unwrap_or(0)
}

/// Orders layers by the mean of what their keys hang on, forwards and then backwards.
fn order(keys: &mut [Placed], members: &mut [Vec<usize>], edges: &[(usize, usize)]) {
    let forwards = neighbours(keys.len(), edges.iter().map(|&(from, to)| (to, from)));
    let backwards = neighbours(keys.len(), edges.iter().copied());
    members.iter().for_each(|layer| set_rows(keys, layer));
    for _ in 0..SWEEPS {
        members.iter_mut().for_each(|layer| sort_layer(keys, layer, &forwards));
        members.iter_mut().rev().for_each(|layer| sort_layer(keys, layer, &backwards));
    }
    members.iter_mut().for_each(|layer| sort_layer(keys, layer, &forwards));
}

fn neighbours(count: usize, edges: impl Iterator<Item = (usize, usize)>) -> Vec<Vec<usize>> {
    let mut of: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (at, other) in edges {
        if let Some(of) = of.get_mut(at) {
            of.push(other);
        }
    }
    of
}

fn sort_layer(keys: &mut [Placed], layer: &mut [usize], neighbours: &[Vec<usize>]) {
    let mut means: Vec<(usize, f32)> =
        layer.iter().map(|&at| (at, mean(keys, at, neighbours))).collect();
    means.sort_by(|one, other| one.1.total_cmp(&other.1).then(one.0.cmp(&other.0)));
    for (place, (at, _)) in layer.iter_mut().zip(means) {
        *place = at;
    }
    set_rows(keys, layer);
}

/// The mean row of a key's neighbours; where it has none, its own.
fn mean(keys: &[Placed], at: usize, neighbours: &[Vec<usize>]) -> f32 {
    let row = |at: usize| keys.get(at).map_or(0.0, |key| key.row);
    match neighbours.get(at).map(Vec::as_slice) {
        None | Some([]) => row(at),
        Some(others) => others.iter().map(|&o| row(o)).sum::<f32>() / others.len() as f32,
    }
}

/// Rows of a layer's keys in their order, with the middle at zero.
fn set_rows(keys: &mut [Placed], layer: &[usize]) {
    let total: usize = layer.iter().filter_map(|&at| keys.get(at)).map(|k| k.tasks.len()).sum();
    let mut row = -(total as f32) / 2.0;
    for &at in layer {
        if let Some(key) = keys.get_mut(at) {
            let tasks = key.tasks.len() as f32;
            key.row = row + tasks / 2.0;
            row += tasks;
        }
    }
}

/// Gives every task its point: layers from left to right, wrapped, centred.
fn lay_out(keys: &[Placed], members: &[Vec<usize>], tasks: usize) -> Points {
    let rows_max = ((tasks as f32).sqrt().ceil() as usize).max(ROWS_MIN);
    let mut points = Points { x: vec![0.0; tasks], y: vec![0.0; tasks], width: 0.0, height: 0.0 };
    let mut left = 0;
    for layer in members {
        let of_layer = layer.iter().filter_map(|&at| keys.get(at));
        let count: usize = of_layer.clone().map(|key| key.tasks.len()).sum();
        let columns = count.div_ceil(rows_max).max(1);
        let rows = count.div_ceil(columns).max(1);
        points.height = points.height.max(rows as f32);
        for (at, task) in of_layer.flat_map(|key| key.tasks.clone()).enumerate() {
            let (column, row) = (at / rows, at % rows);
            if let (Some(x), Some(y)) =
                (points.x.get_mut(task as usize), points.y.get_mut(task as usize))
            {
                *x = (left + column) as f32;
                // Counted from the middle until the height is known.
                *y = row as f32 - rows as f32 / 2.0;
            }
        }
        left += columns + GAP;
    }
    points.width = left.saturating_sub(GAP) as f32;
    let middle = points.height / 2.0;
    points.y.iter_mut().for_each(|y| *y += middle);
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(sizes: &[u32]) -> Vec<Placed> {
        let mut next = 0;
        let mut key = |size: &u32| {
            next += size;
            Placed { tasks: next - size..next, layer: 0, row: 0.0 }
        };
        sizes.iter().map(&mut key).collect()
    }

    fn lay(sizes: &[u32], edges: &[(usize, usize)]) -> (Vec<usize>, Points) {
        let mut keys = keys(sizes);
        let layers = layer(&mut keys, edges);
        let mut members = vec![Vec::new(); layers];
        for (at, key) in keys.iter().enumerate() {
            members[key.layer].push(at);
        }
        order(&mut keys, &mut members, edges);
        let points = lay_out(&keys, &members, sizes.iter().sum::<u32>() as usize);
        (keys.iter().map(|key| key.layer).collect(), points)
    }

    /// Goal: who needs another one is to the right of it, and no two tasks share a place.
    #[test]
    fn needs_point_to_the_left_and_places_are_taken_once() {
        let edges = [(0, 2), (1, 2), (2, 3), (0, 3)];
        let (layers, points) = lay(&[1, 500, 3, 1], &edges);
        assert_eq!(layers, [0, 0, 1, 2]);
        assert!(points.x[501] < points.x[504] && points.x[500] < points.x[501]);
        let mut places: Vec<_> =
            points.x.iter().zip(&points.y).map(|(x, y)| (x.to_bits(), y.to_bits())).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 505);
        assert!(points.y.iter().all(|y| *y >= 0.0 && *y < points.height));
        assert!(points.x.iter().all(|x| *x < points.width));
    }

    /// Goal: two chains side by side do not cross.
    #[test]
    fn chains_stay_side_by_side() {
        let (_, points) = lay(&[1, 1, 1, 1, 1, 1], &[(0, 3), (1, 2), (2, 5), (3, 4)]);
        let above = |one: usize, other: usize| points.y[one] < points.y[other];
        assert_eq!(above(0, 1), above(3, 2));
        assert_eq!(above(3, 2), above(4, 5));
    }
}
