//! How the journal keeps a key of a graph: everything side by side, and nothing shared.

use std::{ops::Range, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct as _};

use super::{ArgTemplate, CallSpec, MapSource, NodeSpec, TaskOptions};
use crate::{Few, ModuleId, TaskId, TaskIndex};

impl Serialize for NodeSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let call = &*self.call;
        let mut to = serializer.serialize_struct("NodeSpec", 11)?;
        to.serialize_field("key", &self.key)?;
        to.serialize_field("module", &call.module)?;
        to.serialize_field("module_name", &call.module_name)?;
        to.serialize_field("function", &call.function)?;
        to.serialize_field("tasks", &self.tasks)?;
        to.serialize_field("map", &self.map)?;
        to.serialize_field("args", &self.args)?;
        to.serialize_field("after", &self.after)?;
        to.serialize_field("options", &call.options)?;
        to.serialize_field("output", &self.output)?;
        to.serialize_field("import", &self.import)?;
        to.end()
    }
}

#[derive(Deserialize)]
#[serde(rename = "NodeSpec")]
struct Stored {
    key: Arc<str>,
    module: ModuleId,
    module_name: Arc<str>,
    function: Arc<str>,
    tasks: Range<TaskIndex>,
    map: Option<Box<MapSource>>,
    args: Few<ArgTemplate>,
    after: Few<Range<TaskIndex>>,
    options: TaskOptions,
    output: bool,
    import: Option<Box<TaskId>>,
}

impl<'de> Deserialize<'de> for NodeSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Stored::deserialize(deserializer)?;
        let call = CallSpec {
            module: read.module,
            module_name: read.module_name,
            function: read.function,
            options: read.options,
        };
        Ok(Self {
            key: read.key,
            call: Arc::new(call),
            tasks: read.tasks,
            map: read.map,
            args: read.args,
            after: read.after,
            output: read.output,
            import: read.import,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ObjectId, Part, RunId};

    /// Goal: what the journal keeps is the fields side by side, as it was when the type had them
    /// all itself, and comes back the same.
    #[test]
    fn a_key_is_stored_field_by_field() {
        let options = TaskOptions { retries: 3, keep: true, ..TaskOptions::default() };
        let call = CallSpec {
            module: ModuleId([7; 32]),
            module_name: "numbers".into(),
            function: "square".into(),
            options: options.clone(),
        };
        let arg = [Part::Literal(vec![1].into()), Part::Object(ObjectId([9; 32]).into())];
        let arg = ArgTemplate(arg.into_iter().collect());
        let map = MapSource::Range { start: 4, step: -1 };
        let import = TaskId { run: RunId(5), index: 6 };
        let node = NodeSpec {
            key: "sq".into(),
            call: Arc::new(call),
            tasks: 2..12,
            map: Some(Box::new(map.clone())),
            args: Few::one(arg.clone()),
            after: vec![0..2, 5..6].into(),
            output: true,
            import: Some(Box::new(import)),
        };
        let plain = (
            ("sq", ModuleId([7; 32]), "numbers", "square", 2_u32..12_u32),
            (Some(map), vec![arg], vec![0_u32..2_u32, 5..6]),
            (options, true, Some(import)),
        );
        let bytes = postcard::to_stdvec(&node).unwrap();
        assert_eq!(bytes, postcard::to_stdvec(&plain).unwrap());
        assert_eq!(postcard::from_bytes::<NodeSpec>(&bytes).unwrap(), node);
    }
}
