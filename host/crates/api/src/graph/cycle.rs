//! Tasks that wait for each other, found in time linear in the graph.

use crate::errors::{Errors, Path};

/// Reports cycles among `edges` (who needs whom), each with the keys on it.
pub(super) fn report_cycles(names: &[&str], edges: &[(u32, u32)], errors: &mut Errors) {
    let needs = Adjacency::new(names.len(), edges);
    let mut left = needs.cyclic();
    for start in 0..names.len() as u32 {
        if !is_set(&left, start) || errors.is_full() {
            continue;
        }
        let mut walk = vec![start];
        // Every node that is left needs another one that is left, so the walk ends in a circle
        // or at a node of an earlier walk.
        while let Some(&here) = walk.last() {
            clear(&mut left, here);
            let next = needs.of(here).iter().copied().find(|node| is_set(&left, *node));
            if let Some(next) = next {
                walk.push(next);
                continue;
            }
            let is_needed = |node: &u32| needs.of(here).binary_search(node).is_ok();
            let back = walk.iter().rposition(is_needed);
            if let Some(circle) = back.and_then(|from| walk.get(from..)) {
                report(names, circle, errors);
            }
            break;
        }
    }
}

fn report(names: &[&str], circle: &[u32], errors: &mut Errors) {
    const SHOWN_MAX: usize = 10;
    let name = |node: &u32| names.get(*node as usize).copied().unwrap_or_default();
    let Some(first) = circle.first().map(name) else { return };
    let path = Path::ROOT.key("tasks");
    errors.add(&path.key(first), "cycle", || {
        let mut shown: Vec<&str> = circle.iter().take(SHOWN_MAX).map(name).collect();
        if circle.len() > SHOWN_MAX {
            shown.push("…");
        }
        shown.push(first);
        format!("these tasks wait for each other: {}", shown.join(" → "))
    });
}

struct Adjacency {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Adjacency {
    fn new(nodes: usize, edges: &[(u32, u32)]) -> Self {
        let mut sorted = edges.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut starts = vec![0u32; nodes + 1];
        for (from, _) in &sorted {
            if let Some(count) = starts.get_mut(*from as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Self { starts, targets: sorted.into_iter().map(|(_, to)| to).collect() }
    }

    fn of(&self, node: u32) -> &[u32] {
        let node = node as usize;
        let bounds = self.starts.get(node).zip(self.starts.get(node + 1));
        bounds.and_then(|(a, b)| self.targets.get(*a as usize..*b as usize)).unwrap_or(&[])
    }

    /// The nodes that are on a cycle or need one that is: what is left when nodes whose needs are
    /// met are taken away again and again.
    fn cyclic(&self) -> Vec<bool> {
        let nodes = self.starts.len() - 1;
        let reversed: Vec<(u32, u32)> = (0..nodes as u32)
            .flat_map(|node| self.of(node).iter().map(move |need| (*need, node)))
            .collect();
        let users = if reversed.is_empty() { None } else { Some(Self::new(nodes, &reversed)) };
        let mut missing: Vec<usize> = (0..nodes as u32).map(|node| self.of(node).len()).collect();
        let is_free = |node: &u32| missing.get(*node as usize) == Some(&0);
        let mut free: Vec<u32> = (0..nodes as u32).filter(is_free).collect();
        let mut left = vec![true; nodes];
        while let Some(node) = free.pop() {
            clear(&mut left, node);
            for user in users.as_ref().map_or(&[][..], |users| users.of(node)) {
                if let Some(count) = missing.get_mut(*user as usize) {
                    *count -= 1;
                    if *count == 0 {
                        free.push(*user);
                    }
                }
            }
        }
        left
    }
}

fn is_set(marks: &[bool], node: u32) -> bool {
    marks.get(node as usize).copied().unwrap_or(false)
}

fn clear(marks: &mut [bool], node: u32) {
    if let Some(mark) = marks.get_mut(node as usize) {
        *mark = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str], edges: &[(u32, u32)]) -> Vec<String> {
        let mut errors = Errors::default();
        report_cycles(names, edges, &mut errors);
        errors.into_parts().0.into_iter().map(|e| e.detail).collect()
    }

    #[test]
    fn cycles_are_named_and_what_only_hangs_on_them_is_not() {
        let names = ["a", "b", "c", "d"];
        assert!(found(&names, &[(0, 1), (1, 2), (0, 2), (3, 0)]).is_empty());
        let one = found(&names, &[(0, 1), (1, 2), (2, 1), (3, 3)]);
        assert_eq!(one.len(), 2, "{one:?}");
        assert!(one[0].ends_with("b → c → b"), "{one:?}");
        assert!(one[1].ends_with("d → d"), "{one:?}");
    }

    #[test]
    fn a_long_chain_takes_no_stack() {
        let names = vec!["x"; 200_000];
        let mut edges: Vec<(u32, u32)> = (1..200_000).map(|n| (n, n - 1)).collect();
        assert!(found(&names, &edges).is_empty());
        edges.push((0, 199_999));
        assert_eq!(found(&names, &edges).len(), 1);
    }
}
