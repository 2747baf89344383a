//! Values that are put into queues, variables and topics: references stay what they are and must
//! lead somewhere; everything else is a literal.

use std::collections::{BTreeMap, HashSet};

use wask_proto::{ObjectId, SYNC_VALUE_MAX_BYTES, SyncValue};

use crate::{
    cbor::{Item, Malformed, Members, Reader, text_of, write},
    codes,
    errors::{Errors, Path},
    fields::{read_text, twice},
    nearest::hint,
    problem::{Answer, Problem},
    scalars::{write_bytes, write_float},
    state::ApiState,
    submit::check_objects,
    task_refs::{TaskRef, find_tasks, read_task},
    units::show_size,
};

/// What may be written with a `$`, as far as it stands alone.
const DIRECTIVES: [&str; 5] = ["$task", "$run", "$object", "$bytes", "$float"];

/// A value whose references have not been followed yet.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    cbor: Vec<u8>,
    /// Objects, and where each was named first.
    objects: BTreeMap<ObjectId, String>,
    tasks: Vec<TaskRef>,
}

/// Reads a value. In case of errors the draft is of no use.
pub(crate) fn read_value(value: &[u8], path: &Path<'_>, errors: &mut Errors) -> Draft {
    let mut walk = Walk { draft: Draft::default(), errors };
    // The body was checked when it was read, so that reading cannot fail here.
    let _checked = walk.value(&mut Reader::new(value), path);
    walk.draft
}

impl Draft {
    /// The value, if it is small enough and all that it refers to is there.
    pub(crate) async fn resolve(self, state: &ApiState) -> Answer<SyncValue> {
        if self.cbor.len() > SYNC_VALUE_MAX_BYTES {
            return Err(too_large(self.cbor.len()));
        }
        let objects: Vec<_> = self.objects.into_iter().collect();
        check_objects(state, &objects, codes::INVALID_REQUEST).await?;
        let objects = objects.into_iter().map(|(id, _)| id).collect();
        let mut tasks = find_tasks(state, &self.tasks, codes::INVALID_REQUEST).await?;
        tasks.sort_unstable();
        tasks.dedup();
        Ok(SyncValue { cbor: self.cbor, objects, tasks })
    }
}

fn too_large(bytes: usize) -> Problem {
    let detail = format!(
        "a value may have {} here, this one has {bytes} bytes; upload it as an object \
         (POST /objects) and put {{\"$object\": id}}",
        show_size(SYNC_VALUE_MAX_BYTES as u64)
    );
    Problem::new(codes::VALUE_TOO_LARGE, detail)
}

struct Walk<'e> {
    draft: Draft,
    errors: &'e mut Errors,
}

impl Walk<'_> {
    fn value(&mut self, reader: &mut Reader<'_>, path: &Path<'_>) -> Result<(), Malformed> {
        let start = reader.position();
        match reader.item()? {
            Item::Map(Some(count)) => {
                let mut whole = *reader;
                whole.rewind(start);
                whole.skip(usize::MAX)?;
                let bytes = whole.since(start);
                if count <= 2 && self.directive(bytes, path) {
                    *reader = whole;
                    return Ok(());
                }
                self.map(reader, count, path)
            }
            Item::Array(Some(count)) => {
                self.draft.cbor.extend_from_slice(reader.since(start));
                (0..count).try_for_each(|index| self.value(reader, &path.index(index)))
            }
            Item::Tag(_) => {
                self.draft.cbor.extend_from_slice(reader.since(start));
                self.value(reader, path)
            }
            _ => {
                self.draft.cbor.extend_from_slice(reader.since(start));
                Ok(())
            }
        }
    }

    fn map(
        &mut self,
        reader: &mut Reader<'_>,
        count: u64,
        path: &Path<'_>,
    ) -> Result<(), Malformed> {
        write::head(&mut self.draft.cbor, write::MAP, count);
        let mut seen = HashSet::new();
        for _ in 0..count {
            let start = reader.position();
            reader.skip(usize::MAX)?;
            let key = reader.since(start);
            self.draft.cbor.extend_from_slice(key);
            // Only CBOR has keys that are no texts; they cannot be part of a pointer.
            let Some(key) = text_of(key) else {
                self.value(reader, path)?;
                continue;
            };
            let path = path.key(key);
            if !seen.insert(key) {
                self.errors.add(&path, "duplicate_key", || twice(key));
            }
            if is_directive(key) {
                self.errors.add(&path, "bad_reference", || wrong_directive(key));
            }
            self.value(reader, &path)?;
        }
        Ok(())
    }

    /// Takes a map that stands for something else; tells whether it was one.
    fn directive(&mut self, map: &[u8], path: &Path<'_>) -> bool {
        let members = Members::of_map(map).into_iter().flatten();
        let members = members.map(|(key, value)| (text_of(key).unwrap_or_default(), value));
        match members.collect::<Vec<_>>().as_slice() {
            [("$object", id)] => self.object(map, id, &path.key("$object")),
            [("$bytes", bytes)] => {
                let path = path.key("$bytes");
                let _noted = write_bytes(bytes, &mut self.draft.cbor, &path, self.errors);
            }
            [("$float", float)] => {
                let path = path.key("$float");
                let _noted = write_float(float, &mut self.draft.cbor, &path, self.errors);
            }
            [("$task", key), ("$run", run)] | [("$run", run), ("$task", key)] => {
                self.task(map, key, run, path);
            }
            _ => return false,
        }
        true
    }

    fn object(&mut self, map: &[u8], id: &[u8], path: &Path<'_>) {
        self.draft.cbor.extend_from_slice(map);
        let Some(id) = read_text(id, path, self.errors) else { return };
        match id.parse::<ObjectId>() {
            Ok(id) => drop(self.draft.objects.entry(id).or_insert_with(|| path.pointer())),
            Err(error) => {
                self.errors.add(path, "bad_reference", || format!("{error}, not `{id}`"));
            }
        }
    }

    fn task(&mut self, map: &[u8], key: &[u8], run: &[u8], path: &Path<'_>) {
        self.draft.cbor.extend_from_slice(map);
        self.draft.tasks.extend(read_task(key, run, path, self.errors));
    }
}

