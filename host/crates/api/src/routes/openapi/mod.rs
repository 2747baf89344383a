//! `/openapi.json`: the whole API for programs, put together from one table of operations, the
//! shapes that responses are made of, and the list of problem codes.

mod actors;
mod history;
mod requests;
mod sync;
mod table;

use std::sync::LazyLock;

use axum::{
    Router,
    body::Bytes,
    http::header,
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema, openapi::schema::Schema};

use self::table::{Content, OPERATIONS, Operation, PARAMETERS};
use crate::{
    codes::{self, Code},
    draw, dto,
    problem::ProblemBody,
    routes::{control, health, results, tasks},
    state::ApiState,
};

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/openapi.json", get(document))
}

async fn document() -> Response {
    static DOCUMENT: LazyLock<Bytes> =
        LazyLock::new(|| serde_json::to_vec(&build()).unwrap_or_default().into());
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.clone()).into_response()
}

fn build() -> Value {
    let mut paths = Map::new();
    for operation in all_operations() {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(operation.method.to_owned(), describe(operation));
        }
    }
    let parameters: Map<String, Value> = PARAMETERS
        .iter()
        .map(|p| {
            let schema = json!({"type": p.kind});
            let parameter = json!({"name": p.name, "in": p.place, "required": p.place == "path",
                                   "description": p.doc, "schema": schema});
            (p.id.to_owned(), parameter)
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Wask",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Runs graphs of small sandboxed tasks. Structured bodies are JSON or \
                            CBOR; errors are application/problem+json (RFC 9457).",
            "license": {"name": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "parameters": parameters,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    })
}

fn all_operations() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().chain(sync::OPERATIONS).chain(actors::OPERATIONS).chain(history::OPERATIONS)
}

fn describe(operation: &Operation) -> Value {
    let id = format!("{} {}", operation.method, operation.path);
    let id: String = id.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let parameters = operation.parameters.iter();
    let parameters: Vec<Value> =
        parameters.map(|id| json!({"$ref": format!("#/components/parameters/{id}")})).collect();
    let mut described = json!({
        "operationId": id.trim_matches('_'),
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses(operation),
    });
    if let (Some(body), Some(described)) = (&operation.body, described.as_object_mut()) {
        let required = !matches!(body, Content::Optional(_));
        described.insert(
            "requestBody".to_owned(),
            json!({"required": required, "content": content(body)}),
        );
    }
    described
}

fn responses(operation: &Operation) -> Value {
    let mut responses = Map::new();
    for (status, doc, body) in operation.answers {
        let mut response = json!({"description": doc});
        if let (Some(body), Some(response)) = (body, response.as_object_mut()) {
            response.insert("content".to_owned(), content(body));
        }
        responses.insert(status.to_string(), response);
    }
    // What any request may be answered with.
    let general = [codes::UNAUTHORIZED, codes::WRONG_ORIGIN, codes::WRONG_HOST, codes::INTERNAL];
    let mut problems: Vec<Code> = operation.problems.iter().copied().chain(general).collect();
    problems.sort_by_key(|code| code.status);
    for same in problems.chunk_by(|one, other| one.status == other.status) {
        let Some(first) = same.first() else { continue };
        let words: Vec<String> =
            same.iter().map(|code| format!("`{}`: {}", code.name, code.title)).collect();
        let content = json!({"application/problem+json":
            {"schema": {"$ref": "#/components/schemas/Problem"}}});
        let response = json!({"description": words.join("; "), "content": content});
        responses.insert(first.status.to_string(), response);
    }
    Value::Object(responses)
}

