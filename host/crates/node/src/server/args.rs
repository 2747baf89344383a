//! Putting arguments together: templates and results in, pieces of bytes out.
//!
//! Copies no large value and decodes nothing but the header of a CBOR byte string. Pure: reads
//! results through [`Inputs`], never files.

use wask_proto::{
    ArgTemplate, Encoding, MapSource, NodeSpec, ObjectId, Part, TaskIndex, Value, ZipSource,
    worker::Gap,
};

/// Where results and objects come from.
pub(crate) trait Inputs {
    /// The result of a task; `None` when it did not succeed.
    fn result(&self, task: TaskIndex) -> Option<Value>;
    /// An object's value.
    fn object(&self, id: &ObjectId) -> Option<Value>;
    /// The bytes of a stored value, for the rare case that its header must be seen.
    fn load(&self, value: &Value) -> Option<Vec<u8>>;
    /// How the result of a task will be encoded that the worker puts in by itself.
    fn to_come(&self, _task: TaskIndex) -> Option<Encoding> {
        None
    }
}

/// Why arguments cannot be put together.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum ArgError {
    /// An object is gone.
    #[error("the object {0} does not exist any more")]
    ObjectGone(ObjectId),
    /// A parameter takes bytes, and the value is something else.
    #[error("parameter `{0}` takes bytes, but its argument is structured data")]
    NotBytes(String),
    /// The array has no such element or part.
    #[error("the element has no part {0}")]
    NoItem(u32),
    /// A result that is to come has to be changed before it can be put in.
    #[error("a result that is not there yet is needed in another form")]
    ToCome,
    /// More than a call can take.
    #[error("the arguments have {size} bytes together, more than the limit of {limit}")]
    TooLarge {
        /// Their size.
        size: u64,
        /// The limit.
        limit: u64,
    },
}

/// The largest arguments of one call.
pub(crate) const ARGS_MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// The pieces of one argument, to be put side by side.
pub(crate) type Pieces = Vec<Value>;

/// The arguments of a task. `params` tells each parameter's name and whether it takes raw bytes. Where
/// a result is to come, a gap is added to `gaps`.
pub(crate) fn assemble<'a>(
    spec: &NodeSpec,
    task: TaskIndex,
    params: impl Iterator<Item = (&'a str, bool)>,
    inputs: &dyn Inputs,
    gaps: &mut Vec<Gap>,
) -> Result<Vec<Pieces>, ArgError> {
    let element = task.saturating_sub(spec.tasks.start);
    Context { map: spec.map.as_deref(), element, inputs }.arguments(&spec.args, params, gaps)
}

/// The arguments of a call that belongs to no graph. Its tasks are what `inputs` takes them for.
pub(crate) fn assemble_call<'a>(
    args: &[ArgTemplate],
    params: impl Iterator<Item = (&'a str, bool)>,
    inputs: &dyn Inputs,
) -> Result<Vec<Pieces>, ArgError> {
    Context { map: None, element: 0, inputs }.arguments(args, params, &mut Vec::new())
}

struct Context<'a> {
    map: Option<&'a MapSource>,
    element: u32,
    inputs: &'a dyn Inputs,
}

