//! From the body of a submission to the nodes of a graph: the order of the checks.

use std::{collections::HashMap, ops::Range, sync::Arc};

use wask_node::view::KeyTable;
use wask_proto::{
    ArgTemplate, CallSpec, CallSpecs, MapSource, NodeSpec, ObjectId, Part, TaskIndex, TaskOptions,
    ZipSource,
};

use super::{
    arguments::{Places, check_count, fit_arguments, read_args},
    cycle::report_cycles,
    imports::{Import, Runs, resolve_import},
    keys::Keys,
    lengths::{MapDraft, Side, count_tasks, list_length, parse_map, place_tasks},
    options::OptionsPatch,
    parse::{Form, Submission, TaskDraft, parse_defaults, parse_submission},
    refs::{Items, Refs, Scope},
    resolve::{Callee, Callees, Modules},
    schema::SchemaCache,
};
use crate::{
    cbor::Members,
    config::ApiLimits,
    errors::{Errors, Path},
    fields::{expected, read_texts},
    nearest::hint,
};

/// What a check needs to know.
#[derive(Clone, Copy)]
pub(crate) struct Context<'c> {
    /// Who knows modules.
    pub(crate) modules: &'c dyn Modules,
    /// Compiled schemas.
    pub(crate) schemas: &'c SchemaCache,
    /// Limits.
    pub(crate) limits: &'c ApiLimits,
    /// The keys of the runs that imports name.
    pub(crate) runs: &'c Runs,
}

/// A submission without errors, but for objects that must exist.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The run's name.
    pub(crate) name: Option<String>,
    /// Whether more tasks may follow.
    pub(crate) open: bool,
    /// How long an open run goes on without a word from its client.
    pub(crate) lease_ms: Option<u64>,
    /// Whether guests are profiled.
    pub(crate) profile: bool,
    /// Options for tasks that follow, as they were written.
    pub(crate) defaults: Vec<u8>,
    /// The tasks.
    pub(crate) nodes: Vec<NodeSpec>,
    /// Objects that are referred to, and where each was named first.
    pub(crate) objects: Vec<(ObjectId, String)>,
}

/// Checks the body of a new run.
pub(crate) fn check_run(body: &[u8], context: Context<'_>) -> Result<Checked, Errors> {
    let mut errors = Errors::default();
    let read = parse_submission(body, Form::Run, context.limits, &mut errors);
    check(&read, context, None, errors)
}

/// Checks more tasks for an open run.
pub(crate) fn check_more_tasks(
    body: &[u8],
    context: Context<'_>,
    existing: &KeyTable,
) -> Result<Checked, Errors> {
    let mut errors = Errors::default();
    let mut read = parse_submission(body, Form::MoreTasks, context.limits, &mut errors);
    if !existing.defaults.is_empty() {
        // They were checked when the run was accepted.
        let mut ignored = Errors::default();
        let path = Path::ROOT;
        let defaults = parse_defaults(&existing.defaults, &path, context.limits, &mut ignored);
        read.defaults = read.defaults.or(defaults);
    }
    check(&read, context, Some(existing), errors)
}

/// Checks the arguments of a single call.
pub(crate) fn check_call(body: &[u8], callee: &Callee, key: &str) -> Result<Checked, Errors> {
    let keys = Keys::default();
    let mut refs = Refs::new(&keys, Scope::Call, 0, Errors::default());
    let root = Path::ROOT;
    let args = read_args(body, callee.function(), &root, &mut refs);
    let mut args = complete(args);
    let places = Places { args: &root, by_name: is_map(body), map: &root };
    fit_arguments(callee, &mut args, None, places, &mut refs.errors);
    let options =
        callee.function().map(|f| OptionsPatch::default().over(&OptionsPatch::default(), Some(f)));
    let (Some(options), true) = (options, refs.errors.is_empty()) else { return Err(refs.errors) };
    let parts = Parts { args, map: None, after: Vec::new(), tasks: 0..1 };
    let node = parts.into_node(key, Arc::new(call_of(callee, options)), true);
    let objects = refs.objects.into_iter().collect();
    Ok(Checked {
        name: None,
        open: false,
        lease_ms: None,
        profile: false,
        defaults: Vec::new(),
        nodes: vec![node],
        objects,
    })
}

