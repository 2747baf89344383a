//! Which values are held where: bytes in memory, files and who needs them, the index's records.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use wask_proto::{
    Encoding, INLINE_VALUE_MAX_BYTES, MemoKey, ModuleId, ObjectId, Record, StoredValue, TaskId,
    Value, ValueData,
};
use wask_store::{IndexChange, MemoName, ObjectRecord};

use super::{Server, generations::Began};
use crate::view::{CBOR, OCTETS, ObjectInfo};

/// Bytes of values above this size are counted.
const COUNTED_MIN_BYTES: usize = ValueData::SMALL_MAX_BYTES + 1;

/// Results whose ids were shown, so that they can be asked for by id.
const SHOWN_MAX: usize = 1_024;

/// The books of values.
#[derive(Default)]
pub(super) struct Holdings {
    /// Bytes of results in memory.
    pub(super) memory_bytes: u64,
    /// Bytes of results in files that nobody outside asked for.
    pub(super) spilled_bytes: u64,
    /// Objects that clients uploaded.
    pub(super) uploaded: FxHashMap<ObjectId, Uploaded>,
    /// Files whose end waits, while the journal is read back.
    doomed: Option<FxHashMap<ObjectId, HeldFile>>,
    /// Results in files.
    files: FxHashMap<ObjectId, HeldFile>,
    shown: FxHashMap<ObjectId, (Value, Arc<str>)>,
}

/// A file with a result that tasks hold.
#[derive(Default)]
struct HeldFile {
    holders: u32,
    size: u64,
    media_type: Arc<str>,
    /// Its size, while no holder's result has to last.
    spilled_bytes: u64,
}

/// An object that a client uploaded.
#[derive(Clone)]
pub(super) struct Uploaded {
    pub(super) size: u64,
    pub(super) media_type: Arc<str>,
    /// Its bytes, if there are few.
    pub(super) inline: Option<Arc<[u8]>>,
}

impl Holdings {
    /// Objects in files, uploaded ones among them: how many, and their bytes.
    pub(super) fn files_held(&self) -> (u64, u64) {
        let results = self.files.values().map(|file| file.size);
        let uploads = self.uploaded.values().map(|object| object.size);
        let count = self.files.len() as u64 + self.uploaded.len() as u64;
        (count, results.chain(uploads).sum())
    }
}

impl Server {
    /// A task holds its result.
    pub(super) fn hold(&mut self, task: TaskId, value: &Value) {
        let ValueData::Stored(at) = &value.data else {
            self.holdings.memory_bytes += counted(&value.data);
            return;
        };
        let (lasts, media_type) = (self.is_wanted(task), self.media_type(task));
        let file = self.holdings.files.entry(at.id).or_default();
        let before = std::mem::take(&mut file.spilled_bytes);
        if !lasts && (file.holders == 0 || before > 0) {
            file.spilled_bytes = at.size;
        }
        file.holders += 1;
        (file.size, file.media_type) = (at.size, media_type);
        self.holdings.spilled_bytes += file.spilled_bytes;
        self.holdings.spilled_bytes -= before;
    }

    /// An actor holds this value, if it is in a file: its state, or an argument of a call.
    pub(super) fn hold_for_actor(&mut self, value: &Value) {
        let ValueData::Stored(at) = &value.data else { return };
        if !self.holdings.files.contains_key(&at.id) {
            let known = self.object_info(&at.id).map(|info| info.media_type);
            let media_type = known.unwrap_or_else(|| match value.encoding {
                Encoding::Cbor => CBOR.into(),
                Encoding::Raw => OCTETS.into(),
            });
            let file = HeldFile { size: at.size, media_type, ..HeldFile::default() };
            self.holdings.files.insert(at.id, file);
        }
        if let Some(file) = self.holdings.files.get_mut(&at.id) {
            file.holders += 1;
            self.holdings.spilled_bytes -= std::mem::take(&mut file.spilled_bytes);
        }
    }

    /// These results are held by one task less each. Files that nobody needs go.
    pub(super) fn hold_back(&mut self, values: &[Value]) {
        for value in values {
            let ValueData::Stored(at) = &value.data else {
                let bytes = counted(&value.data);
                self.leftovers.note_bytes(bytes, self.now);
                self.holdings.memory_bytes = self.holdings.memory_bytes.saturating_sub(bytes);
                continue;
            };
            let Some(held) = self.holdings.files.get_mut(&at.id) else { continue };
            held.holders -= 1;
            if held.holders > 0 {
                continue;
            }
            self.holdings.spilled_bytes -= held.spilled_bytes;
            if let Some(file) = self.holdings.files.remove(&at.id) {
                self.let_file_go(at.id, file);
            }
        }
    }

