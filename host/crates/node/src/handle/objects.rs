//! Objects through the handle: the bytes are moved here, outside the loop; the loop keeps the
//! books.

use std::ops::Range;

use super::{
    Command, Encoding, Handle, INLINE_VALUE_MAX_BYTES, ModuleId, ObjectId, ObjectInfo, Refusal,
    Value,
};

impl Handle {
    /// Stores an object; tells whether it is new. With `expect`, the hash must be that one.
    pub async fn put_object(
        &self,
        bytes: Vec<u8>,
        media_type: &str,
        expect: Option<ObjectId>,
    ) -> Result<(ObjectInfo, bool), Refusal> {
        let size = bytes.len() as u64;
        let (objects, pins) = (self.shared.objects.clone(), self.shared.pins.clone());
        let (pin, inline) = blocking(move || {
            let actual = ObjectId::of(&bytes);
            if let Some(expected) = expect.filter(|id| *id != actual) {
                return Err(Refusal::HashMismatch { expected, actual });
            }
            let pin = pins.pin(actual);
            if bytes.len() <= INLINE_VALUE_MAX_BYTES {
                return Ok((pin, Some(bytes)));
            }
            objects.put_named(&[(actual, &bytes)]).map_err(refuse_object)?;
            Ok((pin, None))
        })
        .await?;
        let info = ObjectInfo { id: pin.id(), size, media_type: media_type.into() };
        let told = info.clone();
        let created = self.ask(|reply| Command::AddObject { info: told, inline, reply }).await?;
        Ok((info, created))
    }

    /// An object without its bytes.
    pub async fn object(&self, id: ObjectId) -> Result<Option<ObjectInfo>, Refusal> {
        let found = self.read(move |server| server.object_info(&id)).await;
        found.ok_or(Refusal::ShuttingDown)
    }

    /// What is known of several objects, in order.
    pub async fn object_infos(&self, ids: Vec<ObjectId>) -> Vec<Option<ObjectInfo>> {
        let all = self.read(move |server| ids.iter().map(|id| server.object_info(id)).collect());
        all.await.unwrap_or_default()
    }

    /// An object and its bytes, checked against the hash.
    pub async fn object_bytes(
        &self,
        id: ObjectId,
    ) -> Result<Option<(ObjectInfo, Vec<u8>)>, Refusal> {
        let found = self.read(move |server| server.object_value(&id)).await;
        match found.ok_or(Refusal::ShuttingDown)? {
            Some((info, value)) => Ok(Some((info, self.value_bytes(&value).await?))),
            None => Ok(None),
        }
    }

    /// A stretch of an object's bytes; cut at its end.
    pub async fn object_range(
        &self,
        id: ObjectId,
        range: Range<u64>,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let Some((_, bytes)) = self.object_bytes(id).await? else { return Ok(None) };
        let end = usize::try_from(range.end).unwrap_or(usize::MAX).min(bytes.len());
        let start = usize::try_from(range.start).unwrap_or(usize::MAX).min(end);
        Ok(bytes.get(start..end).map(<[u8]>::to_vec))
    }

    /// Deletes an object that nothing needs.
    pub async fn delete_object(&self, id: ObjectId) -> Result<(), Refusal> {
        self.ask(|reply| Command::DeleteObject { id, reply }).await
    }

    /// The bytes of a value, read from the object store if they are there.
    pub async fn value_bytes(&self, value: &Value) -> Result<Vec<u8>, Refusal> {
        if let Some(bytes) = value.bytes() {
            return Ok(bytes.to_vec());
        }
        let (id, objects) = (value.object_id(), self.shared.objects.clone());
        let read = blocking(move || objects.get(&id).map_err(refuse_object)).await?;
        read.ok_or(Refusal::UnknownObject)
    }

    /// The bytes of a module, as uploaded.
    pub async fn module_wasm(&self, id: ModuleId) -> Result<Vec<u8>, Refusal> {
        self.value_bytes(&Value::stored(Encoding::Raw, ObjectId(id.0), 0)).await
    }
}

/// Runs what blocks where it may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Refusal::host(&error)))
}

/// What an error of the object store means to the caller.
pub(super) fn refuse_object(error: wask_store::ObjectError) -> Refusal {
    if error.heals() { Refusal::DiskFull } else { Refusal::host(&error) }
}
