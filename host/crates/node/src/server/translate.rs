//! From the submitted graph to the engine's view of it.

use std::ops::Range;

use wask_engine::{Need, Node, NodeOptions};
use wask_proto::{ArgTemplate, MapSource, NodeSpec, Part, TaskIndex, ZipSource};

/// A node as the engine sees it: needs and options, no values.
pub(super) fn engine_node(spec: &NodeSpec, function: u32, parent: Option<TaskIndex>) -> Node {
    // The engine keeps them as they are.
    let parts = spec.args.iter().flat_map(|arg| &arg.0);
    let of_args = parts.filter(|part| matches!(part, Part::Task(_) | Part::Tasks(_))).count();
    let mut needs = Vec::with_capacity(of_args + spec.after.len());
    spec.args.iter().for_each(|arg| push_needs(arg, &mut needs));
    needs.extend(spec.after.iter().map(|tasks| need(tasks.clone(), false)));
    let (zip, element_needs) = map_needs(spec.map.as_deref());
    let options = &spec.call.options;
    Node {
        tasks: spec.tasks.clone(),
        needs,
        zip,
        element_needs,
        import: spec.import.as_deref().copied(),
        parent,
        function,
        options: NodeOptions {
            retries: options.retries,
            retry_delay_ms: options.retry_delay_ms,
            priority: options.priority,
            resources: options.resources.clone(),
            on_failed: options.on_failed,
            max_fails: options.max_fails,
            wanted: spec.output || options.keep,
            output: spec.output,
        },
    }
}

fn push_needs(template: &ArgTemplate, needs: &mut Vec<Need>) {
    for part in &template.0 {
        match part {
            Part::Task(task) => needs.push(need(*task..*task + 1, true)),
            Part::Tasks(range) => needs.push(need(range.clone(), true)),
            Part::Literal(_) | Part::Object(_) | Part::Item(_) => {}
        }
    }
}

fn need(tasks: Range<TaskIndex>, uses_results: bool) -> Need {
    Need { tasks, uses_results }
}

type MapNeeds = (Vec<Range<TaskIndex>>, Vec<(u32, TaskIndex)>);

fn map_needs(map: Option<&MapSource>) -> MapNeeds {
    let (mut zip, mut element_needs) = (Vec::new(), Vec::new());
    match map {
        Some(MapSource::Each(elements)) => {
            for (element, parts) in (0..).zip(elements) {
                parts.iter().for_each(|part| push_element(element, part, &mut element_needs));
            }
        }
        Some(MapSource::Zip(sources)) => {
            for source in sources {
                match source {
                    ZipSource::Tasks(range) => zip.push(range.clone()),
                    ZipSource::Values(values) => {
                        for (element, value) in (0..).zip(values) {
                            push_element(element, value, &mut element_needs);
                        }
                    }
                }
            }
            element_needs.sort_unstable();
        }
        Some(MapSource::Range { .. } | MapSource::Imported) | None => {}
    }
    (zip, element_needs)
}

fn push_element(element: u32, template: &ArgTemplate, to: &mut Vec<(u32, TaskIndex)>) {
    for part in &template.0 {
        match part {
            Part::Task(task) => to.push((element, *task)),
            Part::Tasks(range) => to.extend(range.clone().map(|task| (element, task))),
            Part::Literal(_) | Part::Object(_) | Part::Item(_) => {}
        }
    }
}
