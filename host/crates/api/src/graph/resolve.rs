//! From the text of a `call` to a function of a module.

use std::{collections::HashMap, sync::Arc};

use wask_node::{Handle, ModuleLookup, view::actors::ActorClass};
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
    /// Finds a task function; the error has a code and a sentence.
    pub(crate) fn find(
        modules: &dyn Modules,
        cache: &SchemaCache,
        module_name: &str,
        function: &str,
    ) -> Result<Self, (&'static str, String)> {
        let module = find_module(modules, module_name)?;
        let position = find_function(&module, module_name, function)?;
        let class = match module.functions.get(position).is_some_and(FunctionInfo::is_actor) {
            true => Some(function),
            false => module.class_of(function),
        };
        match class {
            None => Ok(Self::at(module, module_name, position, cache)),
            Some(class) => Err(("not_a_task", belongs_to_actors(module_name, class, function))),
        }
    }

    /// Finds the constructor of a class of actors; the error has a code and a sentence.
    pub(crate) fn find_class(
        modules: &dyn Modules,
        cache: &SchemaCache,
        module_name: &str,
        class: &str,
    ) -> Result<Self, (&'static str, String)> {
        let module = find_module(modules, module_name)?;
        let position = find_function(&module, module_name, class)?;
        if module.functions.get(position).is_some_and(FunctionInfo::is_actor) {
            return Ok(Self::at(module, module_name, position, cache));
        }
        let detail = match module.class_of(class) {
            Some(of) => format!("`{class}` is a method; write `{module_name}/{of}`"),
            None => format!("`{module_name}/{class}` is a task and makes no actors; submit a run"),
        };
        Err(("not_an_actor", detail))
    }

    /// A method of an actor, named without its class.
    pub(crate) fn find_method(
        module: Arc<ModuleInfo>,
        cache: &SchemaCache,
        class: &ActorClass,
        method: &str,
    ) -> Result<Self, String> {
        let wanted = module.method(&class.class, method).map(|function| Arc::clone(&function.name));
        let position = wanted.and_then(|name| module.functions.iter().position(|f| f.name == name));
        if let Some(position) = position {
            return Ok(Self::at(module, &class.module_name, position, cache));
        }
        let known: Vec<&str> = module.methods(&class.class).collect();
        let (class, hint) = (&class.class, hint(method, known.iter().copied()));
        let end = if hint.is_empty() { ";" } else { "" };
        Err(format!("`{class}` has no method `{method}`{hint}{end} it has {}", some_of(&known)))
    }

    fn at(
        module: Arc<ModuleInfo>,
        module_name: &str,
        position: usize,
        cache: &SchemaCache,
    ) -> Self {
        let schemas = cache.get(&module, position);
        Self { module, module_name: module_name.into(), position, schemas }
    }

    /// The module, and the name by which it was found.
    pub(crate) const fn module(&self) -> (&Arc<ModuleInfo>, &Arc<str>) {
        (&self.module, &self.module_name)
    }

    /// The function.
    pub(crate) fn function(&self) -> Option<&FunctionInfo> {
        self.module.functions.get(self.position)
    }
}

fn find_module(
    modules: &dyn Modules,
    name: &str,
) -> Result<Arc<ModuleInfo>, (&'static str, String)> {
    match modules.module(name) {
        ModuleLookup::Found(module) => Ok(module),
        ModuleLookup::Unknown { near } => {
            let hint = hint(name, near.iter().map(String::as_str));
            let detail = format!("there is no module `{name}`{hint}; upload it first");
            Err(("unknown_module", detail.replace("?;", "? Or")))
        }
        ModuleLookup::Ambiguous(ids) => {
            let count = ids.len();
            let detail = format!("`{name}` is the beginning of {count} modules' ids");
            Err(("ambiguous_module", detail))
        }
    }
}

fn find_function(
    module: &ModuleInfo,
    module_name: &str,
    function: &str,
) -> Result<usize, (&'static str, String)> {
    let position = module.functions.iter().position(|f| *f.name == *function);
    position.ok_or_else(|| {
        let known: Vec<&str> = module.functions.iter().map(|f| &*f.name).collect();
        let hint = hint(function, known.iter().copied());
        let detail = format!(
            "the module `{module_name}` has no function `{function}`{hint}{} it has {}",
            if hint.is_empty() { ";" } else { "" },
            some_of(&known)
        );
        ("unknown_function", detail)
    })
}

fn some_of(names: &[&str]) -> String {
    names.get(..20).map_or(names.join(", "), |some| some.join(", ") + ", …")
}

fn belongs_to_actors(module: &str, class: &str, function: &str) -> String {
    let make = format!("POST /actors {{\"call\": \"{module}/{class}\"}}");
    match function.strip_prefix(class).and_then(|rest| rest.strip_prefix('.')) {
        Some(method) => format!(
            "`{function}` is a method of actors and no task; make one with {make}, then \
             POST /actors/ID/{method}"
        ),
        None => format!("`{function}` makes actors and is no task; use {make}"),
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
