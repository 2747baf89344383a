//! `wask modules`: lists modules, or shows one with its functions.

use std::time::SystemTime;

use serde_json::Value;

use crate::{
    cli::ModulesArgs,
    client::Path,
    dto::{Module, ModuleFunction, Page},
    exit_code::Exit,
    output::{Color, Table, age_of, escape, human_bytes},
    session::Session,
};

/// How much of an id lists show; the server takes any unique prefix of at least eight digits.
const ID_SHOWN_CHARS: usize = 12;

/// Lists modules or shows one.
pub(crate) fn run(session: &Session, args: &ModulesArgs) -> anyhow::Result<Exit> {
    match &args.module {
        Some(module) => show(session, module),
        None => list(session),
    }
}

fn list(session: &Session) -> anyhow::Result<Exit> {
    let reply = session.client.get(&Path::of(&["modules"]))?;
    if session.output.json {
        session.output.value(&reply.json::<Value>()?)?;
        return Ok(Exit::Ok);
    }
    let page: Page<Module> = reply.json()?;
    let now = SystemTime::now();
    let mut table = Table::new(&["NAME", "MODULE", ">SIZE", "PURE", "UPLOADED", "FUNCTIONS"]);
    for module in &page.items {
        let functions: Vec<&str> = module.functions.iter().map(|f| f.name.as_str()).collect();
        table.row([
            if module.names.is_empty() { "-".to_owned() } else { module.names.join(", ") },
            module.id.chars().take(ID_SHOWN_CHARS).collect(),
            human_bytes(module.size),
            if module.pure { "yes" } else { "no" }.to_owned(),
            age_of(&module.created_at, now),
            functions.join(", "),
        ]);
    }
    session.output.table(&table)?;
    if page.items.is_empty() {
        session.output.message("no modules; upload one with: wask push FILE");
    }
    Ok(Exit::Ok)
}

fn show(session: &Session, module: &str) -> anyhow::Result<Exit> {
    let reply = session.client.get(&Path::of(&["modules", module]))?;
    if session.output.json {
        session.output.value(&reply.json::<Value>()?)?;
        return Ok(Exit::Ok);
    }
    let module: Module = reply.json()?;
    let name = module.name.clone().unwrap_or_default();
    session.output.line(format!("{}  {}", escape(&name), escape(&module.id)))?;
    for function in &module.functions {
        session.output.line("")?;
        session.output.line(signature(function))?;
        for line in function.doc.lines() {
            let line = format!("    {}", escape(line));
            session.output.line(session.output.paint_stdout(&line, Color::Dim))?;
        }
    }
    Ok(Exit::Ok)
}

/// A function as people write it: `add(x: integer, y: integer) -> integer`.
fn signature(function: &ModuleFunction) -> String {
    let params: Vec<String> = function
        .params
        .iter()
        .map(|param| format!("{}: {}", escape(&param.name), type_of(&param.schema)))
        .collect();
    let result = function.result.get("schema").map_or("any".to_owned(), type_of);
    format!("{}({}) -> {result}", escape(&function.name), params.join(", "))
}

/// A JSON Schema in a word or two; `any` where it says nothing simple.
fn type_of(schema: &Value) -> String {
    let word = |name: &str| schema.get(name).and_then(Value::as_str);
    if let Some(title) = word("title").or_else(|| word("contentMediaType")) {
        return escape(title);
    }
    match schema.get("type") {
        Some(Value::String(kind)) if kind == "array" => {
            format!("[{}]", schema.get("items").map_or("any".to_owned(), type_of))
        }
        Some(Value::String(kind)) => escape(kind),
        Some(Value::Array(kinds)) => {
            let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
            escape(&kinds.join("|"))
        }
        _ => "any".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a function is shown with its types in words.
    #[test]
    fn signatures() {
        let function: ModuleFunction = serde_json::from_str(
            r#"{"name":"sum","params":[
                {"name":"xs","schema":{"type":"array","items":{"type":"integer"}}},
                {"name":"by","schema":{"type":["string","null"]}}],
                "result":{"schema":{"type":"integer"}}}"#,
        )
        .unwrap();
        assert_eq!(signature(&function), "sum(xs: [integer], by: string|null) -> integer");
    }
}
