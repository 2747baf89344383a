//! Arguments meet parameters: how many, which, and whether what is written out fits.

use std::cmp::Ordering;

use wask_proto::{ArgTemplate, FunctionInfo, MapSource, ParamInfo, Part, ZipSource};

use super::{fit::check_fit, refs::Refs, resolve::Callee, schema::Schema};
use crate::{
    cbor::{Item, Members, Reader, text_of, write},
    errors::{Errors, Path},
    fields::{expected, twice},
    nearest::hint,
};

/// Elements of an array whose parts are checked; of the others the guest is the judge.
const ELEMENTS_CHECKED_MAX: usize = 10_000;
/// Arguments larger than this are not checked against their schema.
const CHECKED_MAX_BYTES: usize = 8 << 20;

/// Reads `args`: a list, or an object by parameter name. `None` for a parameter that got nothing.
pub(super) fn read_args(
    value: &[u8],
    function: Option<&FunctionInfo>,
    path: &Path<'_>,
    refs: &mut Refs<'_, '_>,
) -> Vec<Option<ArgTemplate>> {
    if let Some(list) = Members::of_list(value) {
        // As many as there are to be: what is kept of a million tasks has no room to spare.
        let mut args = Vec::with_capacity(function.map_or(0, |function| function.params.len()));
        args.extend(list.zip(0..).map(|((_, arg), n)| Some(refs.template(arg, &path.index(n)))));
        if let Some(function) = function {
            check_count(args.len() as u64, function, path, &mut refs.errors);
        }
        return args;
    }
    let Some(members) = Members::of_map(value) else {
        expected("a list, or an object by parameter name", value, path, &mut refs.errors);
        return Vec::new();
    };
    let params = function.map_or(&[][..], |function| &function.params);
    let mut args: Vec<Option<ArgTemplate>> = vec![None; params.len()];
    for (name, value) in members {
        let name = text_of(name).unwrap_or_default();
        let path = path.key(name);
        let template = refs.template(value, &path);
        let position = params.iter().position(|param| param.name == name);
        match position.and_then(|n| args.get_mut(n)) {
            Some(slot @ None) => *slot = Some(template),
            Some(Some(_)) => refs.errors.add(&path, "duplicate_key", || twice(name)),
            None if function.is_some() => refs.errors.add(&path, "unknown_argument", || {
                let hint = hint(name, params.iter().map(|param| param.name.as_str()));
                format!("the function has no parameter `{name}`{hint}")
            }),
            None => {}
        }
    }
    for (param, arg) in params.iter().zip(&args) {
        if arg.is_none() {
            refs.errors.add(path, "missing_argument", || {
                format!("the argument `{}` is missing", param.name)
            });
        }
    }
    args
}

/// Notes an error if the function does not have so many parameters.
pub(super) fn check_count(
    count: u64,
    function: &FunctionInfo,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let wanted = function.params.len() as u64;
    let code = match count.cmp(&wanted) {
        Ordering::Equal => return,
        Ordering::Less => "missing_argument",
        Ordering::Greater => "too_many_arguments",
    };
    errors.add(path, code, || {
        let names: Vec<&str> = function.params.iter().map(|p| p.name.as_str()).collect();
        let (name, names) = (&function.name, names.join(", "));
        let takes = match wanted {
            0 => "no arguments".to_owned(),
            1 => format!("one argument, {names}"),
            _ => format!("{wanted} arguments, {names}"),
        };
        format!("`{name}` takes {takes}; {count} {} given", if count == 1 { "is" } else { "are" })
    });
}

/// What a task's arguments are checked with.
pub(super) struct Fitting<'f> {
    params: &'f [ParamInfo],
    schemas: &'f [Schema],
    places: Places<'f>,
    errors: &'f mut Errors,
}

