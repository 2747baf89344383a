//! Submissions as clients write them: each error with its code and place, and what right ones
//! become.

use std::sync::Arc;

use wask_node::{
    ModuleLookup,
    view::{KeyTable, KeyView, actors::ActorClass},
};
use wask_proto::{
    ArgTemplate, CallSpec, Few, FunctionInfo, MapSource, ModuleId, ModuleInfo, ObjectId, OnFailed,
    ParamInfo, Part, ResultInfo, RunId, TaskOptions, Timestamp, ZipSource,
};

use super::{resolve::Modules, *};
use crate::{
    cbor::json_to_cbor,
    config::ApiLimits,
    errors::{Errors, Path},
};

struct Table(Arc<ModuleInfo>);

impl Modules for Table {
    fn module(&self, reference: &str) -> ModuleLookup {
        match reference {
            "numbers" => ModuleLookup::Found(Arc::clone(&self.0)),
            "dead" => ModuleLookup::Ambiguous(vec![self.0.id, self.0.id]),
            _ => ModuleLookup::Unknown { near: vec!["numbers".to_owned()] },
        }
    }
}

fn function(name: &str, params: &[(&str, &str)]) -> FunctionInfo {
    let param = |(name, schema): &(&str, &str)| ParamInfo {
        name: (*name).to_owned(),
        schema: (*schema).to_owned(),
        raw: *schema == "raw",
    };
    FunctionInfo {
        name: name.into(),
        doc: String::new(),
        params: params.iter().map(param).collect(),
        result: ResultInfo { schema: "true".to_owned(), raw: false, media_type: None },
        retries: Some(2),
        timeout_ms: None,
        memory_max_bytes: Some(64 << 20),
    }
}

fn table() -> Table {
    let int = r#"{"type": "integer", "format": "int64"}"#;
    let list = r#"{"type": "array", "items": {"type": "integer"}}"#;
    Table(Arc::new(ModuleInfo {
        id: ModuleId([7; 32]),
        size: 1,
        created_at: Timestamp(0),
        pure: true,
        imports: Vec::new(),
        functions: vec![
            function("square", &[("x", int)]),
            function("add", &[("x", int), ("y", int)]),
            function("sum", &[("values", list)]),
            function("any", &[("value", "true")]),
            function("count", &[("text", "raw")]),
            actor("Counter", &[("start", int)]),
            function("Counter.add", &[("amount", int), ("note", "true")]),
            function("Counter.load", &[("bytes", "raw")]),
        ],
    }))
}

fn actor(class: &str, params: &[(&str, &str)]) -> FunctionInfo {
    let mut constructor = function(class, params);
    constructor.result.schema = r#"{"type": "object", "x-wask-actor": true}"#.to_owned();
    constructor
}

fn check_json(json: &str) -> Result<Checked, Errors> {
    check_with(json, &ApiLimits::default())
}

fn check_with(json: &str, limits: &ApiLimits) -> Result<Checked, Errors> {
    let body = json_to_cbor(json.as_bytes(), 128).unwrap();
    let schemas = SchemaCache::default();
    check_run(&body, Context { modules: &table(), schemas: &schemas, limits, runs: &Runs::new() })
}

fn tasks(tasks: &str) -> Result<Checked, Errors> {
    check_json(&format!("{{\"tasks\": {{{tasks}}}}}"))
}

/// `code pointer` of each error of these tasks.
fn errors(text: &str) -> Vec<String> {
    faults(tasks(text))
}

fn faults(result: Result<Checked, Errors>) -> Vec<String> {
    let (items, _) = result.expect_err("this should be refused").into_parts();
    items.into_iter().map(|e| format!("{} {}", e.code, e.pointer)).collect()
}

fn detail(text: &str) -> String {
    tasks(text).expect_err("this should be refused").into_parts().0[0].detail.clone()
}

