//! What most tests do with runs: submit, wait, look at tasks and results.

use serde_json::{Value, json};

use crate::{
    api::Api,
    guests::guest,
    reply::Reply,
    wait::{DEADLINE, eventually},
};

/// How long the server may hold back an answer.
const WAIT: &str = "30s";

impl Api {
    /// Uploads guests under their names.
    #[track_caller]
    pub fn upload(&self, names: &[&str]) {
        for name in names {
            let reply = self.upload_bytes(&format!("?name={name}"), &guest(name));
            assert!([200, 201].contains(&reply.status), "expected a module of {reply}");
        }
    }

    /// Uploads the bytes of a module.
    #[track_caller]
    pub fn upload_bytes(&self, query: &str, wasm: &[u8]) -> Reply {
        let request = self.request("POST", &format!("/modules{query}"));
        request.body("application/wasm", wasm).send()
    }

    /// Submits a graph that must be accepted; its id.
    #[track_caller]
    pub fn submit(&self, graph: &Value) -> String {
        let reply = self.post("/runs", graph).status(202);
        reply.json()["id"].as_str().expect("an accepted run has an id").to_owned()
    }

    /// Submits a graph and waits until it is finished; the run.
    #[track_caller]
    pub fn finish(&self, graph: &Value) -> Value {
        let reply = self.post(&format!("/runs?wait={WAIT}"), graph);
        assert!([200, 202].contains(&reply.status), "expected a run of {reply}");
        let run = reply.json();
        let id = run["id"].as_str().expect("an accepted run has an id");
        self.wait_run(id)
    }

    /// Waits until a run is finished; the run.
    #[track_caller]
    pub fn wait_run(&self, id: &str) -> Value {
        let path = format!("/runs/{id}?wait={WAIT}");
        let what = format!("end of run {id}");
        eventually(&what, 4 * DEADLINE, || {
            let run = self.get(&path).status(200).json();
            (run["state"] != "running").then_some(run)
        })
    }

    /// A run as it is now.
    #[track_caller]
    pub fn run(&self, id: &str) -> Value {
        self.get(&format!("/runs/{id}")).status(200).json()
    }

    /// A task as it is now.
    #[track_caller]
    pub fn task(&self, run: &str, key: &str) -> Value {
        self.get(&task_path(run, key)).status(200).json()
    }

    /// Waits until a task is in one of these states; the task.
    #[track_caller]
    pub fn wait_task(&self, run: &str, key: &str, states: &[&str]) -> Value {
        let what = format!("{key} in state {}", states.join(" or "));
        eventually(&what, DEADLINE, || {
            let task = self.task(run, key);
            states.contains(&task["state"].as_str().unwrap_or_default()).then_some(task)
        })
    }

    /// The answer to a question for a task's result, after waiting for it.
    #[track_caller]
    pub fn result(&self, run: &str, key: &str) -> Reply {
        self.get(&format!("{}/result?wait={WAIT}", task_path(run, key)))
    }

    /// Calls a function and waits for its result.
    #[track_caller]
    pub fn call(&self, call: &str, args: &Value) -> Reply {
        self.post(&format!("/call/{call}?wait={WAIT}"), args)
    }

    /// Keys and states of all tasks, page by page.
    #[track_caller]
    pub fn states(&self, run: &str) -> Vec<(String, String)> {
        let mut states = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/runs/{run}/tasks?limit=1000{cursor}");
            let page = self.get(&path).status(200).json();
            for task in items(&page) {
                let text = |member: &str| task[member].as_str().expect("a text").to_owned();
                states.push((text("key"), text("state")));
            }
            match &page["next"] {
                Value::Null => return states,
                Value::String(next) => cursor = format!("&cursor={next}"),
                next => cursor = format!("&cursor={next}"),
            }
        }
    }

    /// One harmless call, by which a server shows that it is well.
    #[track_caller]
    pub fn is_well(&self) {
        let graph = json!({"tasks": {
            "well": {"call": "numbers/add", "args": [40, 2], "cache": false}}});
        let run = self.finish(&graph);
        assert_eq!(run["outputs"]["well"], 42, "the server is not well: {run}");
    }

    /// The ids of all runs, newest first.
    #[track_caller]
    pub fn run_ids(&self) -> Vec<String> {
        let page = self.get("/runs?limit=1000").status(200).json();
        let id = |run: &Value| run["id"].as_str().expect("a run has an id").to_owned();
        items(&page).iter().map(id).collect()
    }
}

/// The path of a task, whose key may hold brackets.
pub(crate) fn task_path(run: &str, key: &str) -> String {
    let key = key.replace('%', "%25").replace('[', "%5B").replace(']', "%5D").replace(' ', "%20");
    format!("/runs/{run}/tasks/{key}")
}

/// What is on a page.
#[track_caller]
pub fn items(page: &Value) -> &Vec<Value> {
    page["items"].as_array().unwrap_or_else(|| panic!("expected a page with items: {page}"))
}

/// One member of each of the items.
#[track_caller]
pub fn items_of(page: &Value, member: &str) -> Vec<Value> {
    items(page).iter().map(|item| item[member].clone()).collect()
}

/// The keys of the items.
#[track_caller]
pub fn keys_of(page: &Value) -> Vec<String> {
    let keys = items_of(page, "key").into_iter();
    keys.map(|key| key.as_str().expect("a key is a text").to_owned()).collect()
}
