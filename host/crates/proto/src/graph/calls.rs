//! Equal calls share one specification, however many keys have them.

use std::{collections::HashSet, sync::Arc};

use super::{CallSpec, NodeSpec};

/// Specifications that keys share. Forgets them when there are too many: what is in use stays
/// with those that use it.
#[derive(Debug, Default)]
pub struct CallSpecs(HashSet<Arc<CallSpec>>);

impl CallSpecs {
    const MAX: usize = 1_000;

    /// The one that is equal to this, for all.
    pub fn share(&mut self, call: CallSpec) -> Arc<CallSpec> {
        if let Some(known) = self.0.get(&call) {
            return Arc::clone(known);
        }
        self.add(Arc::new(call))
    }

    /// Lets these keys have the ones that others have.
    pub fn share_all(&mut self, nodes: &mut [NodeSpec]) {
        // Neighbours mostly share one already, which spares a look-up.
        let mut last: Option<(Arc<CallSpec>, Arc<CallSpec>)> = None;
        for node in nodes {
            let shared = match &last {
                Some((own, shared)) if Arc::ptr_eq(own, &node.call) => Arc::clone(shared),
                _ => match self.0.get(&node.call) {
                    Some(known) => Arc::clone(known),
                    None => self.add(Arc::clone(&node.call)),
                },
            };
            let own = std::mem::replace(&mut node.call, Arc::clone(&shared));
            last = Some((own, shared));
        }
    }

    fn add(&mut self, call: Arc<CallSpec>) -> Arc<CallSpec> {
        if self.0.len() >= Self::MAX {
            self.0.clear();
        }
        self.0.insert(Arc::clone(&call));
        call
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ModuleId, TaskOptions};

    fn call(function: &str) -> CallSpec {
        let options = TaskOptions::default();
        let module = ModuleId([0; 32]);
        CallSpec { module, module_name: "m".into(), function: function.into(), options }
    }

    /// Goal: equal calls share one specification, others do not, and what is kept is bounded.
    #[test]
    fn equal_calls_share_one() {
        let mut calls = CallSpecs::default();
        let node = |key: &str, function| NodeSpec {
            key: key.into(),
            call: Arc::new(call(function)),
            tasks: 0..1,
            map: None,
            args: crate::Few::default(),
            after: crate::Few::default(),
            output: false,
            import: None,
        };
        let mut nodes = [node("a", "f"), node("b", "g"), node("c", "f")];
        calls.share_all(&mut nodes);
        assert!(Arc::ptr_eq(&nodes[0].call, &nodes[2].call));
        assert!(Arc::ptr_eq(&nodes[1].call, &calls.share(call("g"))));
        assert_eq!(*nodes[1].call, call("g"));
        for number in 0..3 * CallSpecs::MAX {
            calls.share(call(&format!("f{number}")));
        }
        assert!(calls.0.len() <= CallSpecs::MAX);
    }
}
