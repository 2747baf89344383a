//! References in arguments, at any depth: an argument becomes CBOR with holes, and whom it needs
//! is noted.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use wask_proto::{ArgTemplate, ObjectId, Part, TaskIndex};

use super::keys::{Keys, Target, split_name};
use crate::{
    cbor::{Item, Malformed, Members, Reader, text_of, write},
    errors::{Errors, Path},
    fields::twice,
    nearest::hint,
    scalars::{write_bytes, write_float},
    task_refs::{TaskRef, read_task},
};

/// Where `{"$item": n}` may stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Items {
    /// Not in a single task.
    NoArray,
    /// Not in what an array's elements are made of.
    Source,
    /// In the `args` of an array whose elements have this many parts; `None` if unknown.
    Parts(Option<u64>),
}

/// Whether there is anything to refer to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    /// A graph.
    Graph,
    /// Arguments of a single call: objects, no tasks.
    Call,
    /// Arguments of an actor: objects, and tasks of runs.
    Actor,
    /// A value by itself: no references at all.
    Value,
}

/// What is found on the way through all arguments of a request.
#[derive(Debug)]
pub(super) struct Refs<'k, 'a> {
    pub(super) keys: &'k Keys<'a>,
    pub(super) scope: Scope,
    /// The key that is being read.
    pub(super) node: u32,
    /// Where `$item` may stand.
    pub(super) items: Items,
    /// Who needs whom, by number.
    pub(super) edges: Vec<(u32, u32)>,
    /// Keys whose results somebody uses.
    pub(super) used: Vec<bool>,
    /// Tasks of runs, which are named in arguments of actors; a hole `Task(n)` is the n-th.
    pub(super) tasks: Vec<TaskRef>,
    /// Objects and where each was named first.
    pub(super) objects: HashMap<ObjectId, String>,
    pub(super) errors: Errors,
}

impl<'k, 'a> Refs<'k, 'a> {
    pub(super) fn new(keys: &'k Keys<'a>, scope: Scope, nodes: usize, errors: Errors) -> Self {
        Self {
            keys,
            scope,
            node: 0,
            items: Items::NoArray,
            edges: Vec::new(),
            used: vec![false; nodes],
            tasks: Vec::new(),
            objects: HashMap::new(),
            errors,
        }
    }

    /// Turns an argument into a template. In case of errors the template is of no use.
    pub(super) fn template(&mut self, value: &[u8], path: &Path<'_>) -> ArgTemplate {
        let mut walk = Walk { refs: self, parts: Vec::new(), literal: Vec::new() };
        // The body was checked when it was read, so that reading cannot fail here.
        let _checked = walk.value(&mut Reader::new(value), path);
        let Walk { mut parts, literal, .. } = walk;
        if !literal.is_empty() {
            push(&mut parts, Part::Literal(literal.into()));
        }
        ArgTemplate(parts.into())
    }

    /// The places behind the name of a key or a task, as in `after`.
    pub(super) fn places(&mut self, name: &str, path: &Path<'_>) -> Option<Range<TaskIndex>> {
        let (target, element) = self.target(name, path)?;
        match element {
            None => Some(target.tasks),
            Some(element) => self.element(&target, name, element, path).map(|at| at..at + 1),
        }
    }

    /// The tasks of an array whose results are used as a list.
    pub(super) fn array(&mut self, name: &str, path: &Path<'_>) -> Option<Range<TaskIndex>> {
        let (target, element) = self.target(name, path)?;
        if element.is_some() || !target.is_array {
            self.errors.add(path, "bad_reference", || {
                format!("`{name}` is a single task; write {{\"$task\": \"{name}\"}}")
            });
            return None;
        }
        self.note_use(&target);
        Some(target.tasks)
    }

    fn task(&mut self, name: &str, path: &Path<'_>) -> Option<TaskIndex> {
        let (target, element) = self.target(name, path)?;
        self.note_use(&target);
        match element {
            None if target.is_array => {
                self.errors.add(path, "bad_reference", || {
                    format!(
                        "`{name}` is an array; write {{\"$tasks\": \"{name}\"}} for all results \
                         or {{\"$task\": \"{name}[0]\"}} for one"
                    )
                });
                None
            }
            None => Some(target.tasks.start),
            Some(element) => self.element(&target, name, element, path),
        }
    }

    fn element(
        &mut self,
        target: &Target,
        name: &str,
        element: u64,
        path: &Path<'_>,
    ) -> Option<TaskIndex> {
        if !target.is_array {
            self.errors.add(path, "bad_reference", || {
                format!("`{name}` asks for an element, but the task is not an array")
            });
            return None;
        }
        let length = target.tasks.len() as u64;
        let index = u32::try_from(element).ok().filter(|_| element < length);
        if index.is_none() {
            self.errors.add(path, "unknown_key", || {
                format!("`{name}` does not exist; the array has {length} elements, from 0 on")
            });
        }
        index.map(|index| target.tasks.start + index)
    }