#[test]
fn the_example_of_the_contract_is_resolved() {
    let checked = check_json(
        r#"{"name": "sum of squares", "open": false, "outputs": ["total"],
            "defaults": {"retries": 1, "timeout": "30s", "memory": "256MiB"},
            "tasks": {"sq": {"call": "numbers/square", "map": {"range": [0, 500]}},
                      "total": {"call": "numbers/sum", "args": [{"$tasks": "sq"}]}}}"#,
    )
    .unwrap();
    assert_eq!(checked.name.as_deref(), Some("sum of squares"));
    let [sq, total] = checked.nodes.as_slice() else { panic!("two nodes") };
    assert_eq!((sq.tasks.clone(), sq.output), (0..500, false));
    assert_eq!(sq.map.as_deref(), Some(&MapSource::Range { start: 0, step: 1 }));
    assert_eq!(sq.args, [ArgTemplate::hole(Part::Item(0))]);
    assert_eq!((total.tasks.clone(), total.output), (500..501, true));
    assert_eq!(total.args, [ArgTemplate::hole(Part::Tasks(0..500))]);
    let options = &total.call.options;
    assert_eq!((options.retries, options.timeout_ms), (1, 30_000));
    assert_eq!((options.memory_max_bytes, options.retry_delay_ms), (256 << 20, 100));
    assert!(options.cache && !options.keep);
}

#[test]
fn options_come_from_the_task_then_the_run_then_the_function() {
    let checked = check_json(
        r#"{"defaults": {"retries": 5, "priority": 3}, "tasks": {
            "a": {"call": "numbers/square", "args": [1], "retries": 0, "resources": {"gpu": 0.5},
                  "on_failed": "run", "cache": false, "keep": true, "retry_delay": "2s"},
            "b": {"call": "numbers/square", "args": [1], "after": ["a"]}}}"#,
    )
    .unwrap();
    let (a, b) = (&checked.nodes[0], &checked.nodes[1]);
    assert_eq!((a.call.options.retries, b.call.options.retries), (0, 5));
    assert_eq!((a.call.options.priority, a.call.options.memory_max_bytes), (3, 64 << 20));
    assert_eq!(a.call.options.timeout_ms, 300_000);
    assert_eq!(a.call.options.resources, [("gpu".into(), 500)]);
    assert_eq!((a.call.options.on_failed, a.call.options.keep), (OnFailed::Run, true));
    assert_eq!((b.after.len(), b.after[0].clone()), (1, 0..1));
    assert!(a.output && b.output, "`after` uses no result");
}

#[test]
fn references_become_holes_at_any_depth() {
    let id = "ab".repeat(32);
    let checked = tasks(&format!(
        r#""x": {{"call": "numbers/square", "map": {{"range": [3, 0, -1]}}}},
           "y": {{"call": "numbers/any", "args": [{{"a": [1, {{"$task": "x[2]"}}], "$$b": {{"$object": "{id}"}},
                 "c": {{"$bytes": "AQI="}}, "d": {{"$float": "-Infinity"}}}}]}}"#
    ))
    .unwrap();
    assert_eq!(checked.objects.len(), 1);
    assert_eq!(checked.objects[0].1, "/tasks/y/args/0/$$b/$object");
    let object: ObjectId = id.parse().unwrap();
    let mut end = vec![0x61, b'c', 0x42, 1, 2, 0x61, b'd', 0xfb];
    end.extend_from_slice(&f64::NEG_INFINITY.to_bits().to_be_bytes());
    assert_eq!(
        checked.nodes[1].args[0].0,
        [
            Part::Literal(vec![0xa4, 0x61, b'a', 0x82, 0x01].into()),
            Part::Task(2),
            Part::Literal(vec![0x62, b'$', b'b'].into()),
            Part::Object(object.into()),
            Part::Literal(end.into()),
        ]
    );
    assert_eq!(checked.nodes[0].map.as_deref(), Some(&MapSource::Range { start: 3, step: -1 }));
    assert_eq!(checked.nodes[0].tasks, 0..3);
}