/// Where in the body a task's arguments are written.
#[derive(Clone, Copy)]
pub(super) struct Places<'f> {
    /// The arguments.
    pub(super) args: &'f Path<'f>,
    /// Whether they are an object by parameter name.
    pub(super) by_name: bool,
    /// The source of an array's elements.
    pub(super) map: &'f Path<'f>,
}

/// Checks everything of a task that is written out against the function's parameters, and gives
/// literals for raw parameters their form. `map` comes with the number of elements.
pub(super) fn fit_arguments(
    callee: &Callee,
    args: &mut [ArgTemplate],
    map: Option<(&mut MapSource, u64)>,
    places: Places<'_>,
    errors: &mut Errors,
) {
    let Some(function) = callee.function() else { return };
    let (params, schemas) = (&function.params, &callee.schemas);
    let mut fitting = Fitting { params, schemas, places, errors };
    fitting.raw_args(args);
    fitting.constant_args(args);
    if let Some((source, length)) = map {
        fitting.raw_parts(args, source);
        fitting.elements(args, source, length);
    }
}

/// The element of an array that is being checked.
#[derive(Clone, Copy)]
enum Place {
    Range,
    Each(u64),
    Zip(u64),
}

impl<'f> Places<'f> {
    fn arg<'p>(&self, param: &'p ParamInfo, position: u64) -> Path<'p>
    where
        'f: 'p,
    {
        if self.by_name { self.args.key(&param.name) } else { self.args.index(position) }
    }
}

impl Fitting<'_> {
    fn raw_args(&mut self, args: &mut [ArgTemplate]) {
        for ((param, arg), n) in self.params.iter().zip(args).zip(0..) {
            if param.raw {
                make_raw(arg, param, &self.places.arg(param, n), self.errors);
            }
        }
    }

    /// The parts that go into raw parameters as they are.
    fn raw_parts(&mut self, args: &[ArgTemplate], source: &mut MapSource) {
        let map_path = self.places.map;
        for (param, arg) in self.params.iter().zip(args).filter(|(param, _)| param.raw) {
            let [Part::Item(n)] = *arg.0 else { continue };
            let part = n as usize;
            match source {
                MapSource::Imported => {}
                MapSource::Range { .. } => self.errors.add(map_path, "wrong_type", || {
                    format!("`{}` takes bytes, a range gives integers", param.name)
                }),
                MapSource::Each(elements) => {
                    let path = map_path.key("each");
                    for (element, i) in elements.iter_mut().zip(0..) {
                        if let Some(value) = element.get_mut(part) {
                            let path = path.index(i);
                            make_raw(value, param, &path.index(n.into()), self.errors);
                        }
                    }
                }
                MapSource::Zip(sides) => {
                    if let Some(ZipSource::Values(values)) = sides.get_mut(part) {
                        let path = map_path.key("zip");
                        let path = path.index(n.into());
                        for (value, i) in values.iter_mut().zip(0..) {
                            make_raw(value, param, &path.index(i), self.errors);
                        }
                    }
                }
            }
        }
    }

    /// Arguments that are the same for every element.
    fn constant_args(&mut self, args: &[ArgTemplate]) {
        for (((arg, param), schema), n) in args.iter().zip(self.params).zip(self.schemas).zip(0..) {
            if !param.raw && !uses_items(arg) {
                fit_one(schema, arg, &[], &self.places.arg(param, n), self.errors);
            }
        }
    }

    fn elements(&mut self, args: &[ArgTemplate], source: &MapSource, length: u64) {
        match source {
            MapSource::Imported => {}
            MapSource::Range { start, step } => self.range(args, *start, *step, length),
            MapSource::Each(elements) => {
                for (element, i) in elements.iter().take(ELEMENTS_CHECKED_MAX).zip(0..) {
                    let parts: Vec<&ArgTemplate> = element.iter().collect();
                    self.element(args, &parts, Place::Each(i));
                }
            }
            MapSource::Zip(sides) => {
                let unknown = ArgTemplate::hole(Part::Task(0));
                for i in 0..usize::try_from(length).unwrap_or(0).min(ELEMENTS_CHECKED_MAX) {
                    let part = |side: &'_ ZipSource| -> Option<ArgTemplate> {
                        match side {
                            ZipSource::Values(values) => values.get(i).cloned(),
                            ZipSource::Tasks(_) => None,
                        }
                    };
                    let parts: Vec<ArgTemplate> =
                        sides.iter().map(|s| part(s).unwrap_or_else(|| unknown.clone())).collect();
                    let parts: Vec<&ArgTemplate> = parts.iter().collect();
                    self.element(args, &parts, Place::Zip(i as u64));
                }
            }
        }
    }

    /// The integers at both ends of a range stand for all of them.
    fn range(&mut self, args: &[ArgTemplate], start: i64, step: i64, length: u64) {
        let Some(steps) = length.checked_sub(1) else { return };
        let last = i128::from(start) + i128::from(step) * i128::from(steps);
        for end in [start, i64::try_from(last).unwrap_or(i64::MAX)] {
            let mut cbor = Vec::new();
            write::integer(&mut cbor, end);
            if !self.element(args, &[&ArgTemplate::literal(cbor)], Place::Range) {
                return;
            }
        }
    }

    /// Checks the arguments of one element; tells whether they are free of errors.
    fn element(&mut self, args: &[ArgTemplate], parts: &[&ArgTemplate], place: Place) -> bool {
        let mut fits = true;
        for ((arg, param), schema) in args.iter().zip(self.params).zip(self.schemas) {
            if param.raw || self.errors.is_full() || !uses_items(arg) {
                continue;
            }
            let map = self.places.map;
            let part = match *arg.0 {
                [Part::Item(n)] => u64::from(n),
                _ => 0,
            };
            fits &= match place {
                Place::Range => fit_one(schema, arg, parts, &map.key("range"), self.errors),
                Place::Each(i) => {
                    let path = map.key("each");
                    let path = path.index(i);
                    fit_one(schema, arg, parts, &path.index(part), self.errors)
                }
                Place::Zip(i) => {
                    let path = map.key("zip");
                    let path = path.index(part);
                    fit_one(schema, arg, parts, &path.index(i), self.errors)
                }
            };
        }
        fits
    }
}