/// Checks a value by itself, and decodes what is written with a `$`.
pub(crate) fn check_value(body: &[u8]) -> Result<Vec<u8>, Errors> {
    let keys = Keys::default();
    let mut refs = Refs::new(&keys, Scope::Value, 0, Errors::default());
    let template = refs.template(body, &Path::ROOT);
    if !refs.errors.is_empty() {
        return Err(refs.errors);
    }
    let literal = template.0.into_vec().into_iter().filter_map(|part| match part {
        Part::Literal(cbor) => Some(cbor.into_vec()),
        _ => None,
    });
    Ok(literal.fold(Vec::new(), |mut all, cbor| {
        if all.is_empty() {
            return cbor;
        }
        all.extend(cbor);
        all
    }))
}

fn check(
    read: &Submission<'_>,
    context: Context<'_>,
    existing: Option<&KeyTable>,
    mut errors: Errors,
) -> Result<Checked, Errors> {
    let tasks_path = Path::ROOT.key("tasks");
    let mut keys = Keys::new(existing);
    for task in &read.tasks {
        if let Err(detail) = keys.add(task.key) {
            errors.add(&tasks_path.key(task.key), "duplicate_key", || detail);
        }
    }
    let mut imports = resolve_imports(&read.tasks, context.runs, &mut errors);
    let maps = parse_maps(&read.tasks, &imports, &mut errors);
    let counts = count_tasks(&read.tasks, &maps, &keys, &mut errors);
    let first = existing.map_or(0, KeyTable::next_place);
    let most = context.limits.tasks_per_run_max;
    let places = place_tasks(&read.tasks, &maps, &counts, first, most, &mut errors);
    keys.place(places.clone());
    let refs = Refs::new(&keys, Scope::Graph, read.tasks.len(), errors);
    let callees = Callees::new(context.modules, context.schemas);
    let takes_more = read.open || existing.is_some();
    let nodes = Vec::with_capacity(read.tasks.len());
    let mut build = Build { refs, callees, counts: &counts, calls: CallSpecs::default(), nodes };
    for (((task, map), (tasks, _)), number) in read.tasks.iter().zip(maps).zip(places).zip(0..) {
        match imports.remove(&number) {
            Some(import) => {
                let options = task.options.over(&OptionsPatch::default(), None);
                let call = build.calls.share(import.call(options));
                build.nodes.push(import.into_node(task.key, tasks, call));
            }
            None => build.task(task, map, tasks, number, &read.defaults),
        }
    }
    build.finish(read, takes_more)
}

fn resolve_imports<'r>(
    tasks: &[TaskDraft<'_>],
    runs: &'r Runs,
    errors: &mut Errors,
) -> HashMap<u32, Import<'r>> {
    let tasks_path = Path::ROOT.key("tasks");
    let imports = tasks.iter().zip(0..).filter_map(|(task, number)| {
        let path = tasks_path.key(task.key);
        let import = resolve_import(task.import?, runs, &path.key("import"), errors)?;
        Some((number, import))
    });
    imports.collect()
}

fn parse_maps<'a>(
    tasks: &[TaskDraft<'a>],
    imports: &HashMap<u32, Import<'_>>,
    errors: &mut Errors,
) -> Vec<Option<MapDraft<'a>>> {
    let tasks_path = Path::ROOT.key("tasks");
    let parse = |(task, number): (&TaskDraft<'a>, u32)| {
        if let Some(import) = imports.get(&number) {
            return import.is_array.then_some(MapDraft::Imported { length: import.length });
        }
        let path = tasks_path.key(task.key);
        task.map.map(|map| parse_map(map, &path.key("map"), errors))
    };
    tasks.iter().zip(0..).map(parse).collect()
}

struct Build<'b, 'k, 'a> {
    refs: Refs<'k, 'a>,
    callees: Callees<'b, 'a>,
    counts: &'b [u64],
    calls: CallSpecs,
    nodes: Vec<NodeSpec>,
}

/// What a node consists of beside its function and options.
struct Parts {
    args: Vec<ArgTemplate>,
    map: Option<MapSource>,
    after: Vec<Range<TaskIndex>>,
    tasks: Range<TaskIndex>,
}

impl Parts {
    fn into_node(self, key: &str, call: Arc<CallSpec>, output: bool) -> NodeSpec {
        NodeSpec {
            key: key.into(),
            call,
            tasks: self.tasks,
            map: self.map.map(Box::new),
            args: self.args.into(),
            after: self.after.into(),
            output,
            import: None,
        }
    }
}

