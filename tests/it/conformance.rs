//! The scenarios of `tests/conformance`, run over plain HTTP: against servers that are started for
//! them, or against the one that `WASK_CONFORMANCE_SERVER` names. Knows nothing of any scenario.

mod matching;

use std::{
    collections::BTreeMap,
    env, fs,
    path::PathBuf,
    thread,
    time::{Duration, Instant, SystemTime},
};

use serde_json::{Value, json};
use wask_tests::{Api, DEADLINE, ServerOptions, eventually, guest, repository};

use matching::{Variables, differences, fill, is_pattern};

/// Scenarios at the same time; most of what they do is waiting.
const AT_ONCE: usize = 3;

/// Goal: the server keeps the contract in every scenario.
#[test]
fn scenarios_hold() {
    let (scenarios, mut failed) = (Vec::from_iter(scenarios()), Vec::new());
    for some in scenarios.chunks(AT_ONCE) {
        thread::scope(|scope| {
            let start = |(file, data)| scope.spawn(move || run(file, data));
            let threads: Vec<_> = some.iter().map(|(file, data)| start((file, data))).collect();
            for ((file, _), thread) in some.iter().zip(threads) {
                // The harness panics where a server does not come up.
                let outcome = thread.join().unwrap_or_else(|_| Err(" panicked, see above".into()));
                failed.extend(outcome.err().map(|error| format!("{file}{error}")));
            }
        });
    }
    let of = scenarios.len();
    assert!(failed.is_empty(), "{} of {of} scenarios:\n{}", failed.len(), failed.join("\n"));
}

/// Goal: a runner can read every file, and the README lists each.
#[test]
fn scenarios_are_well_formed_and_listed() {
    let readme = fs::read_to_string(repository().join("tests/conformance/README.md"));
    let readme = readme.expect("the scenarios have a README");
    let (scenarios, mut wrong) = (scenarios(), Vec::new());
    for (file, data) in &scenarios {
        let number = file.split('-').next().unwrap_or_default().trim_start_matches('0');
        if !readme.contains(&format!("| {number} | [{file}]({file}) | ")) {
            wrong.push(format!("{file}: not in the list of README.md"));
        }
        let known = ["goal", "guests", "slots", "resources", "needs", "steps"];
        if !has_only(data, &known) || !data["goal"].is_string() || !data["steps"][0].is_object() {
            wrong.push(format!("{file}: it has a goal, steps, and some of {known:?}"));
        }
        let steps = list(&data["steps"]).iter().filter(|step| !is_step(step));
        wrong.extend(steps.map(|step| format!("{file}: no step: {step}")));
    }
    assert!(wrong.is_empty(), "scenarios are not well-formed:\n{}", wrong.join("\n"));
    let listed = readme.matches(".json](").count();
    assert!(listed > 0 && listed == scenarios.len(), "README.md lists others than there are");
}

/// Goal: each pattern of `matchers.json` takes what stands second and not what stands third.
#[test]
fn matchers_tell_right_from_wrong() {
    let cases = serde_json::from_str(include_str!("conformance/matchers.json")).expect("JSON");
    let variables = [("n".to_owned(), json!(5)), ("t".to_owned(), json!("a"))].into();
    for case in list(&fill(&cases, &variables)) {
        assert!(is_pattern(&case[0]), "{case}");
        assert_eq!(differences(&case[0], &case[1]), [""; 0], "{case}");
        assert_eq!(differences(&case[0], &case[2]).len(), 1, "{case}");
    }
    assert!(!is_pattern(&json!([{"a": {"~": "nearly 5"}}])));
}

/// All scenarios by the names of their files.
fn scenarios() -> BTreeMap<String, Value> {
    let folder = fs::read_dir(repository().join("tests/conformance")).expect("the scenarios");
    let paths = folder.map(|entry| entry.expect("an entry").path());
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a scenario can be read");
        let data = serde_json::from_str(&text).unwrap_or_else(|error| json!(error.to_string()));
        (path.file_name().expect("a name").to_string_lossy().into_owned(), data)
    };
    paths.filter(|path| path.extension().is_some_and(|it| it == "json")).map(read).collect()
}

/// Runs a scenario up to its first step that fails.
fn run(file: &str, data: &Value) -> Result<(), String> {
    let given = env::var("WASK_CONFORMANCE_SERVER").map(|origin| Api::new(&origin)).ok();
    let mut ours = given.is_none().then(|| options(data).start());
    let mut api = ours.as_deref().or(given.as_ref()).cloned().expect("one of the two is there");
    if let Some(reason) = lacks(&api, data) {
        println!("{file}: skipped, {reason}");
        return Ok(());
    }
    list(&data["guests"]).iter().filter_map(Value::as_str).for_each(|name| api.upload(&[name]));
    let clock = SystemTime::UNIX_EPOCH.elapsed().expect("a clock that is right");
    let mut variables = Variables::from([("unique".to_owned(), json!(clock.as_micros() as u64))]);
    for (number, step) in (1..).zip(list(&data["steps"])) {
        match (step["restart"].as_str(), &mut ours) {
            (None, _) => act(&api, step, &mut variables)
                .map_err(|error| format!(", step {number}{error}"))?,
            (Some("kill"), Some(server)) => server.restart_hard(),
            (Some(_), Some(server)) => server.restart(),
            (Some(_), None) => println!("{file}: step {number} skipped, the server is not ours"),
        }
        api = ours.as_deref().cloned().unwrap_or(api);
    }
    Ok(())
}

