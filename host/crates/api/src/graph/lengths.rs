//! How many elements each array has, without looking into them; and the places that follow.

use std::ops::Range;

use wask_proto::TaskIndex;

use super::{keys::Keys, parse::TaskDraft};
use crate::{
    cbor::{Item, Members, Reader, kind_of, text_of},
    errors::{Errors, Path},
    fields::{expected, read_list},
    nearest::hint,
};

/// Where an array's elements come from, not yet resolved.
#[derive(Debug)]
pub(super) enum MapDraft<'a> {
    /// `start + n * step`.
    Range { start: i64, step: i64, length: u64 },
    /// A list of lists of parts.
    Each(&'a [u8]),
    /// Sides of the same length.
    Zip(Vec<Side<'a>>),
    /// Elements of another run's array.
    Imported { length: u64 },
    /// Not understood; the error is noted.
    Faulty,
}

/// One side of a zip.
#[derive(Debug)]
pub(super) enum Side<'a> {
    /// The results of an array task.
    Tasks(&'a str),
    /// A list of values.
    Values(&'a [u8]),
    /// Not understood; the error is noted.
    Faulty,
}

const FORMS: &str = "`{\"range\": [start, end, step?]}`, `{\"each\": [[part, …], …]}` or \
                     `{\"zip\": [{\"$tasks\": \"key\"}, …]}`";

/// Reads the outer shape of a `map`.
pub(super) fn parse_map<'a>(value: &'a [u8], path: &Path<'_>, errors: &mut Errors) -> MapDraft<'a> {
    let mut members = Members::of_map(value).into_iter().flatten();
    let (Some((form, source)), None) = (members.next(), members.next()) else {
        errors.add(path, "wrong_type", || format!("should be one of {FORMS}"));
        return MapDraft::Faulty;
    };
    let form = text_of(form).unwrap_or_default();
    let path = path.key(form);
    let draft = match form {
        "range" => parse_range(source, &path, errors),
        "each" => read_list(source, &path, errors).map(|_| MapDraft::Each(source)),
        "zip" => parse_zip(source, &path, errors),
        other => {
            let hint = hint(other, ["range", "each", "zip"]);
            errors.add(&path, "unknown_field", || {
                format!("`{other}` is not known here{hint}; write one of {FORMS}")
            });
            None
        }
    };
    draft.unwrap_or(MapDraft::Faulty)
}

fn parse_range<'a>(value: &'a [u8], path: &Path<'_>, errors: &mut Errors) -> Option<MapDraft<'a>> {
    let numbers: Vec<Option<i64>> = read_list(value, path, errors)?
        .take(4)
        .zip(0..)
        .map(|((_, item), n)| read_bound(item, &path.index(n), errors))
        .collect();
    let (start, end, step) = match *numbers.as_slice() {
        [start, end] => (start?, end?, 1),
        [start, end, step] => (start?, end?, step?),
        _ => {
            errors
                .add(path, "wrong_type", || "should be [start, end] or [start, end, step]".into());
            return None;
        }
    };
    if step == 0 {
        errors.add(&path.index(2), "wrong_value", || "a step of 0 leads nowhere".to_owned());
        return None;
    }
    let (from, to, by) = (i128::from(start), i128::from(end), i128::from(step));
    let length = if by > 0 { (to - from + by - 1) / by } else { (from - to - by - 1) / -by };
    let length = u64::try_from(length.max(0)).unwrap_or(u64::MAX);
    Some(MapDraft::Range { start, step, length })
}

fn read_bound(value: &[u8], path: &Path<'_>, errors: &mut Errors) -> Option<i64> {
    crate::fields::read_integer(value, path, (i64::MIN, i64::MAX), errors)
}

fn parse_zip<'a>(value: &'a [u8], path: &Path<'_>, errors: &mut Errors) -> Option<MapDraft<'a>> {
    let sides: Vec<Side<'_>> = read_list(value, path, errors)?
        .zip(0..)
        .map(|((_, side), n)| parse_side(side, &path.index(n), errors))
        .collect();
    if sides.is_empty() {
        errors.add(path, "wrong_value", || "a zip needs at least one side".to_owned());
        return None;
    }
    Some(MapDraft::Zip(sides))
}

fn parse_side<'a>(value: &'a [u8], path: &Path<'_>, errors: &mut Errors) -> Side<'a> {
    if Members::of_list(value).is_some() {
        return Side::Values(value);
    }
    let mut members = Members::of_map(value).into_iter().flatten();
    if let (Some((name, key)), None) = (members.next(), members.next())
        && text_of(name) == Some("$tasks")
    {
        let path = path.key("$tasks");
        return crate::fields::read_text(key, &path, errors).map_or(Side::Faulty, Side::Tasks);
    }
    expected("{\"$tasks\": \"key\"} or a list of values", value, path, errors);
    Side::Faulty
}

/// The number of items of a list.
pub(super) fn list_length(value: &[u8]) -> u64 {
    match Reader::new(value).item() {
        Ok(Item::Array(Some(length))) => length,
        _ => {
            debug_assert!(false, "{:?} is no list", kind_of(value));
            0
        }
    }
}

/// The number of tasks of each draft; sides of zips that name other arrays are followed.
pub(super) fn count_tasks(
    drafts: &[TaskDraft<'_>],
    maps: &[Option<MapDraft<'_>>],
    keys: &Keys<'_>,
    errors: &mut Errors,
) -> Vec<u64> {
    let mut known: Vec<Option<u64>> = maps.iter().map(direct_length).collect();
    let mut pending: Vec<u32> = Vec::new();
    let mut is_pending = vec![false; drafts.len()];
    for first in 0..drafts.len() as u32 {
        pending.push(first);
        mark(&mut is_pending, first);
        // A chain of zips may be as long as the graph, so it is followed with a list of our own.
        while let Some(&node) = pending.last() {
            if lookup(&known, node).is_some() {
                pending.pop();
                continue;
            }
            match next_unknown(maps, keys, &known, node) {
                Some(side) if mark(&mut is_pending, side) => pending.push(side),
                // A cycle is reported where cycles are looked for; here it only must end.
                Some(_) => set(&mut known, node, 0),
                None => {
                    let length = zip_length(drafts, maps, keys, &known, node, errors);
                    set(&mut known, node, length);
                }
            }
        }
    }
    known.into_iter().map(Option::unwrap_or_default).collect()
}

/// Sets a node's mark; `false` if it was set.
fn mark(marks: &mut [bool], node: u32) -> bool {
    marks.get_mut(node as usize).is_some_and(|mark| !std::mem::replace(mark, true))
}

fn direct_length(map: &Option<MapDraft<'_>>) -> Option<u64> {
    match map {
        None => Some(1),
        Some(MapDraft::Range { length, .. } | MapDraft::Imported { length }) => Some(*length),
        Some(MapDraft::Each(list)) => Some(list_length(list)),
        Some(MapDraft::Faulty) => Some(0),
        Some(MapDraft::Zip(_)) => None,
    }
}

fn sides<'m, 'a>(maps: &'m [Option<MapDraft<'a>>], node: u32) -> &'m [Side<'a>] {
    match maps.get(node as usize) {
        Some(Some(MapDraft::Zip(sides))) => sides,
        _ => &[],
    }
}

fn lookup(known: &[Option<u64>], node: u32) -> Option<u64> {
    known.get(node as usize).copied().flatten()
}

fn set(known: &mut [Option<u64>], node: u32, length: u64) {
    if let Some(slot) = known.get_mut(node as usize) {
        *slot = Some(length);
    }
}

fn next_unknown(
    maps: &[Option<MapDraft<'_>>],
    keys: &Keys<'_>,
    known: &[Option<u64>],
    node: u32,
) -> Option<u32> {
    let named = sides(maps, node).iter().filter_map(|side| match side {
        Side::Tasks(key) => keys.node(key),
        _ => None,
    });
    named.into_iter().find(|side| lookup(known, *side).is_none())
}

/// The common length of a zip's sides. Unknown keys are reported where references are resolved.
fn zip_length(
    drafts: &[TaskDraft<'_>],
    maps: &[Option<MapDraft<'_>>],
    keys: &Keys<'_>,
    known: &[Option<u64>],
    node: u32,
    errors: &mut Errors,
) -> u64 {
    let lengths: Vec<Option<u64>> = sides(maps, node)
        .iter()
        .map(|side| match side {
            Side::Values(list) => Some(list_length(list)),
            Side::Tasks(key) => match keys.node(key) {
                Some(node) => lookup(known, node),
                None => keys.find(key).map(|target| target.tasks.len() as u64),
            },
            Side::Faulty => None,
        })
        .collect();
    let mut stated = lengths.iter().flatten();
    let Some(first) = stated.next() else { return 0 };
    if stated.any(|length| length != first) {
        let key = drafts.get(node as usize).map_or("", |draft| draft.key);
        let path = Path::ROOT.key("tasks");
        let path = path.key(key);
        let path = path.key("map");
        errors.add(&path.key("zip"), "wrong_value", || {
            let show = |length: &Option<u64>| length.map_or("?".to_owned(), |n| n.to_string());
            let all: Vec<String> = lengths.iter().map(show).collect();
            format!("the sides must have the same length; theirs are {}", all.join(", "))
        });
    }
    *first
}

/// Gives every draft its places, from `first` on. What goes beyond `most` is an error and gets
/// no place.
pub(super) fn place_tasks(
    drafts: &[TaskDraft<'_>],
    maps: &[Option<MapDraft<'_>>],
    counts: &[u64],
    first: TaskIndex,
    most: u64,
    errors: &mut Errors,
) -> Vec<(Range<TaskIndex>, bool)> {
    let mut next = first;
    let place = |((draft, map), &count): ((&TaskDraft<'_>, &Option<MapDraft<'_>>), &u64)| {
        let is_array = map.is_some();
        let end = u64::from(next).saturating_add(count);
        match TaskIndex::try_from(end).ok().filter(|_| end <= most) {
            Some(end) => {
                let tasks = next..end;
                next = end;
                (tasks, is_array)
            }
            None => {
                let path = Path::ROOT.key("tasks");
                let path = path.key(draft.key);
                let map = path.key("map");
                let path = if is_array { &map } else { &path };
                errors.add(path, "limit", || {
                    format!("with these {count} tasks the run has more than {most}, the limit")
                });
                (next..next, is_array)
            }
        }
    };
    drafts.iter().zip(maps).zip(counts).map(place).collect()
}