impl<'a> Build<'_, '_, 'a> {
    fn task(
        &mut self,
        task: &TaskDraft<'a>,
        map: Option<MapDraft<'a>>,
        tasks: Range<TaskIndex>,
        number: u32,
        defaults: &OptionsPatch,
    ) {
        let path = Path::ROOT.key("tasks");
        let path = path.key(task.key);
        self.refs.node = number;
        let callee = task
            .call
            .and_then(|call| self.callees.get(call, &path.key("call"), &mut self.refs.errors));
        let count = self.counts.get(number as usize).copied().unwrap_or(0);
        let (mut source, parts) = self.source(map, count, &path);
        self.refs.items = match (&source, task.map) {
            (_, None) => Items::NoArray,
            _ => Items::Parts(parts),
        };
        let args = self.args(task, callee.as_deref(), source.as_ref(), parts, &path);
        let after = self.after(task.after, &path);
        let Some(callee) = callee else { return };
        let Some(function) = callee.function() else { return };
        let mut parts = Parts { args: complete(args), map: None, after, tasks };
        let by_name = task.args.is_some_and(is_map);
        let places = Places { args: &path.key("args"), by_name, map: &path.key("map") };
        let map = source.as_mut().map(|source| (source, count));
        fit_arguments(&callee, &mut parts.args, map, places, &mut self.refs.errors);
        parts.map = source;
        if self.refs.errors.is_empty() {
            let options = task.options.over(defaults, Some(function));
            let call = self.calls.share(call_of(&callee, options));
            self.nodes.push(parts.into_node(task.key, call, false));
        }
    }

    /// The elements of an array, and how many parts each has, if that is the same for all.
    fn source(
        &mut self,
        map: Option<MapDraft<'a>>,
        count: u64,
        path: &Path<'_>,
    ) -> (Option<MapSource>, Option<u64>) {
        let path = path.key("map");
        self.refs.items = Items::Source;
        match map {
            None | Some(MapDraft::Faulty | MapDraft::Imported { .. }) => (None, None),
            Some(MapDraft::Range { start, step, .. }) => {
                (Some(MapSource::Range { start, step }), Some(1))
            }
            Some(MapDraft::Each(list)) => {
                let (elements, parts) = self.each(list, count, &path.key("each"));
                (Some(MapSource::Each(elements)), parts)
            }
            Some(MapDraft::Zip(sides)) => {
                let path = path.key("zip");
                let parts = sides.len() as u64;
                let sides = sides.into_iter().zip(0..);
                let sides = sides.filter_map(|(side, n)| self.side(side, &path.index(n))).collect();
                (Some(MapSource::Zip(sides)), Some(parts))
            }
        }
    }

    fn each(
        &mut self,
        list: &[u8],
        count: u64,
        path: &Path<'_>,
    ) -> (Vec<Vec<ArgTemplate>>, Option<u64>) {
        let count = usize::try_from(count).unwrap_or(0).min(list.len());
        let mut elements = Vec::with_capacity(count);
        let mut common = None;
        for ((_, element), index) in Members::of_list(list).into_iter().flatten().zip(0..) {
            let path = path.index(index);
            let Some(parts) = Members::of_list(element) else {
                expected("the list of the element's parts", element, &path, &mut self.refs.errors);
                continue;
            };
            let parts: Vec<ArgTemplate> =
                parts.zip(0..).map(|((_, v), n)| self.refs.template(v, &path.index(n))).collect();
            let length = parts.len() as u64;
            if *common.get_or_insert(length) != length {
                let first = common.unwrap_or(0);
                self.refs.errors.add(&path, "wrong_value", || {
                    format!("this element has {length} parts, the first has {first}")
                });
            }
            elements.push(parts);
        }
        (elements, common)
    }

    fn side(&mut self, side: Side<'_>, path: &Path<'_>) -> Option<ZipSource> {
        match side {
            Side::Faulty => None,
            Side::Tasks(key) => self.refs.array(key, &path.key("$tasks")).map(ZipSource::Tasks),
            Side::Values(list) => {
                let mut values =
                    Vec::with_capacity(usize::try_from(list_length(list)).unwrap_or(0));
                for ((_, value), n) in Members::of_list(list).into_iter().flatten().zip(0..) {
                    values.push(self.refs.template(value, &path.index(n)));
                }
                Some(ZipSource::Values(values))
            }
        }
    }

