//! JSON Schemas (draft 2020-12) of parameters and results, as JSON text.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

/// The schema of what a parameter of this type accepts.
pub(crate) fn of_parameter<T: JsonSchema>() -> String {
    text(settings().for_deserialize().into_generator().into_root_schema_for::<T>())
}

/// The schema of what a result of this type looks like.
pub(crate) fn of_result<T: JsonSchema>() -> String {
    text(settings().for_serialize().into_generator().into_root_schema_for::<T>())
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None)
}

fn text(mut schema: Schema) -> String {
    /// Only types with one of these have a title that says more than the type does
    /// (`Array_of_int64` does not).
    const NAMED: [&str; 4] = ["properties", "enum", "oneOf", "anyOf"];
    if !NAMED.iter().any(|keyword| schema.get(*keyword).is_some()) {
        schema.remove("title");
    }
    schema.as_value().to_string()
}