    fn target(&mut self, name: &str, path: &Path<'_>) -> Option<(Target, Option<u64>)> {
        let split = split_name(name);
        let found = split.and_then(|(key, element)| Some((self.keys.find(key)?, element)));
        match &found {
            Some((target, _)) => self.edges.extend(target.node.map(|node| (self.node, node))),
            None => self.errors.add(path, "unknown_key", || {
                let key = split.map_or(name, |(key, _)| key);
                format!("there is no task `{key}`{}", hint(key, self.keys.names()))
            }),
        }
        found
    }

    fn note_use(&mut self, target: &Target) {
        if let Some(used) = target.node.and_then(|node| self.used.get_mut(node as usize)) {
            *used = true;
        }
    }
}

struct Walk<'r, 'k, 'a> {
    refs: &'r mut Refs<'k, 'a>,
    parts: Vec<Part>,
    literal: Vec<u8>,
}

impl Walk<'_, '_, '_> {
    fn value(&mut self, reader: &mut Reader<'_>, path: &Path<'_>) -> Result<(), Malformed> {
        let start = reader.position();
        match reader.item()? {
            Item::Map(Some(2)) if self.refs.scope == Scope::Actor => {
                let whole = skip_from(reader, start)?;
                if self.run_task(whole.since(start), path) {
                    *reader = whole;
                    return Ok(());
                }
                return self.map(reader, 2, path);
            }
            Item::Map(Some(count)) => return self.map(reader, count, path),
            Item::Array(Some(count)) => {
                self.literal.extend_from_slice(reader.since(start));
                for index in 0..count {
                    self.value(reader, &path.index(index))?;
                }
            }
            Item::Tag(_) => {
                self.literal.extend_from_slice(reader.since(start));
                self.value(reader, path)?;
            }
            _ => self.literal.extend_from_slice(reader.since(start)),
        }
        Ok(())
    }

    fn map(
        &mut self,
        reader: &mut Reader<'_>,
        count: u64,
        path: &Path<'_>,
    ) -> Result<(), Malformed> {
        if count == 1 {
            let mut ahead = *reader;
            if let Item::Text(name) = ahead.item()?
                && is_directive(name)
            {
                let start = ahead.position();
                ahead.skip(usize::MAX)?;
                self.directive(name, ahead.since(start), &path.key(name));
                *reader = ahead;
                return Ok(());
            }
        }
        write::head(&mut self.literal, write::MAP, count);
        let mut seen = Seen::default();
        for _ in 0..count {
            let start = reader.position();
            let key = reader.item()?;
            if let Item::Text(key) = key {
                self.key(key, path);
                self.member(reader, key, &mut seen, path)?;
            } else {
                // Only CBOR has such keys; they cannot be part of a pointer.
                *reader = skip_from(reader, start)?;
                self.literal.extend_from_slice(reader.since(start));
                self.value(reader, path)?;
            }
        }
        Ok(())
    }

    fn member<'d>(
        &mut self,
        reader: &mut Reader<'d>,
        key: &'d str,
        seen: &mut Seen<'d>,
        path: &Path<'_>,
    ) -> Result<(), Malformed> {
        let path = path.key(key);
        if !seen.add(key) {
            self.refs.errors.add(&path, "duplicate_key", || twice(key));
        }
        self.value(reader, &path)
    }

    fn key(&mut self, key: &str, path: &Path<'_>) {
        match key.strip_prefix('$') {
            None => write::text(&mut self.literal, key),
            Some(literal) if literal.starts_with('$') => write::text(&mut self.literal, literal),
            Some(_) => {
                write::text(&mut self.literal, key);
                self.refs.errors.add(&path.key(key), "bad_reference", || {
                    if DIRECTIVES.contains(&key) {
                        format!(
                            "`{key}` must be alone in its object; a literal key is written `${key}`"
                        )
                    } else {
                        unknown_directive(key)
                    }
                });
            }
        }
    }

    fn directive(&mut self, name: &str, value: &[u8], path: &Path<'_>) {
        let done = match name {
            "$task" | "$tasks" => self.task_hole(name, value, path),
            "$object" => self.object_hole(value, path),
            "$item" => self.item_hole(value, path),
            "$bytes" => write_bytes(value, &mut self.literal, path, &mut self.refs.errors),
            "$float" => write_float(value, &mut self.literal, path, &mut self.refs.errors),
            _ => {
                self.refs.errors.add(path, "bad_reference", || unknown_directive(name));
                None
            }
        };
        if done.is_none() {
            // Of a faulty reference nothing is known; what is around it can still be judged.
            let _hole = self.hole(Part::Task(0));
        }
    }

    /// Takes `{"$task": key, "$run": id}`; tells whether it was that.
    fn run_task(&mut self, map: &[u8], path: &Path<'_>) -> bool {
        let members = Members::of_map(map).into_iter().flatten();
        let members = members.map(|(key, value)| (text_of(key).unwrap_or_default(), value));
        let members: Vec<_> = members.collect();
        let ([("$task", key), ("$run", run)] | [("$run", run), ("$task", key)]) =
            members.as_slice()
        else {
            return false;
        };
        let place = u32::try_from(self.refs.tasks.len()).unwrap_or(u32::MAX);
        let task = read_task(key, run, path, &mut self.refs.errors);
        self.refs.tasks.extend(task);
        let _hole = self.hole(Part::Task(place));
        true
    }

    fn task_hole(&mut self, name: &str, value: &[u8], path: &Path<'_>) -> Option<()> {
        if self.refs.scope != Scope::Graph {
            let literal = format!("a literal key is written `${name}`");
            let scope = self.refs.scope;
            self.refs.errors.add(path, "bad_reference", || match scope {
                Scope::Actor => format!(
                    "a task is named together with its run, {{\"$task\": key, \"$run\": id}}; \
                     {literal}"
                ),
                _ => format!("there are no tasks to refer to here; {literal}"),
            });
            return None;
        }
        let key = crate::fields::read_text(value, path, &mut self.refs.errors)?;
        let part = if name == "$task" {
            Part::Task(self.refs.task(key, path)?)
        } else {
            Part::Tasks(self.refs.array(key, path)?)
        };
        self.hole(part)
    }

    fn object_hole(&mut self, value: &[u8], path: &Path<'_>) -> Option<()> {
        if self.refs.scope == Scope::Value {
            self.refs.errors.add(path, "bad_reference", || {
                "an object cannot refer to another; a literal key is written `$$object`".to_owned()
            });
            return None;
        }
        let id = crate::fields::read_text(value, path, &mut self.refs.errors)?;
        match id.parse::<ObjectId>() {
            Ok(id) => {
                self.refs.objects.entry(id).or_insert_with(|| path.pointer());
                self.hole(Part::Object(Box::new(id)))
            }
            Err(error) => {
                self.refs.errors.add(path, "bad_reference", || format!("{error}, not `{id}`"));
                None
            }
        }
    }

    fn item_hole(&mut self, value: &[u8], path: &Path<'_>) -> Option<()> {
        let parts = match self.refs.items {
            Items::Parts(parts) => parts,
            Items::NoArray => {
                self.refs.errors.add(path, "bad_reference", || {
                    "`$item` stands for a part of an array's element; this task has no `map`".into()
                });
                return None;
            }
            Items::Source => {
                self.refs.errors.add(path, "bad_reference", || {
                    "`$item` belongs in `args`, not among the elements themselves".to_owned()
                });
                return None;
            }
        };
        let most = i64::from(u32::MAX);
        let item = crate::fields::read_integer(value, path, (0, most), &mut self.refs.errors)?;
        let item = u32::try_from(item).ok()?;
        if let Some(parts) = parts.filter(|parts| u64::from(item) >= *parts) {
            self.refs.errors.add(path, "bad_reference", || {
                format!("part {item} does not exist; the elements have {parts}, counted from 0")
            });
            return None;
        }
        self.hole(Part::Item(item))
    }

    fn hole(&mut self, part: Part) -> Option<()> {
        if !self.literal.is_empty() {
            push(&mut self.parts, Part::Literal(std::mem::take(&mut self.literal).into()));
        }
        push(&mut self.parts, part);
        Some(())
    }
}