impl Context<'_> {
    fn arguments<'a>(
        &self,
        templates: &[ArgTemplate],
        params: impl Iterator<Item = (&'a str, bool)>,
        gaps: &mut Vec<Gap>,
    ) -> Result<Vec<Pieces>, ArgError> {
        let argument = |(number, (template, (name, raw)))| {
            let Joined { pieces, gaps: found } = self.argument(template, name, raw)?;
            gaps.extend(found.into_iter().map(|piece| Gap { arg: number, piece }));
            Ok(pieces)
        };
        let args: Vec<Pieces> =
            (0..).zip(templates.iter().zip(params)).map(argument).collect::<Result<_, _>>()?;
        let size = args.iter().flatten().map(Value::size).sum();
        if size > ARGS_MAX_BYTES {
            return Err(ArgError::TooLarge { size, limit: ARGS_MAX_BYTES });
        }
        Ok(args)
    }

    fn argument(&self, template: &ArgTemplate, name: &str, raw: bool) -> Result<Joined, ArgError> {
        let whole = self.whole(template)?;
        match (whole, raw) {
            (Whole::One(value), true) => Ok(vec![self.as_raw(value, name)?].into()),
            (Whole::One(value), false) => {
                if value.encoding == Encoding::Cbor {
                    return Ok(vec![value].into());
                }
                let mut joiner = Joiner::default();
                joiner.item(value);
                Ok(joiner.finish())
            }
            (Whole::Many(joined), false) => Ok(joined),
            (Whole::Many(_), true) => Err(ArgError::NotBytes(name.to_owned())),
            (Whole::ToCome(encoding), _) if raw == (encoding == Encoding::Raw) => {
                Ok(Joined { pieces: Vec::new(), gaps: vec![0] })
            }
            (Whole::ToCome(_), _) => Err(ArgError::ToCome),
        }
    }

    /// A template's value: one value as it is, or CBOR in pieces.
    fn whole(&self, template: &ArgTemplate) -> Result<Whole, ArgError> {
        if let [part] = &*template.0 {
            match part {
                Part::Literal(bytes) => {
                    return Ok(Whole::One(Value::from_bytes(Encoding::Cbor, bytes)));
                }
                Part::Task(task) => return Ok(self.result(*task)),
                Part::Object(id) => return Ok(Whole::One(self.object(id)?)),
                Part::Item(part) => return self.item(*part),
                Part::Tasks(_) => {}
            }
        }
        let mut joiner = Joiner::default();
        template.0.iter().try_for_each(|part| self.push_part(part, &mut joiner))?;
        Ok(Whole::Many(joiner.finish()))
    }

    fn push_part(&self, part: &Part, to: &mut Joiner) -> Result<(), ArgError> {
        match part {
            Part::Literal(bytes) => to.bytes(bytes),
            Part::Task(task) => to.whole(self.result(*task))?,
            Part::Tasks(range) => {
                to.bytes(&header(ARRAY, u64::from(range.end - range.start)));
                range.clone().try_for_each(|task| to.whole(self.result(task)))?;
            }
            Part::Object(id) => to.item(self.object(id)?),
            Part::Item(part) => to.whole(self.item(*part)?)?,
        }
        Ok(())
    }

    fn item(&self, part: u32) -> Result<Whole, ArgError> {
        let missing = ArgError::NoItem(part);
        let element = self.element as usize;
        match self.map {
            Some(MapSource::Range { start, step }) if part == 0 => {
                let number = start.saturating_add(step.saturating_mul(i64::from(self.element)));
                Ok(Whole::One(Value::from_bytes(Encoding::Cbor, &integer(number))))
            }
            Some(MapSource::Each(elements)) => {
                self.whole(elements.get(element).and_then(|e| e.get(part as usize)).ok_or(missing)?)
            }
            Some(MapSource::Zip(sources)) => match sources.get(part as usize).ok_or(missing)? {
                ZipSource::Tasks(range) => Ok(self.result(range.start + self.element)),
                ZipSource::Values(values) => {
                    self.whole(values.get(element).ok_or(ArgError::NoItem(part))?)
                }
            },
            Some(MapSource::Range { .. } | MapSource::Imported) | None => Err(missing),
        }
    }

    fn result(&self, task: TaskIndex) -> Whole {
        match self.inputs.to_come(task) {
            Some(encoding) => Whole::ToCome(encoding),
            None => Whole::One(self.inputs.result(task).unwrap_or_else(Value::null)),
        }
    }

    fn object(&self, id: &ObjectId) -> Result<Value, ArgError> {
        self.inputs.object(id).ok_or(ArgError::ObjectGone(*id))
    }

    /// Raw bytes for a parameter that takes them: as they are, or out of a CBOR byte string.
    fn as_raw(&self, value: Value, name: &str) -> Result<Value, ArgError> {
        if value.encoding == Encoding::Raw {
            return Ok(value);
        }
        let not_bytes = || ArgError::NotBytes(name.to_owned());
        let loaded;
        let bytes = match value.bytes() {
            Some(bytes) => bytes,
            None => {
                loaded = self.inputs.load(&value).ok_or_else(not_bytes)?;
                &loaded
            }
        };
        let content = byte_string(bytes).ok_or_else(not_bytes)?;
        Ok(Value::from_bytes(Encoding::Raw, content))
    }
}

enum Whole {
    One(Value),
    Many(Joined),
    /// A result that the worker puts in.
    ToCome(Encoding),
}