fn content(content: &Content) -> Value {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let structured = |schema: Value| json!({"application/json": {"schema": schema}, "application/cbor": {"schema": schema}});
    match content {
        Content::Shape(name) | Content::Optional(name) => structured(reference(name)),
        Content::Page(name) => structured(json!({
            "type": "object",
            "required": ["items", "next", "total"],
            "properties": {
                "items": {"type": "array", "items": reference(name)},
                "next": {"type": ["string", "null"], "description": "The next page's `cursor`."},
                "total": {"type": "integer", "description": "How many match on all pages."},
            },
        })),
        Content::Value => json!({"application/json": {}, "application/cbor": {}, "*/*": {}}),
        Content::Type(kind) => json!({*kind: {}}),
    }
}

fn schemas() -> Value {
    let mut found = Vec::new();
    add::<ProblemBody>(&mut found);
    add::<dto::ModuleDto>(&mut found);
    add::<dto::ObjectDto>(&mut found);
    add::<dto::RunDto>(&mut found);
    add::<dto::RunDetailDto>(&mut found);
    add::<dto::SubmittedDto>(&mut found);
    add::<dto::TaskDto>(&mut found);
    add::<dto::TaskDetailDto>(&mut found);
    add::<dto::ExplainDto>(&mut found);
    add::<dto::WorkerDto>(&mut found);
    add::<dto::EventDto>(&mut found);
    add::<draw::Graph>(&mut found);
    add::<tasks::LogsDto>(&mut found);
    add::<results::GatheredDto<'_>>(&mut found);
    add::<results::CompletedDto<'_>>(&mut found);
    add::<control::AddedDto>(&mut found);
    add::<control::RenewedDto>(&mut found);
    add::<control::ReleasedDto>(&mut found);
    add::<control::CancelledDto>(&mut found);
    add::<control::RetriedDto>(&mut found);
    add::<health::HealthDto>(&mut found);
    sync::add_responses(&mut found);
    actors::add_responses(&mut found);
    history::add_responses(&mut found);
    let mut schemas = requests::schemas();
    schemas.extend(sync::requests());
    schemas.extend(actors::requests());
    for (name, schema) in found {
        schemas.insert(name, serde_json::to_value(schema).unwrap_or_default());
    }
    describe_codes(&mut schemas);
    Value::Object(schemas)
}

fn add<T: ToSchema + PartialSchema>(found: &mut Vec<(String, utoipa::openapi::RefOr<Schema>)>) {
    found.push((T::name().into_owned(), T::schema()));
    T::schemas(found);
}

/// Lists all codes where problems are described.
fn describe_codes(schemas: &mut Map<String, Value>) {
    let problem: Vec<&str> = codes::ALL.iter().map(|code| code.name).collect();
    let errors: Vec<&str> = codes::ERROR_CODES.iter().map(|(name, _)| *name).collect();
    let meanings: Vec<String> =
        codes::ERROR_CODES.iter().map(|(name, meaning)| format!("`{name}`: {meaning}")).collect();
    for (name, codes, doc) in
        [("Problem", problem, String::new()), ("ProblemError", errors, meanings.join("; "))]
    {
        let code = schemas.get_mut(name).and_then(|s| s.pointer_mut("/properties/code"));
        if let Some(code) = code.and_then(Value::as_object_mut) {
            code.insert("enum".to_owned(), json!(codes));
            if !doc.is_empty() {
                code.insert("description".to_owned(), json!(doc));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = build();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100);
        for reference in found {
            let target = document.pointer(reference.trim_start_matches('#'));
            assert!(target.is_some(), "{reference}");
        }
    }

    #[test]
    fn every_path_parameter_is_described_and_every_code_is_used() {
        for operation in all_operations() {
            let named = operation.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
            for name in named {
                let is_known = |id: &&str| {
                    PARAMETERS.iter().any(|p| p.id == *id && p.name == name && p.place == "path")
                };
                assert!(operation.parameters.iter().any(is_known), "{}: {name}", operation.path);
            }
        }
        let text = build().to_string();
        for code in codes::ALL {
            let generally = [codes::NOT_FOUND, codes::METHOD_NOT_ALLOWED].contains(code);
            assert!(generally || text.contains(&format!("`{}`", code.name)), "{}", code.name);
        }
    }
}