fn is_directive(key: &str) -> bool {
    key.strip_prefix('$').is_some_and(|rest| !rest.starts_with('$'))
}

fn wrong_directive(key: &str) -> String {
    let literal = format!("a literal key is written `${key}`");
    match key {
        "$task" | "$tasks" | "$run" => {
            format!("a task is referred to by {{\"$task\": key, \"$run\": id}}, alone; {literal}")
        }
        known if DIRECTIVES.contains(&known) => {
            format!("`{key}` must be alone in its object; {literal}")
        }
        _ => {
            let hint = hint(key, DIRECTIVES);
            let end = if hint.is_empty() { "." } else { &hint };
            format!("`{key}` is no reference{end} A literal key is written `${key}`")
        }
    }
}

#[cfg(test)]
mod tests {
    use wask_proto::RunId;

    use super::*;
    use crate::cbor::{Verbatim, json_to_cbor};

    fn read(json: &str) -> Result<Draft, Vec<String>> {
        let cbor = json_to_cbor(json.as_bytes(), 32).unwrap();
        let mut errors = Errors::default();
        let draft = read_value(&cbor, &Path::ROOT, &mut errors);
        let (items, _) = errors.into_parts();
        let lines = items.iter().map(|item| format!("{} {}", item.code, item.pointer));
        if items.is_empty() { Ok(draft) } else { Err(lines.collect()) }
    }

    /// Goal: what is put comes back as it was, references and literal dollars included.
    #[test]
    fn values_come_back_as_they_were_put() {
        let id = "ab".repeat(32);
        let texts = [
            "null",
            r#"[1,-2,3.5,{"a":[true,"x"]}]"#,
            r#"{"$$task":"a"}"#,
            r#"{"$$x":1,"y":{"$$$z":2}}"#,
            &format!(r#"[{{"$object":"{id}"}},{{"x":{{"$object":"{id}"}}}}]"#),
            r#"{"t":{"$task":"sq[3]","$run":"0123456789abcdef"}}"#,
            r#"[{"$bytes":"AQID"},{"$float":"NaN"}]"#,
        ];
        for text in texts {
            let draft = read(text).unwrap();
            assert_eq!(serde_json::to_string(&Verbatim(&draft.cbor)).unwrap(), text);
        }
    }

    /// Goal: references are found at any depth, each object once, and bytes are kept as bytes.
    #[test]
    fn references_are_found() {
        let id = "ab".repeat(32);
        let draft = read(&format!(
            r#"{{"a": [{{"$object": "{id}"}}], "b": {{"$object": "{id}"}},
                "c": {{"$run": "0123456789abcdef", "$task": "k"}}}}"#
        ));
        let draft = draft.unwrap();
        let objects = BTreeMap::from([(id.parse().unwrap(), "/a/0/$object".to_owned())]);
        assert_eq!(draft.objects, objects);
        let task = TaskRef {
            run: RunId(0x0123_4567_89ab_cdef),
            key: "k".to_owned(),
            pointer: "/c".to_owned(),
        };
        assert_eq!(draft.tasks, [task]);
        assert_eq!(read(r#"{"$bytes": "AQID"}"#).unwrap().cbor, [0x43, 1, 2, 3]);
    }

    /// Goal: what looks like a reference and is none is refused with its place.
    #[test]
    fn wrong_references_are_refused() {
        let wrong = |json: &str| read(json).unwrap_err();
        assert_eq!(wrong(r#"{"$task": "a"}"#), ["bad_reference /$task"]);
        assert_eq!(wrong(r#"[{"$tasks": "a"}]"#), ["bad_reference /0/$tasks"]);
        assert_eq!(wrong(r#"{"$task": "a", "$run": "last"}"#), ["bad_reference /$run"]);
        assert_eq!(wrong(r#"{"$task": 1, "$run": 2}"#).len(), 2);
        assert_eq!(wrong(r#"{"$object": "x"}"#), ["bad_reference /$object"]);
        assert_eq!(wrong(r#"{"$object": "x", "y": 1}"#), ["bad_reference /$object"]);
        assert_eq!(wrong(r#"{"a": 1, "a": 2}"#), ["duplicate_key /a"]);
        assert_eq!(wrong(r#"{"$bytes": "?"}"#), ["wrong_value /$bytes"]);
        assert!(wrong_directive("$objcet").contains("did you mean `$object`?"));
    }
}