/// Pieces, and before which of them something is to come.
struct Joined {
    pieces: Pieces,
    gaps: Vec<u32>,
}

impl From<Pieces> for Joined {
    fn from(pieces: Pieces) -> Self {
        Self { pieces, gaps: Vec::new() }
    }
}

const BYTES: u8 = 2 << 5;
const ARRAY: u8 = 4 << 5;

/// Collects pieces; small ones are copied together, so that a list of a thousand numbers is one
/// piece.
#[derive(Default)]
struct Joiner {
    pieces: Pieces,
    open: Vec<u8>,
    gaps: Vec<u32>,
}

/// Values up to this size are copied into their neighbours.
const JOIN_MAX_BYTES: usize = 4096;

impl Joiner {
    fn bytes(&mut self, bytes: &[u8]) {
        self.open.extend_from_slice(bytes);
    }

    /// Adds a value as a CBOR item: raw bytes become a byte string.
    fn item(&mut self, value: Value) {
        if value.encoding == Encoding::Raw {
            self.bytes(&header(BYTES, value.size()));
        }
        self.piece(value);
    }

    /// Adds what a template comes to.
    fn whole(&mut self, whole: Whole) -> Result<(), ArgError> {
        match whole {
            Whole::One(value) => self.item(value),
            Whole::Many(Joined { pieces, gaps }) => {
                let mut gaps = gaps.into_iter().peekable();
                for (number, piece) in (0..).zip(pieces) {
                    while gaps.next_if_eq(&number).is_some() {
                        self.gap();
                    }
                    self.piece(piece);
                }
                gaps.for_each(|_| self.gap());
            }
            Whole::ToCome(Encoding::Cbor) => self.gap(),
            Whole::ToCome(Encoding::Raw) => return Err(ArgError::ToCome),
        }
        Ok(())
    }

    fn gap(&mut self) {
        self.close();
        self.gaps.push(self.pieces.len() as u32);
    }

    fn piece(&mut self, value: Value) {
        match value.bytes() {
            Some(bytes) if bytes.len() <= JOIN_MAX_BYTES => self.open.extend_from_slice(bytes),
            _ => {
                self.close();
                self.pieces.push(value);
            }
        }
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.pieces.push(Value::from_bytes(Encoding::Cbor, &self.open));
            self.open.clear();
        }
    }

    fn finish(mut self) -> Joined {
        self.close();
        Joined { pieces: self.pieces, gaps: self.gaps }
    }
}

