//! The world `wask:task/task` in wasmtime's terms: what a guest exports and what the host gives
//! it. One function here for each function of `sdk/wit/task.wit`.

use std::sync::{Arc, atomic::Ordering};

use wasmtime::{
    Engine, StoreContextMut,
    component::{
        Component, ComponentExportIndex, ComponentType, InstancePre, Lift, Linker, WasmStr,
        types::ComponentItem,
    },
};

use crate::{asks, call::CallState, children, lifted::Lifted, process};

/// The instance that a guest exports.
pub(crate) const GUEST_INTERFACE: &str = "wask:task/guest@0.1.0";
/// The instance that a guest may import.
pub(crate) const HOST_INTERFACE: &str = "wask:task/host@0.1.0";
/// Its functions.
pub(crate) const HOST_FUNCTIONS: [&str; 9] =
    ["ask", "attempt", "cancelled", "hand-over", "log", "progress", "results", "submit", "task"];
/// Those of them that cannot make two calls differ. The scheduler sees to it that what a task hands
/// out is as pure as the task.
pub(crate) const PURE_FUNCTIONS: [&str; 5] = ["hand-over", "log", "progress", "results", "submit"];
/// Those of them that may wait for something, and need a fiber for that.
const WAITING_FUNCTIONS: [&str; 2] = ["ask", "results"];

/// `guest.failure`.
#[derive(ComponentType, Lift, Debug)]
#[component(variant)]
pub(crate) enum GuestFailure {
    /// The function returned an error.
    #[component(name = "app")]
    App(AppError),
    /// The arguments do not decode.
    #[component(name = "invalid")]
    Invalid(String),
}

/// `guest.app-error`.
#[derive(ComponentType, Lift, Debug)]
#[component(record)]
pub(crate) struct AppError {
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
}

/// `guest.function`.
#[derive(ComponentType, Lift, Debug)]
#[component(record)]
pub(crate) struct GuestFunction {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) parameters: Vec<GuestParameter>,
    pub(crate) returns: GuestReturned,
    pub(crate) retries: Option<u32>,
    #[component(name = "timeout-ms")]
    pub(crate) timeout_ms: Option<u64>,
    #[component(name = "memory-bytes")]
    pub(crate) memory_bytes: Option<u64>,
}

/// `guest.parameter`.
#[derive(ComponentType, Lift, Debug)]
#[component(record)]
pub(crate) struct GuestParameter {
    pub(crate) name: String,
    pub(crate) schema: String,
    pub(crate) raw: bool,
}

/// `guest.returned`.
#[derive(ComponentType, Lift, Debug)]
#[component(record)]
pub(crate) struct GuestReturned {
    pub(crate) schema: String,
    pub(crate) raw: bool,
    #[component(name = "media-type")]
    pub(crate) media_type: Option<String>,
}

/// Parameters of `guest.run`.
pub(crate) type RunParams<'a> = (&'a str, &'a [&'a [u8]]);
/// Result of `guest.run`.
pub(crate) type RunResult = (Result<Lifted, GuestFailure>,);
/// Result of `guest.describe`.
pub(crate) type DescribeResult = (Vec<GuestFunction>,);

/// A component that is ready to be instantiated.
pub(crate) struct Guest {
    pub(crate) pre: InstancePre<CallState>,
    pub(crate) run: ComponentExportIndex,
    pub(crate) describe: ComponentExportIndex,
    /// Whether it runs on a fiber: it imports a function that may wait, or would not fit elsewhere.
    pub(crate) on_fiber: bool,
}

/// A component that is no guest of ours.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoGuest {
    /// A function of the world is not exported.
    #[error(
        "it does not export `{GUEST_INTERFACE}` with `{0}`: build it with `wask build`, or \
         implement that interface of the world `wask:task/task`"
    )]
    Export(&'static str),
    /// Its imports cannot be satisfied.
    #[error("its imports do not fit: {0:#}")]
    Import(wasmtime::Error),
}

impl Guest {
    /// Finds the guest's functions and resolves its imports.
    pub(crate) fn new(linker: &Linker<CallState>, component: &Component) -> Result<Self, NoGuest> {
        let find = |name| {
            let interface = component.get_export_index(None, GUEST_INTERFACE)?;
            component.get_export_index(Some(&interface), name)
        };
        Ok(Self {
            run: find("run").ok_or(NoGuest::Export("run"))?,
            describe: find("describe").ok_or(NoGuest::Export("describe"))?,
            on_fiber: imports_any(component, &WAITING_FUNCTIONS) || !process::stack_has_room(),
            pre: linker.instantiate_pre(component).map_err(NoGuest::Import)?,
        })
    }
}

/// Whether the component imports one of these host functions.
fn imports_any(component: &Component, names: &[&str]) -> bool {
    let engine = component.engine();
    let ty = component.component_type();
    let host = ty.imports(engine).find(|(name, _)| *name == HOST_INTERFACE);
    match host.map(|(_, item)| item.ty) {
        Some(ComponentItem::ComponentInstance(host)) => {
            host.exports(engine).any(|(name, _)| names.contains(&name))
        }
        _ => false,
    }
}

/// A linker with all that the host gives.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    let mut host = linker.instance(HOST_INTERFACE)?;
    host.func_wrap("log", log)?;
    host.func_wrap("progress", progress)?;
    host.func_wrap("cancelled", |store, (): ()| Ok((CallState::cancelled(data(&store)),)))?;
    host.func_wrap("attempt", |store, (): ()| Ok((data(&store).attempt,)))?;
    host.func_wrap("task", |store, (): ()| Ok((Arc::clone(&data(&store).task),)))?;
    children::add_to(&mut host)?;
    asks::add_to(&mut host)?;
    Ok(linker)
}

fn data<'a>(store: &'a StoreContextMut<'_, CallState>) -> &'a CallState {
    store.data()
}

fn log(
    mut store: StoreContextMut<'_, CallState>,
    (level, message): (u8, WasmStr),
) -> wasmtime::Result<()> {
    // The text is borrowed from the guest's memory, and the budget lives beside it in the store:
    // the logs step out of the store for the moment.
    let mut logs = store.data_mut().take_logs();
    let at = store.data_mut().clock.wall(std::time::Instant::now());
    let kept = message.to_str(&store).map(|text| logs.push(at, level, &text));
    store.data_mut().put_logs(logs);
    kept??;
    Ok(())
}

fn progress(
    store: StoreContextMut<'_, CallState>,
    (done, total): (u64, u64),
) -> wasmtime::Result<()> {
    let page = store.data().page;
    page.progress_done.store(done, Ordering::Relaxed);
    page.progress_total.store(total, Ordering::Relaxed);
    Ok(())
}