fn options(data: &Value) -> ServerOptions {
    let slots = data["slots"].as_u64().and_then(|slots| u16::try_from(slots).ok()).unwrap_or(2);
    let resources = data["resources"].as_object().into_iter().flatten();
    resources.fold(ServerOptions::default().slots(slots).guests(&[]), |options, (name, amount)| {
        options.arg("--resource").arg(&format!("{name}={amount}"))
    })
}

/// What the scenario needs and the server does not have.
fn lacks(api: &Api, data: &Value) -> Option<String> {
    let needs = data["needs"].as_str().filter(|path| api.get(path).status == 404);
    let workers = api.get("/workers").json()["items"].clone();
    let slots: u64 = list(&workers).iter().filter_map(|worker| worker["slots"].as_u64()).sum();
    let has = |name: &str| list(&workers).iter().any(|it| !it["resources"][name].is_null());
    let fits = data["slots"].as_u64().is_none_or(|wanted| wanted == slots)
        && data["resources"].as_object().is_none_or(|it| it.keys().all(|name| has(name)));
    let unfit = || (!fits).then(|| "the server has other slots or resources".to_owned());
    needs.map(|path| format!("the server has no {path}")).or_else(unfit)
}

/// Does one step. An error begins with what follows the step's number.
fn act(api: &Api, step: &Value, variables: &mut Variables) -> Result<(), String> {
    if step["parallel"].is_null() {
        let begun = Instant::now();
        let deadline = Duration::from_secs(step["until"].as_u64().unwrap_or(0));
        // The last difference says more than the news that time is up: the harness gets longer.
        return eventually("answer", deadline + 4 * DEADLINE, || {
            let asked = ask(api, step, variables);
            (asked.is_ok() || begun.elapsed() >= deadline).then_some(asked)
        });
    }
    let act_all = |branch: &Value, mut variables: Variables| {
        for (number, step) in (1..).zip(list(branch)) {
            act(api, step, &mut variables).map_err(|error| format!(".{number}{error}"))?;
        }
        Ok::<_, String>(variables)
    };
    let branches: Vec<_> = thread::scope(|scope| {
        let start = |branch| {
            let variables = variables.clone();
            scope.spawn(move || act_all(branch, variables))
        };
        let threads: Vec<_> = list(&step["parallel"]).iter().map(start).collect();
        threads.into_iter().map(|it| it.join().expect("requests do not panic")).collect()
    });
    for (number, branch) in (1..).zip(branches) {
        variables.extend(branch.map_err(|error| format!(".{number}{error}"))?);
    }
    Ok(())
}

/// Sends one request and compares the answer.
fn ask(api: &Api, step: &Value, variables: &mut Variables) -> Result<(), String> {
    let upload = step["upload"].as_str();
    let path = upload.map_or(step["path"].clone(), |it| json!(format!("/modules?name={it}")));
    let method = step["method"].as_str().unwrap_or("POST");
    let told = |error: String| format!(" ({method} {path}): {error}");
    let sent = fill(&json!([path, step["headers"], step["json"]]), variables);
    let url = sent[0].as_str().unwrap_or_default().replace('[', "%5B").replace(']', "%5D");
    let mut request = api.request(method, &url);
    for (name, value) in sent[1].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap_or_default());
    }
    request = match upload {
        Some(name) => request.body("application/wasm", &*guest(name)),
        None if sent[2].is_null() => request,
        None => request.json(&sent[2]),
    };
    let reply = request.try_send().map_err(|error| told(error.to_string()))?;
    let is_wanted = match &step["status"] {
        Value::Null => (200..300).contains(&reply.status),
        wanted => *wanted == reply.status || list(wanted).contains(&json!(reply.status)),
    };
    if !is_wanted {
        let wanted = step.get("status").map_or("2xx".to_owned(), Value::to_string);
        return Err(told(format!("expected status {wanted}, the answer is {reply}")));
    }
    let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let mut captured = variables.clone();
    for (name, pointer) in step["capture"].as_object().into_iter().flatten() {
        let found = pointer.as_str().and_then(|pointer| answer.pointer(pointer));
        let found = found.filter(|found| !found.is_null());
        let found = found.ok_or_else(|| told(format!("nothing at {pointer} of {reply}")))?;
        captured.insert(name.clone(), found.clone());
    }
    let differences = match step.get("expect") {
        Some(pattern) => differences(&fill(pattern, &captured), &answer),
        None => Vec::new(),
    };
    if !differences.is_empty() {
        return Err(told(format!("{}\n  in {reply}", differences.join("; "))));
    }
    *variables = captured;
    Ok(())
}

/// Whether a runner can read a step. Each kind begins with the member that makes it one; only what
/// changes nothing is asked again.
fn is_step(step: &Value) -> bool {
    const KINDS: [&[&str]; 4] = [
        &["restart"],
        &["parallel"],
        &["upload", "status", "expect", "capture"],
        &["path", "method", "json", "headers", "status", "expect", "capture", "until"],
    ];
    let may_be_inner = |step: &Value| step["restart"].is_null() && is_step(step);
    KINDS.iter().any(|kind| !step[kind[0]].is_null() && has_only(step, kind))
        && (step["path"].is_null() || step["method"].is_string())
        && (step["until"].is_null() || step["method"] == "GET")
        && is_pattern(&step["expect"])
        && list(&step["parallel"]).iter().flat_map(list).all(may_be_inner)
}

fn has_only(object: &Value, known: &[&str]) -> bool {
    object.as_object().is_some_and(|it| it.keys().all(|member| known.contains(&member.as_str())))
}

/// The elements of a list; none where there is no list.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