/// The head of a CBOR item of that major type (RFC 8949 §3), in its shortest form.
fn header(major: u8, n: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(9);
    match n {
        0..24 => out.push(major | n as u8),
        24..0x100 => out.extend([major | 24, n as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend((n as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend((n as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(n.to_be_bytes());
        }
    }
    out
}

fn integer(n: i64) -> Vec<u8> {
    if n >= 0 { header(0, n as u64) } else { header(1 << 5, !(n as u64)) }
}

/// The content of a CBOR byte string of definite length that fills `bytes`.
fn byte_string(bytes: &[u8]) -> Option<&[u8]> {
    let (&first, rest) = bytes.split_first()?;
    if first >> 5 != 2 {
        return None;
    }
    let (length, content) = match first & 31 {
        n @ 0..24 => (u64::from(n), rest),
        24 => (u64::from(*rest.first()?), rest.get(1..)?),
        25 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), rest.get(2..)?),
        26 => (u64::from(u32::from_be_bytes(*rest.first_chunk()?)), rest.get(4..)?),
        27 => (u64::from_be_bytes(*rest.first_chunk()?), rest.get(8..)?),
        _ => return None,
    };
    (content.len() as u64 == length).then_some(content)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use wask_proto::{CallSpec, Few, ModuleId, TaskOptions, ValueData};

    use super::*;

    struct Results(Vec<Option<Value>>);

    impl Inputs for Results {
        fn result(&self, task: TaskIndex) -> Option<Value> {
            self.0[task as usize].clone()
        }
        fn object(&self, _: &ObjectId) -> Option<Value> {
            None
        }
        fn load(&self, _: &Value) -> Option<Vec<u8>> {
            None
        }
    }

    fn spec(args: Vec<ArgTemplate>, map: Option<MapSource>) -> NodeSpec {
        NodeSpec {
            key: "k".into(),
            call: Arc::new(CallSpec {
                module: ModuleId([0; 32]),
                module_name: "m".into(),
                function: "f".into(),
                options: TaskOptions::default(),
            }),
            tasks: 0..10,
            map: map.map(Box::new),
            args: args.into(),
            after: Few::default(),
            output: true,
            import: None,
        }
    }

    fn bytes_of(spec: &NodeSpec, task: u32, raw: bool, results: Vec<Option<Value>>) -> Vec<u8> {
        let params = std::iter::repeat(("p", raw));
        let args = assemble(spec, task, params, &Results(results), &mut Vec::new()).unwrap();
        args.concat().iter().flat_map(|v| v.bytes().unwrap().to_vec()).collect()
    }

    #[test]
    fn a_list_of_results_becomes_one_cbor_array_with_null_for_what_failed() {
        let spec = spec(vec![ArgTemplate::hole(Part::Tasks(0..3))], None);
        let results = vec![
            Some(Value::from_bytes(Encoding::Cbor, &[0x05])),
            None,
            Some(Value::from_bytes(Encoding::Raw, b"ab")),
        ];
        assert_eq!(bytes_of(&spec, 0, false, results), [0x83, 0x05, 0xf6, 0x42, b'a', b'b']);
    }

    #[test]
    fn elements_of_a_range_are_numbers_in_their_shortest_form() {
        let map = Some(MapSource::Range { start: -2, step: 300 });
        let spec = spec(vec![ArgTemplate::hole(Part::Item(0))], map);
        assert_eq!(bytes_of(&spec, 0, false, vec![]), [0x21]);
        assert_eq!(bytes_of(&spec, 1, false, vec![]), [0x19, 0x01, 0x2a]);
    }

    #[test]
    fn a_parameter_of_bytes_takes_raw_results_and_byte_strings_but_no_numbers() {
        let hole = spec(vec![ArgTemplate::hole(Part::Task(0))], None);
        let raw =
            Value { encoding: Encoding::Raw, data: ValueData::Shared(Arc::from(&b"xyz"[..])) };
        assert_eq!(bytes_of(&hole, 0, true, vec![Some(raw)]), b"xyz");
        let text = spec(vec![ArgTemplate::literal(vec![0x42, 7, 8])], None);
        assert_eq!(bytes_of(&text, 0, true, vec![]), [7, 8]);
        let number = spec(vec![ArgTemplate::literal(vec![0x07])], None);
        let params = std::iter::once(("p", true));
        let error = assemble(&number, 0, params, &Results(vec![]), &mut Vec::new()).unwrap_err();
        assert_eq!(error, ArgError::NotBytes("p".into()));
    }

    /// Task 1 is not finished, and its result is put in later.
    struct Later(Encoding);

    impl Inputs for Later {
        fn result(&self, _: TaskIndex) -> Option<Value> {
            Some(Value::from_bytes(Encoding::Cbor, &[0x05]))
        }
        fn object(&self, _: &ObjectId) -> Option<Value> {
            None
        }
        fn load(&self, _: &Value) -> Option<Vec<u8>> {
            None
        }
        fn to_come(&self, task: TaskIndex) -> Option<Encoding> {
            (task == 1).then_some(self.0)
        }
    }

    #[test]
    fn a_result_to_come_leaves_a_gap_wherever_it_belongs() {
        let nested = ArgTemplate(vec![Part::Literal(vec![0x81].into()), Part::Tasks(0..3)].into());
        let spec = spec(vec![ArgTemplate::hole(Part::Task(1)), nested], None);
        let params = || std::iter::repeat(("p", false));
        let mut gaps = Vec::new();
        let args = assemble(&spec, 0, params(), &Later(Encoding::Cbor), &mut gaps).unwrap();
        assert_eq!(gaps, [Gap { arg: 0, piece: 0 }, Gap { arg: 1, piece: 1 }]);
        let bytes = |value: &Value| value.bytes().unwrap().to_vec();
        assert_eq!(args[0], []);
        assert_eq!(
            args[1].iter().map(bytes).collect::<Vec<_>>(),
            [vec![0x81, 0x83, 0x05], vec![0x05]]
        );
        let error = assemble(&spec, 0, params(), &Later(Encoding::Raw), &mut gaps).unwrap_err();
        assert_eq!(error, ArgError::ToCome, "bytes would need a header in front");
    }
}
