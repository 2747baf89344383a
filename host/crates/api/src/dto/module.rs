//! Modules and objects as the client sees them.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use wask_node::view::ObjectInfo;
use wask_proto::{FunctionInfo, ModuleInfo};

use crate::units::Time;

/// An uploaded module.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Module)]
pub(crate) struct ModuleDto {
    /// The BLAKE3 hash of the uploaded bytes.
    id: String,
    /// A name that points to it.
    #[schema(value_type = Option<String>)]
    name: Option<Arc<str>>,
    /// All names that point to it.
    #[schema(value_type = Vec<String>)]
    names: Vec<Arc<str>>,
    /// Number of bytes.
    size: u64,
    /// When it was uploaded first.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// Whether it imports nothing that could make two calls differ.
    pure: bool,
    /// The host functions that it imports.
    imports: Vec<String>,
    /// Its task functions.
    functions: Vec<FunctionDto>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Function)]
struct FunctionDto {
    /// Its name.
    #[schema(value_type = String)]
    name: Arc<str>,
    /// Its doc comment.
    doc: String,
    /// Its parameters, in order.
    params: Vec<ParamDto>,
    /// Its result.
    result: ResultSchemaDto,
    /// Its default options.
    defaults: DefaultsDto,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Parameter)]
struct ParamDto {
    /// Its name.
    name: String,
    /// JSON Schema of its values.
    #[schema(value_type = Object)]
    schema: serde_json::Value,
    /// Whether it takes raw bytes.
    raw: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ResultSchema)]
struct ResultSchemaDto {
    /// JSON Schema of the result.
    #[schema(value_type = Object)]
    schema: serde_json::Value,
    /// Whether it is raw bytes.
    raw: bool,
    /// Media type of a raw result.
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = FunctionDefaults)]
struct DefaultsDto {
    #[serde(skip_serializing_if = "Option::is_none")]
    retries: Option<u32>,
    /// Wall time of one attempt, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u64>,
    /// Linear memory of one attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_max_bytes: Option<u64>,
}

impl ModuleDto {
    /// A module with its names; `named` comes first among them.
    pub(crate) fn new(info: &ModuleInfo, names: &[Arc<str>], named: Option<&str>) -> Self {
        let wanted = names.iter().find(|name| Some(&***name) == named);
        Self {
            id: info.id.to_string(),
            name: wanted.or(names.first()).cloned(),
            names: names.to_vec(),
            size: info.size,
            created_at: Time(info.created_at),
            pure: info.pure,
            imports: info.imports.clone(),
            functions: info.functions.iter().map(function).collect(),
        }
    }
}

fn function(info: &FunctionInfo) -> FunctionDto {
    let param = |param: &wask_proto::ParamInfo| ParamDto {
        name: param.name.clone(),
        schema: schema(&param.schema),
        raw: param.raw,
    };
    FunctionDto {
        name: Arc::clone(&info.name),
        doc: info.doc.clone(),
        params: info.params.iter().map(param).collect(),
        result: ResultSchemaDto {
            schema: schema(&info.result.schema),
            raw: info.result.raw,
            media_type: info.result.media_type.clone(),
        },
        defaults: DefaultsDto {
            retries: info.retries,
            timeout_ms: info.timeout_ms,
            memory_max_bytes: info.memory_max_bytes,
        },
    }
}

/// A guest's schema; the one that allows everything if it is no JSON.
fn schema(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or(serde_json::Value::Bool(true))
}

/// A stored object without its bytes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Object)]
pub(crate) struct ObjectDto {
    /// The BLAKE3 hash of its bytes.
    id: String,
    /// Number of bytes.
    size: u64,
    /// Media type.
    #[schema(value_type = String)]
    media_type: Arc<str>,
}

impl From<&ObjectInfo> for ObjectDto {
    fn from(info: &ObjectInfo) -> Self {
        Self { id: info.id.to_string(), size: info.size, media_type: Arc::clone(&info.media_type) }
    }
}