fn uses_items(arg: &ArgTemplate) -> bool {
    arg.0.iter().any(|part| matches!(part, Part::Item(_)))
}

fn fit_one(
    schema: &Schema,
    arg: &ArgTemplate,
    parts: &[&ArgTemplate],
    path: &Path<'_>,
    errors: &mut Errors,
) -> bool {
    let bytes: usize = arg.0.iter().map(literal_bytes).sum();
    bytes > CHECKED_MAX_BYTES || check_fit(schema, arg, parts, path, errors)
}

fn literal_bytes(part: &Part) -> usize {
    match part {
        Part::Literal(bytes) => bytes.len(),
        _ => 0,
    }
}

/// A raw parameter takes one byte string, or a text as its UTF-8 bytes, or one hole.
fn make_raw(arg: &mut ArgTemplate, param: &ParamInfo, path: &Path<'_>, errors: &mut Errors) {
    match &mut *arg.0 {
        [Part::Literal(cbor)] => {
            let text = match Reader::new(cbor).item() {
                Ok(Item::Bytes(_)) => return,
                Ok(Item::Text(text)) => text.to_owned(),
                _ => {
                    let what = "bytes: {\"$bytes\": \"base64\"}, a text or a reference";
                    return expected(what, cbor, path, errors);
                }
            };
            let mut bytes = Vec::new();
            write::bytes(&mut bytes, text.as_bytes());
            *cbor = bytes.into();
        }
        [Part::Task(_) | Part::Object(_) | Part::Item(_)] => {}
        _ => errors.add(path, "wrong_type", || {
            format!("`{}` takes bytes; give it one value, not a list or an object", param.name)
        }),
    }
}
