//! From the text of a `call` to a function of a module.

use std::{collections::HashMap, sync::Arc};

use wask_node::{Handle, ModuleLookup};
use wask_proto::{FunctionInfo, ModuleInfo};

use super::schema::{FunctionSchemas, SchemaCache};
use crate::{
    errors::{Errors, Path},
    nearest::hint,
};

/// Who knows modules: the server, or a table in tests.
pub(crate) trait Modules: Send + Sync {
    /// What a reference to a module leads to.
    fn module(&self, reference: &str) -> ModuleLookup;
}

impl Modules for Handle {
    fn module(&self, reference: &str) -> ModuleLookup {
        Self::module(self, reference)
    }
}

/// A function that is to be called.
#[derive(Debug)]
pub(crate) struct Callee {
    pub(super) module: Arc<ModuleInfo>,
    pub(super) module_name: Arc<str>,
    position: usize,
    pub(super) schemas: FunctionSchemas,
}

impl Callee {
    /// Finds a function; the error has a code and a sentence.
    pub(crate) fn find(
        modules: &dyn Modules,
        cache: &SchemaCache,
        module_name: &str,
        function: &str,
    ) -> Result<Self, (&'static str, String)> {
        let module = match modules.module(module_name) {
            ModuleLookup::Found(module) => module,
            ModuleLookup::Unknown { near } => {
                let hint = hint(module_name, near.iter().map(String::as_str));
                let detail = format!("there is no module `{module_name}`{hint}; upload it first");
                return Err(("unknown_module", detail.replace("?;", "? Or")));
            }
            ModuleLookup::Ambiguous(ids) => {
                let count = ids.len();
                let detail = format!("`{module_name}` is the beginning of {count} modules' ids");
                return Err(("ambiguous_module", detail));
            }
        };
        let position = module.functions.iter().position(|f| *f.name == *function);
        let Some(position) = position else {
            let known: Vec<&str> = module.functions.iter().map(|f| &*f.name).collect();
            let hint = hint(function, known.iter().copied());
            let known = known.get(..20).map_or(known.join(", "), |some| some.join(", ") + ", …");
            let detail = format!(
                "the module `{module_name}` has no function `{function}`{hint}{} it has {known}",
                if hint.is_empty() { ";" } else { "" }
            );
            return Err(("unknown_function", detail));
        };
        let schemas = cache.get(&module, position);
        Ok(Self { module, module_name: module_name.into(), position, schemas })
    }

    /// The function.
    pub(crate) fn function(&self) -> Option<&FunctionInfo> {
        self.module.functions.get(self.position)
    }
}

/// The functions that a request calls; each text is looked up once.
pub(super) struct Callees<'c, 'a> {
    modules: &'c dyn Modules,
    cache: &'c SchemaCache,
    known: HashMap<&'a str, Result<Arc<Callee>, (&'static str, String)>>,
}

impl<'c, 'a> Callees<'c, 'a> {
    pub(super) fn new(modules: &'c dyn Modules, cache: &'c SchemaCache) -> Self {
        Self { modules, cache, known: HashMap::new() }
    }

    /// The function of a `call`, or an error at `path`.
    pub(super) fn get(
        &mut self,
        call: &'a str,
        path: &Path<'_>,
        errors: &mut Errors,
    ) -> Option<Arc<Callee>> {
        let (modules, cache) = (self.modules, self.cache);
        let found = self.known.entry(call).or_insert_with(|| match call.split_once('/') {
            Some((module, function)) => {
                Callee::find(modules, cache, module, function).map(Arc::new)
            }
            None => {
                let detail = format!("`{call}` names no function; write `module/function`");
                Err(("wrong_value", detail))
            }
        });
        match found {
            Ok(callee) => Some(Arc::clone(callee)),
            Err((code, detail)) => {
                errors.add(path, code, || detail.clone());
                None
            }
        }
    }
}