    /// No task holds this file any more. What queues, variables or topics name stays, as if it
    /// had been uploaded.
    fn let_file_go(&mut self, id: ObjectId, file: HeldFile) {
        if let Some(doomed) = &mut self.holdings.doomed {
            doomed.insert(id, file);
            return;
        }
        let HeldFile { size, media_type, .. } = file;
        if !self.holdings.uploaded.contains_key(&id) && self.sync.user_of_object(&id).is_some() {
            let known = Uploaded { size, media_type: Arc::clone(&media_type), inline: None };
            self.holdings.uploaded.insert(id, known);
            self.record(&Record::ObjectAdded { id, size, media_type, inline: None }, None);
        }
        self.delete_unless_needed(&id);
    }

    /// Deletes a file, unless it is a module, an upload or a result, or is about to become one.
    pub(super) fn delete_unless_needed(&mut self, id: &ObjectId) {
        let is_module = self.modules.get(&ModuleId(id.0)).is_some();
        if self.holdings.uploaded.contains_key(id) || self.holdings.is_held(id) {
            return;
        }
        self.indexer.push(IndexChange::DeleteObject(*id), self.now);
        if is_module {
            return;
        }
        if let Err(error) = self.pins.delete(&*self.objects, id) {
            tracing::warn!(%error, %id, "a file was not deleted");
        }
    }

    /// While the journal is read back files wait with their end: a later record may need them.
    pub(super) fn begin_recovery(&mut self) {
        self.holdings.doomed = Some(FxHashMap::default());
    }

    /// Now everything is known: files that nobody needed any more go.
    pub(super) fn end_recovery(&mut self) {
        for (id, file) in self.holdings.doomed.take().into_iter().flatten() {
            self.let_file_go(id, file);
        }
    }

    /// Whether a result would take more memory than results may.
    pub(super) fn memory_is_full_for(&self, value: &Value) -> bool {
        let after = self.holdings.memory_bytes + value.size();
        after > self.config.values_memory_max_bytes
    }

    /// A result, as the journal keeps it.
    pub(super) fn stored_value(&self, value: &Value) -> StoredValue {
        match (&value.data, value.bytes()) {
            (ValueData::Stored(at), _) => StoredValue::Object(value.encoding, at.id, at.size),
            (_, Some(bytes)) if bytes.len() <= INLINE_VALUE_MAX_BYTES => {
                StoredValue::Inline(value.encoding, bytes.to_vec())
            }
            _ => StoredValue::Transient(value.encoding, value.size()),
        }
    }

    /// Puts a result's record and its memo entry into the index.
    pub(super) fn index_result(&mut self, task: TaskId, value: &Value, memo: Option<MemoKey>) {
        if is_transient(value) {
            return;
        }
        // Small results get their record when somebody is shown their id, which is rare.
        if value.bytes().is_none() && self.is_wanted(task) {
            self.index_object(value, self.media_type(task));
        }
        // What was answered without work is no result of that call.
        if let Some(key) = memo.filter(|_| !self.config.zero_work) {
            let name = MemoName::from(&key);
            self.compare_with_memo(&name, value);
            self.remember(name, value);
        }
    }

    fn index_object(&mut self, value: &Value, media_type: Arc<str>) {
        let inline = value.bytes().map(<[u8]>::to_vec);
        let record = ObjectRecord { media_type, size: value.size(), inline };
        self.indexer.push(IndexChange::PutObject(value.object_id(), record), self.now);
    }

    fn compare_with_memo(&mut self, name: &MemoName, value: &Value) {
        if let Some(before) = self.memo.get(name)
            && before.object_id() != value.object_id()
        {
            self.memo.nondeterminism += 1;
            tracing::warn!("a pure call gave other bytes than before");
        }
    }