    /// One template per parameter; without `args` the parts of the elements, or nothing.
    fn args(
        &mut self,
        task: &TaskDraft<'_>,
        callee: Option<&Callee>,
        source: Option<&MapSource>,
        parts: Option<u64>,
        path: &Path<'_>,
    ) -> Vec<Option<ArgTemplate>> {
        let function = callee.and_then(Callee::function);
        if let Some(args) = task.args {
            return read_args(args, function, &path.key("args"), &mut self.refs);
        }
        // An array without elements, or whose elements have errors, has as many as needed.
        let wanted = function.map_or(0, |function| function.params.len() as u64);
        let count = match (source, parts) {
            (Some(_), parts) => parts.unwrap_or(wanted),
            (None, _) if task.map.is_some() => wanted,
            (None, _) => 0,
        };
        if let Some(function) = function {
            let map = path.key("map");
            let at = if task.map.is_some() { &map } else { path };
            check_count(count, function, at, &mut self.refs.errors);
        }
        let count = u32::try_from(count.min(wanted)).unwrap_or(0);
        (0..count).map(|n| Some(ArgTemplate::hole(Part::Item(n)))).collect()
    }

    fn after(&mut self, value: Option<&[u8]>, path: &Path<'_>) -> Vec<Range<TaskIndex>> {
        let Some(value) = value else { return Vec::new() };
        let path = path.key("after");
        let names = read_texts(value, &path, &mut self.refs.errors);
        let mut after = Vec::with_capacity(names.len());
        let places = names.into_iter().zip(0..);
        after.extend(places.filter_map(|(name, n)| self.refs.places(name, &path.index(n))));
        after
    }

    fn finish(mut self, read: &Submission<'_>, takes_more: bool) -> Result<Checked, Errors> {
        let names: Vec<&str> = read.tasks.iter().map(|task| task.key).collect();
        report_cycles(&names, &self.refs.edges, &mut self.refs.errors);
        let outputs = self.outputs(read, takes_more);
        if !self.refs.errors.is_empty() {
            return Err(self.refs.errors);
        }
        for (node, output) in self.nodes.iter_mut().zip(outputs) {
            node.output = output;
        }
        Ok(Checked {
            name: read.name.map(str::to_owned),
            open: read.open,
            lease_ms: read.lease_ms,
            profile: read.profile,
            defaults: read.defaults_text.to_vec(),
            nodes: self.nodes,
            objects: self.refs.objects.into_iter().collect(),
        })
    }

    /// Which keys are outputs: those named, or else those that nobody uses. Of a run that takes
    /// more tasks nobody can say yet what will be used, so there it is all of them.
    fn outputs(&mut self, read: &Submission<'_>, takes_more: bool) -> Vec<bool> {
        let Some(named) = read.outputs else {
            return self.refs.used.iter().map(|used| takes_more || !used).collect();
        };
        let mut outputs = vec![false; read.tasks.len()];
        let path = Path::ROOT.key("outputs");
        let names = read_texts(named, &path, &mut self.refs.errors);
        for (name, n) in names.into_iter().zip(0..) {
            let node = self.refs.keys.node(name);
            match node.and_then(|node| outputs.get_mut(node as usize)) {
                Some(output) => *output = true,
                None => self.refs.errors.add(&path.index(n), "unknown_key", || {
                    let hint = hint(name, self.refs.keys.names());
                    format!("there is no task `{name}` in this request{hint}")
                }),
            }
        }
        outputs
    }
}

fn call_of(callee: &Callee, options: TaskOptions) -> CallSpec {
    CallSpec {
        module: callee.module.id,
        module_name: Arc::clone(&callee.module_name),
        function: callee.function().map(|f| Arc::clone(&f.name)).unwrap_or_default(),
        options,
    }
}

/// The templates; a hole of which nothing is known where an argument is missing.
pub(super) fn complete(args: Vec<Option<ArgTemplate>>) -> Vec<ArgTemplate> {
    let unknown = || ArgTemplate::hole(Part::Task(0));
    args.into_iter().map(|arg| arg.unwrap_or_else(unknown)).collect()
}

pub(super) fn is_map(value: &[u8]) -> bool {
    Members::of_map(value).is_some()
}