#[test]
fn each_and_zip_make_elements() {
    let checked = tasks(
        r#""e": {"call": "numbers/add", "map": {"each": [[1, 2], [3, 4]]}},
           "z": {"call": "numbers/add", "map": {"zip": [{"$tasks": "e"}, [5, 6]]}},
           "p": {"call": "numbers/any", "map": {"each": [[1], [2]]}, "args": [{"n": {"$item": 0}}]}"#,
    )
    .unwrap();
    let literal = |n| ArgTemplate::literal(vec![n]);
    let elements = vec![vec![literal(1), literal(2)], vec![literal(3), literal(4)]];
    assert_eq!(checked.nodes[0].map.as_deref(), Some(&MapSource::Each(elements)));
    let sides = vec![ZipSource::Tasks(0..2), ZipSource::Values(vec![literal(5), literal(6)])];
    assert_eq!(checked.nodes[1].map.as_deref(), Some(&MapSource::Zip(sides)));
    assert_eq!(checked.nodes[1].args.len(), 2);
    assert_eq!(checked.nodes[2].args[0].0[1], Part::Item(0));
    assert_eq!(checked.nodes[2].tasks, 4..6);
}

#[test]
fn arguments_may_be_given_by_name() {
    let checked = tasks(r#""a": {"call": "numbers/add", "args": {"y": 2, "x": 1}}"#).unwrap();
    assert_eq!(
        checked.nodes[0].args,
        [ArgTemplate::literal(vec![1]), ArgTemplate::literal(vec![2])]
    );
    assert_eq!(
        errors(r#""a": {"call": "numbers/add", "args": {"z": 2, "x": "t"}}"#),
        [
            "unknown_argument /tasks/a/args/z",
            "missing_argument /tasks/a/args",
            "wrong_type /tasks/a/args/x",
        ]
    );
}

#[test]
fn raw_parameters_take_bytes_and_text() {
    let text = |arg: &str| tasks(&format!(r#""a": {{"call": "numbers/count", "args": [{arg}]}}"#));
    let same = ArgTemplate::literal(vec![0x42, b'h', b'i']);
    assert_eq!(&*text("\"hi\"").unwrap().nodes[0].args, std::slice::from_ref(&same));
    assert_eq!(text(r#"{"$bytes": "aGk="}"#).unwrap().nodes[0].args, [same]);
    assert_eq!(faults(text("[1]")), ["wrong_type /tasks/a/args/0"]);
    let each = r#""a": {"call": "numbers/count", "map": {"each": [["hi"], [5]]}}"#;
    assert_eq!(errors(each), ["wrong_type /tasks/a/map/each/1/0"]);
}

#[test]
fn unknown_things_are_named_with_what_was_meant() {
    assert_eq!(
        errors(r#""a": {"call": "nubmers/square", "args": [1]}"#),
        ["unknown_module /tasks/a/call"]
    );
    assert!(detail(r#""a": {"call": "nubmers/x"}"#).contains("did you mean `numbers`?"));
    assert!(detail(r#""a": {"call": "numbers/sqare"}"#).contains("did you mean `square`?"));
    assert_eq!(errors(r#""a": {"call": "numbers/zzz"}"#), ["unknown_function /tasks/a/call"]);
    assert_eq!(errors(r#""a": {"call": "dead/zzz"}"#), ["ambiguous_module /tasks/a/call"]);
    assert_eq!(errors(r#""a": {"call": "square"}"#), ["wrong_value /tasks/a/call"]);
    let key = r#""total": {"call": "numbers/square", "args": [{"$task": "totl"}]}"#;
    assert_eq!(errors(key), ["unknown_key /tasks/total/args/0/$task"]);
    assert!(detail(key).contains("did you mean `total`?"));
    let field = r#""a": {"call": "numbers/square", "args": [1], "retrys": 1}"#;
    assert_eq!(errors(field), ["unknown_field /tasks/a/retrys"]);
    assert!(detail(field).contains("did you mean `retries`?"));
    assert_eq!(
        faults(check_json(r#"{"tasks": {}, "taks": {}, "open": true}"#)),
        ["unknown_field /taks"]
    );
}

#[test]
fn counts_and_types_of_arguments_are_checked() {
    let call = |args: &str| errors(&format!(r#""a": {{"call": "numbers/add", "args": {args}}}"#));
    assert_eq!(call("[1]"), ["missing_argument /tasks/a/args"]);
    assert_eq!(call("[1, 2, 3]"), ["too_many_arguments /tasks/a/args"]);
    assert_eq!(call("[1, \"2\"]"), ["wrong_type /tasks/a/args/1"]);
    assert_eq!(call("5"), ["wrong_type /tasks/a/args", "missing_argument /tasks/a/args"][..1]);
    assert_eq!(errors(r#""a": {"call": "numbers/add"}"#), ["missing_argument /tasks/a"]);
    let sum = r#""a": {"call": "numbers/square", "args": [1]},
                 "b": {"call": "numbers/sum", "args": [[1, {"$task": "a"}, "x"]]}"#;
    assert_eq!(errors(sum), ["wrong_type /tasks/b/args/0/2"]);
}

#[test]
fn elements_are_checked_against_the_parameters() {
    assert_eq!(
        errors(r#""a": {"call": "numbers/square", "map": {"each": [[1], ["x"], [2, 3], 4]}}"#),
        [
            "wrong_value /tasks/a/map/each/2",
            "wrong_type /tasks/a/map/each/3",
            "wrong_type /tasks/a/map/each/1/0",
        ]
    );
    assert_eq!(
        errors(r#""a": {"call": "numbers/sum", "map": {"range": [0, 3]}}"#),
        ["wrong_type /tasks/a/map/range"]
    );
    assert_eq!(
        errors(r#""a": {"call": "numbers/add", "map": {"range": [0, 3]}}"#),
        ["missing_argument /tasks/a/map"]
    );
    assert_eq!(
        errors(r#""a": {"call": "numbers/add", "map": {"zip": [[1, 2], [3]]}}"#),
        ["wrong_value /tasks/a/map/zip"]
    );
    assert_eq!(
        errors(
            r#""a": {"call": "numbers/square", "map": {"range": [0, 3]}, "args": [{"$item": 1}]}"#
        ),
        ["bad_reference /tasks/a/args/0/$item"]
    );
    assert_eq!(
        errors(r#""a": {"call": "numbers/square", "args": [{"$item": 0}]}"#),
        ["bad_reference /tasks/a/args/0/$item"]
    );
    assert_eq!(
        errors(r#""a": {"call": "numbers/square", "map": {"range": [0, 9, 0]}}"#),
        ["wrong_value /tasks/a/map/range/2"]
    );
    assert_eq!(
        errors(r#""a": {"call": "numbers/square", "map": {"rnage": [0, 9]}}"#),
        ["unknown_field /tasks/a/map/rnage"]
    );
}

#[test]
fn references_that_cannot_be_are_explained() {
    let to = |arg: &str| {
        errors(&format!(
            r#""s": {{"call": "numbers/square", "args": [1]}},
               "m": {{"call": "numbers/square", "map": {{"range": [0, 3]}}}},
               "a": {{"call": "numbers/any", "args": [{arg}]}}"#
        ))
    };
    assert_eq!(to(r#"{"$task": "m"}"#), ["bad_reference /tasks/a/args/0/$task"]);
    assert_eq!(to(r#"{"$tasks": "s"}"#), ["bad_reference /tasks/a/args/0/$tasks"]);
    assert_eq!(to(r#"{"$task": "s[0]"}"#), ["bad_reference /tasks/a/args/0/$task"]);
    assert_eq!(to(r#"{"$task": "m[3]"}"#), ["unknown_key /tasks/a/args/0/$task"]);
    assert_eq!(to(r#"{"$task": 5}"#), ["wrong_type /tasks/a/args/0/$task"]);
    assert_eq!(to(r#"{"$tsk": "s"}"#), ["bad_reference /tasks/a/args/0/$tsk"]);
    assert_eq!(to(r#"{"$task": "s", "x": 1}"#), ["bad_reference /tasks/a/args/0/$task"]);
    assert_eq!(to(r#"{"$object": "xyz"}"#), ["bad_reference /tasks/a/args/0/$object"]);
    assert_eq!(to(r#"{"$bytes": "?"}"#), ["wrong_value /tasks/a/args/0/$bytes"]);
    assert_eq!(to(r#"{"$float": "nan"}"#), ["wrong_value /tasks/a/args/0/$float"]);
    assert_eq!(to(r#"{"x": 1, "x": 2}"#), ["duplicate_key /tasks/a/args/0/x"]);
}

#[test]
fn cycles_and_duplicates_are_found() {
    let cycle = r#""a": {"call": "numbers/square", "args": [{"$task": "c"}]},
                   "b": {"call": "numbers/square", "args": [{"$task": "a"}]},
                   "c": {"call": "numbers/square", "args": [1], "after": ["b"]}"#;
    assert_eq!(errors(cycle), ["cycle /tasks/a"]);
    assert!(detail(cycle).contains("a → c → b → a"));
    let zips = r#""a": {"call": "numbers/square", "map": {"zip": [{"$tasks": "b"}]}},
                  "b": {"call": "numbers/square", "map": {"zip": [{"$tasks": "a"}]}}"#;
    assert_eq!(errors(zips), ["cycle /tasks/a"]);
    let twice = r#""a": {"call": "numbers/square", "args": [1]}, "a": {"call": "numbers/square", "args": [2]}"#;
    assert_eq!(errors(twice), ["duplicate_key /tasks/a"]);
    assert_eq!(
        errors(r#""a/b": {"call": "numbers/square", "args": [1]}"#),
        ["invalid_key /tasks/a~1b"]
    );
}

#[test]
fn limits_are_told_and_cost_nothing() {
    let huge = r#""a": {"call": "numbers/square", "map": {"range": [0, 1000000000000]}}"#;
    assert_eq!(errors(huge), ["limit /tasks/a/map"]);
    assert!(detail(huge).contains("10000000, the limit"));
    let full = r#""a": {"call": "numbers/square", "map": {"range": [-9223372036854775808, 9223372036854775807]}}"#;
    assert_eq!(errors(full), ["limit /tasks/a/map"]);
    let limits = ApiLimits { tasks_per_run_max: 2, ..ApiLimits::default() };
    let three = r#"{"tasks": {"a": {"call": "numbers/square", "map": {"range": [0, 3]}}}}"#;
    assert_eq!(faults(check_with(three, &limits)), ["limit /tasks/a/map"]);
    assert_eq!(
        errors(
            r#""a": {"call": "numbers/square", "args": [1], "memory": "1TiB", "timeout": "0s"}"#
        ),
        ["limit /tasks/a/memory", "limit /tasks/a/timeout",]
    );
    let many: Vec<String> =
        (0..150).map(|n| format!(r#""t{n}": {{"call": "numbers/nothing"}}"#)).collect();
    let (items, more) = tasks(&many.join(",")).unwrap_err().into_parts();
    assert_eq!((items.len(), more), (100, 50));
}

#[test]
fn options_of_the_wrong_kind_are_explained() {
    let with = |option: &str| {
        errors(&format!(r#""a": {{"call": "numbers/square", "args": [1], {option}}}"#))
    };
    for (option, expected) in [
        (r#""timeout": 30"#, "wrong_type /tasks/a/timeout"),
        (r#""timeout": "30 sec""#, "wrong_value /tasks/a/timeout"),
        (r#""memory": "64MB""#, "wrong_value /tasks/a/memory"),
        (r#""retries": -1"#, "wrong_value /tasks/a/retries"),
        (r#""retries": 1.5"#, "wrong_type /tasks/a/retries"),
        (r#""cache": "no""#, "wrong_type /tasks/a/cache"),
        (r#""on_failed": "go""#, "wrong_value /tasks/a/on_failed"),
        (r#""resources": {"gpu": -1}"#, "wrong_value /tasks/a/resources/gpu"),
        (r#""after": "b""#, "wrong_type /tasks/a/after"),
        (r#""after": ["b"]"#, "unknown_key /tasks/a/after/0"),
        (r#""max_fails": 1"#, "wrong_value /tasks/a/max_fails"),
        (r#""call": "numbers/square""#, "duplicate_key /tasks/a/call"),
    ] {
        assert_eq!(with(option), [expected], "{option}");
    }
}

#[test]
fn empty_and_misshapen_bodies_are_refused() {
    assert_eq!(faults(check_json("{}")), ["missing_field "]);
    assert_eq!(faults(check_json("[]")), ["wrong_type "]);
    assert_eq!(faults(check_json(r#"{"tasks": {}}"#)), ["empty_graph /tasks"]);
    assert_eq!(faults(check_json(r#"{"tasks": []}"#)), ["wrong_type /tasks"]);
    assert_eq!(faults(check_json(r#"{"tasks": {"a": 5}}"#)), ["wrong_type /tasks/a"]);
    assert_eq!(faults(check_json(r#"{"tasks": {"a": {"args": []}}}"#)), ["missing_field /tasks/a"]);
    let outputs = r#"{"outputs": ["b"], "tasks": {"a": {"call": "numbers/square", "args": [1]}}}"#;
    assert_eq!(faults(check_json(outputs)), ["unknown_key /outputs/0"]);
    assert!(check_json(r#"{"open": true}"#).unwrap().nodes.is_empty());
}

#[test]
fn more_tasks_may_name_tasks_that_exist() {
    let key = KeyView {
        key: "sq".into(),
        call: Arc::new(CallSpec {
            module: ModuleId([7; 32]),
            module_name: "numbers".into(),
            function: "square".into(),
            options: TaskOptions::default(),
        }),
        tasks: 0..10,
        is_array: true,
        needs: Few::default(),
        parent: None,
    };
    let mut existing = KeyTable::new(RunId(1), true);
    existing.append([key]);
    let (limits, schemas) = (ApiLimits::default(), SchemaCache::default());
    let check = |json: &str| {
        let body = json_to_cbor(json.as_bytes(), 128).unwrap();
        let context =
            Context { modules: &table(), schemas: &schemas, limits: &limits, runs: &Runs::new() };
        check_more_tasks(&body, context, &existing)
    };
    let more = r#"{"tasks": {"t": {"call": "numbers/sum", "args": [{"$tasks": "sq"}]},
                             "z": {"call": "numbers/square", "map": {"zip": [{"$tasks": "sq"}]}}}}"#;
    let nodes = check(more).unwrap().nodes;
    assert_eq!(nodes[0].args, [ArgTemplate::hole(Part::Tasks(0..10))]);
    assert_eq!((nodes[0].tasks.clone(), nodes[1].tasks.clone()), (10..11, 11..21));
    let same = r#"{"tasks": {"sq": {"call": "numbers/square", "args": [1]}}}"#;
    assert_eq!(faults(check(same)), ["duplicate_key /tasks/sq"]);
}

#[test]
fn a_single_call_points_into_its_arguments() {
    let schemas = SchemaCache::default();
    let callee = Callee::find(&table(), &schemas, "numbers", "add").unwrap();
    let call =
        |json: &str| check_call(&json_to_cbor(json.as_bytes(), 128).unwrap(), &callee, "add");
    assert_eq!(call("[1, 2]").unwrap().nodes[0].args.len(), 2);
    assert_eq!(faults(call("[1, true]")), ["wrong_type /1"]);
    assert_eq!(faults(call(r#"{"x": 1, "y": null}"#)), ["wrong_type /y"]);
    assert_eq!(faults(call(r#"[1, {"$task": "a"}]"#)), ["bad_reference /1/$task"]);
}

#[test]
fn what_belongs_to_actors_is_no_task() {
    for (call, words) in [
        ("numbers/Counter", "`Counter` makes actors and is no task; use POST /actors"),
        ("numbers/Counter.add", "`Counter.add` is a method of actors"),
    ] {
        let task = format!(r#""a": {{"call": "{call}", "args": [1]}}"#);
        assert_eq!(errors(&task), ["not_a_task /tasks/a/call"]);
        assert!(detail(&task).contains(words), "{}", detail(&task));
        assert!(detail(&task).contains(r#"{"call": "numbers/Counter"}"#), "{}", detail(&task));
    }
}

#[test]
fn classes_and_methods_are_found_by_name() {
    let (table, schemas) = (table(), SchemaCache::default());
    let class = |name: &str| Callee::find_class(&table, &schemas, "numbers", name);
    assert_eq!(&*class("Counter").unwrap().function().unwrap().name, "Counter");
    let (code, detail) = class("Counter.add").unwrap_err();
    assert_eq!(
        (code, detail.as_str()),
        ("not_an_actor", "`Counter.add` is a method; write `numbers/Counter`")
    );
    assert_eq!(class("square").unwrap_err().0, "not_an_actor");
    assert_eq!(class("Countr").unwrap_err().0, "unknown_function");
    let of =
        ActorClass { module: table.0.id, module_name: "numbers".into(), class: "Counter".into() };
    let method = |name: &str| Callee::find_method(Arc::clone(&table.0), &schemas, &of, name);
    assert_eq!(&*method("add").unwrap().function().unwrap().name, "Counter.add");
    let unknown = method("ad").unwrap_err();
    assert_eq!(unknown, "`Counter` has no method `ad`; did you mean `add`? it has add, load");
    assert!(method("Counter.add").is_err() && method("").is_err());
}

#[test]
fn arguments_of_actors_may_name_finished_tasks_and_their_runs() {
    let (table, schemas) = (table(), SchemaCache::default());
    let of =
        ActorClass { module: table.0.id, module_name: "numbers".into(), class: "Counter".into() };
    let check = |method: &str, json: &str| {
        let body = json_to_cbor(json.as_bytes(), 128).unwrap();
        let callee = Callee::find_method(Arc::clone(&table.0), &schemas, &of, method).unwrap();
        check_actor_args(&body, Some(&callee), &Path::ROOT, Errors::default())
    };
    let task = |key: &str| format!(r#"{{"$run": "0123456789abcdef", "$task": "{key}"}}"#);
    let (a, b) = (task("a"), task("b[1]"));
    let checked = check("add", &format!(r#"{{"note": [{a}, {b}], "amount": {a}}}"#)).unwrap();
    let keys: Vec<&str> = checked.tasks.iter().map(|task| task.key.as_str()).collect();
    assert_eq!(keys, ["a", "b[1]", "a"]);
    assert_eq!(checked.templates[0], ArgTemplate::hole(Part::Task(2)));
    let note = [Part::Literal(vec![0x82].into()), Part::Task(0), Part::Task(1)];
    assert_eq!(checked.templates[1], ArgTemplate(note.into_iter().collect()));
    assert!(check("load", &format!("[{a}]")).is_ok());

    let faults = |json: &str| {
        let (items, _) = check("add", json).expect_err("this should be refused").into_parts();
        items.into_iter().map(|e| format!("{} {}", e.code, e.pointer)).collect::<Vec<_>>()
    };
    assert_eq!(faults("[1]"), ["missing_argument "]);
    assert_eq!(faults(r#"["x", 2]"#), ["wrong_type /0"]);
    assert_eq!(faults(r#"[1, {"$task": "a"}]"#), ["bad_reference /1/$task"]);
    assert_eq!(faults(r#"[1, {"$task": "a", "$run": "x"}]"#), ["bad_reference /1/$run"]);
    assert_eq!(
        faults(r#"{"amount": 1, "notes": 2}"#),
        ["unknown_argument /notes", "missing_argument "]
    );
}

#[test]
fn values_by_themselves_are_decoded_and_have_no_references() {
    let value = |json: &str| check_value(&json_to_cbor(json.as_bytes(), 128).unwrap());
    assert_eq!(value(r#"{"$$a": {"$bytes": ""}}"#).unwrap(), [0xa1, 0x62, b'$', b'a', 0x40]);
    for wrong in [r#"{"$object": "x"}"#, r#"{"$task": "x"}"#, r#"[{"$item": 0}]"#] {
        assert!(value(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_hundred_thousand_single_tasks_are_taken_in_one_request() {
    let mut body =
        String::from("{\"tasks\": {\"t0\": {\"call\": \"numbers/square\", \"args\": [1]}");
    for n in 1..100_000 {
        let before = n - 1;
        body.push_str(&format!(
            ", \"t{n}\": {{\"call\": \"numbers/add\", \"args\": [{n}, {{\"$task\": \"t{before}\"}}]}}"
        ));
    }
    body.push_str("}}");
    let checked = check_json(&body).unwrap();
    assert_eq!(checked.nodes.len(), 100_000);
    assert_eq!(checked.nodes.iter().filter(|node| node.output).count(), 1);
}