    /// Puts a memo entry into memory and the index. It names its object and does not hold it: the
    /// file goes with the last task that needs it, and the entry when it is found to be void.
    pub(super) fn remember(&mut self, name: MemoName, value: &Value) {
        let began = self.memo.insert(name, value.clone());
        if self.config.ephemeral {
            return;
        }
        if began == Began::Generation {
            self.indexer.push(IndexChange::BeginMemoGeneration, self.now);
        }
        let stored = self.stored_value(value);
        self.indexer.push(IndexChange::PutMemo(name, stored), self.now);
    }

    /// Takes a memo entry out whose object is gone.
    pub(super) fn forget_call(&mut self, name: &MemoName) {
        self.memo.forget(name);
        self.indexer.push(IndexChange::DeleteMemo(*name), self.now);
    }

    /// Whether somebody outside the run may ask for a task's result.
    pub(super) fn is_wanted(&self, task: TaskId) -> bool {
        let node = self.model.runs.get(&task.run).and_then(|run| run.node_of(task.index));
        node.is_some_and(|node| node.spec().output || node.spec().call.options.keep)
    }

    /// The media type of a task's result.
    pub(super) fn media_type(&self, task: TaskId) -> Arc<str> {
        let node = self.model.runs.get(&task.run).and_then(|run| run.node_of(task.index));
        let result = node.and_then(|node| {
            let module = self.modules.get(&node.spec().call.module)?;
            module.function(&node.spec().call.function).map(|function| function.result.clone())
        });
        match result {
            Some(result) if result.raw => result.media_type.as_deref().unwrap_or(OCTETS).into(),
            _ => CBOR.into(),
        }
    }

    /// What is known of an object.
    pub(crate) fn object_info(&self, id: &ObjectId) -> Option<ObjectInfo> {
        self.object_value(id).map(|(info, _)| info)
    }

    /// An object, and where its bytes are.
    pub(crate) fn object_value(&self, id: &ObjectId) -> Option<(ObjectInfo, Value)> {
        let (media_type, size, inline) = match self.holdings.uploaded.get(id) {
            Some(known) => (known.media_type.clone(), known.size, known.inline.clone()),
            None => match self.index_record(id) {
                Some(record) => (record.media_type, record.size, record.inline.map(Into::into)),
                None => match self.holdings.files.get(id) {
                    Some(file) => (Arc::clone(&file.media_type), file.size, None),
                    None => {
                        let (value, media_type) = self.holdings.shown.get(id)?;
                        let (id, size) = (*id, value.size());
                        let info = ObjectInfo { id, size, media_type: Arc::clone(media_type) };
                        return Some((info, value.clone()));
                    }
                },
            },
        };
        let info = ObjectInfo { id: *id, size, media_type };
        let value = match inline {
            Some(bytes) => Value::from_bytes(info.encoding(), &bytes),
            None => Value::stored(info.encoding(), *id, size),
        };
        Some((info, value))
    }

    fn index_record(&self, id: &ObjectId) -> Option<ObjectRecord> {
        let known = !self.indexer.has_deleted(id);
        known.then(|| self.index.object(id).ok().flatten()).flatten()
    }

    /// Remembers a result whose id is about to be shown. Of a durable one the index keeps it.
    pub(super) fn note_shown(&mut self, task: TaskId, id: ObjectId, value: Value) {
        let media_type = self.media_type(task);
        if value.bytes().is_some_and(|bytes| bytes.len() <= INLINE_VALUE_MAX_BYTES)
            && !self.holdings.shown.contains_key(&id)
            && self.is_wanted(task)
        {
            self.index_object(&value, Arc::clone(&media_type));
        }
        if self.holdings.shown.len() >= SHOWN_MAX {
            self.holdings.shown.clear();
        }
        self.holdings.shown.insert(id, (value, media_type));
    }
}

impl Holdings {
    /// Whether a task holds this file.
    pub(super) fn is_held(&self, id: &ObjectId) -> bool {
        self.files.contains_key(id)
    }
}

/// Whether only memory holds a value that is too large for a record.
fn is_transient(value: &Value) -> bool {
    value.bytes().is_some_and(|bytes| bytes.len() > INLINE_VALUE_MAX_BYTES)
}

fn counted(data: &ValueData) -> u64 {
    match data {
        ValueData::Shared(bytes) if bytes.len() >= COUNTED_MIN_BYTES => bytes.len() as u64,
        ValueData::Bulk(bytes) => bytes.len() as u64,
        _ => 0,
    }
}
