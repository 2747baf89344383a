//! Uploading a module: compile and describe it in a child process, store it, make it known.

use std::{io::Write as _, sync::Arc};

use super::{
    Command, Handle, ModuleId, ModuleInfo, ObjectId, Refusal,
    objects::{blocking, refuse_object},
};
use crate::{clock, compiler::CompileError};

/// A module that was uploaded.
#[derive(Clone, Debug)]
pub struct Uploaded {
    /// The module.
    pub info: Arc<ModuleInfo>,
    /// Names that point to it.
    pub names: Vec<Arc<str>>,
    /// Whether it is new.
    pub created: bool,
}

impl Handle {
    /// Takes a module up: checks, compiles, describes and stores it. A known one is not compiled
    /// again.
    pub async fn upload_module(
        &self,
        wasm: Vec<u8>,
        name: Option<String>,
    ) -> Result<Uploaded, Refusal> {
        let id = ModuleId::of(&wasm);
        let name: Option<Arc<str>> = name.map(Into::into);
        let known = self.shared.modules.get(&id);
        let created = known.is_none();
        let _pin = self.shared.pins.pin(ObjectId(id.0));
        let info = match known {
            Some(info) => info,
            None => self.compile(id, wasm).await?,
        };
        let told = Arc::clone(&info);
        self.ask(|reply| Command::AddModule { info: told, name, reply }).await?;
        Ok(Uploaded { info, names: self.shared.modules.names_of(&id), created })
    }

    async fn compile(&self, id: ModuleId, wasm: Vec<u8>) -> Result<Arc<ModuleInfo>, Refusal> {
        let _permit = self.shared.compiles.acquire().await.map_err(|_| Refusal::ShuttingDown)?;
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let mut file = tempfile::NamedTempFile::new().map_err(|e| Refusal::host(&e))?;
            file.write_all(&wasm).map_err(|e| Refusal::host(&e))?;
            let compiled = shared.compiler.compile(file.path(), id).map_err(refuse_compile)?;
            shared.objects.put(&wasm).map_err(refuse_object)?;
            Ok(Arc::new(ModuleInfo {
                id,
                size: wasm.len() as u64,
                created_at: clock::now(),
                pure: compiled.pure,
                imports: compiled.imports,
                functions: compiled.functions,
            }))
        })
        .await
    }
}

fn refuse_compile(error: CompileError) -> Refusal {
    match error {
        CompileError::Invalid { reason } => Refusal::InvalidModule(reason),
        host => Refusal::host(&host),
    }
}