/// Adds a part; most templates have no other.
fn push(parts: &mut Vec<Part>, part: Part) {
    if parts.is_empty() {
        parts.reserve_exact(1);
    }
    parts.push(part);
}

const DIRECTIVES: [&str; 6] = ["$task", "$tasks", "$object", "$bytes", "$float", "$item"];

fn is_directive(name: &str) -> bool {
    name.strip_prefix('$').is_some_and(|rest| !rest.starts_with('$'))
}

fn unknown_directive(name: &str) -> String {
    let hint = hint(name, DIRECTIVES);
    let end = if hint.is_empty() { "." } else { &hint };
    format!("`{name}` is no reference{end} A literal key that begins with `$` is written `${name}`")
}

fn skip_from<'d>(reader: &Reader<'d>, start: usize) -> Result<Reader<'d>, Malformed> {
    let mut back = *reader;
    back.rewind(start);
    back.skip(usize::MAX)?;
    Ok(back)
}

/// The keys of a map so far: a list while they are few, a set when they are many.
#[derive(Default)]
struct Seen<'d> {
    few: Vec<&'d str>,
    many: HashSet<&'d str>,
}

impl<'d> Seen<'d> {
    const FEW: usize = 12;

    fn add(&mut self, key: &'d str) -> bool {
        if self.few.len() < Self::FEW {
            let is_new = !self.few.contains(&key);
            self.few.push(key);
            return is_new;
        }
        if self.many.is_empty() {
            self.many.extend(&self.few);
        }
        self.many.insert(key)
    }
}
