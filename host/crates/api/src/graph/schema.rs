//! JSON Schema (draft 2020-12) of parameters, made ready for checking.
//!
//! Schemas come from guests, so that they are as little trusted as arguments: what is not
//! understood allows everything (the guest has the last word), and every check has a budget of
//! steps. General validators have neither that budget nor a notion of arguments with holes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Map, Value};
use wask_proto::{ModuleId, ModuleInfo};

/// One rule of a schema. Members that are empty allow everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Rule {
    pub(super) never: bool,
    /// Allowed types, a bit for each; 0 for all.
    pub(super) types: u8,
    pub(super) integers: Option<(i128, i128)>,
    pub(super) minimum: Option<f64>,
    pub(super) maximum: Option<f64>,
    pub(super) above: Option<f64>,
    pub(super) below: Option<f64>,
    pub(super) constants: Option<Vec<Value>>,
    pub(super) length_min: Option<u64>,
    pub(super) length_max: Option<u64>,
    pub(super) prefix: Vec<u32>,
    pub(super) items: Option<u32>,
    pub(super) items_min: Option<u64>,
    pub(super) items_max: Option<u64>,
    pub(super) properties: BTreeMap<String, u32>,
    pub(super) required: Vec<String>,
    pub(super) additional: Option<u32>,
    pub(super) all_of: Vec<u32>,
    pub(super) any_of: Vec<u32>,
}

/// Bits of [`Rule::types`].
pub(super) const TYPES: [(&str, u8); 7] = [
    ("null", 1),
    ("boolean", 2),
    ("integer", 4),
    ("number", 8),
    ("string", 16),
    ("array", 32),
    ("object", 64),
];

/// A schema as a list of rules; the first is the whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Schema {
    rules: Vec<Rule>,
}

impl Schema {
    /// Reads a schema. One that cannot be read allows everything.
    pub(super) fn compile(text: &str) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(text) else { return Self::default() };
        let mut compiler = Compiler { root: &value, rules: Vec::new(), named: HashMap::new() };
        compiler.add(&value);
        if compiler.rules.len() > RULES_MAX {
            return Self::default();
        }
        Self { rules: compiler.rules }
    }

    /// A rule by its number.
    pub(super) fn rule(&self, number: u32) -> Option<&Rule> {
        self.rules.get(number as usize)
    }
}

const RULES_MAX: usize = 10_000;

struct Compiler<'v> {
    root: &'v Value,
    rules: Vec<Rule>,
    named: HashMap<&'v str, u32>,
}

impl<'v> Compiler<'v> {
    fn add(&mut self, schema: &'v Value) -> u32 {
        let number = self.rules.len() as u32;
        self.rules.push(Rule::default());
        if self.rules.len() <= RULES_MAX {
            let rule = match schema {
                Value::Bool(allowed) => Rule { never: !allowed, ..Rule::default() },
                Value::Object(map) => self.rule(map),
                _ => Rule::default(),
            };
            if let Some(slot) = self.rules.get_mut(number as usize) {
                *slot = rule;
            }
        }
        number
    }

    fn rule(&mut self, map: &'v Map<String, Value>) -> Rule {
        let list = |name: &str| map.get(name).and_then(Value::as_array).into_iter().flatten();
        let mut rule = Rule { types: types_of(map.get("type")), ..Rule::default() };
        read_numbers(map, &mut rule);
        rule.constants = map.get("enum").and_then(Value::as_array).cloned();
        if let Some(constant) = map.get("const") {
            rule.constants = Some(vec![constant.clone()]);
        }
        rule.prefix = list("prefixItems").map(|schema| self.add(schema)).collect();
        rule.items = map.get("items").filter(|v| !v.is_array()).map(|schema| self.add(schema));
        let properties = map.get("properties").and_then(Value::as_object).into_iter().flatten();
        rule.properties = properties.map(|(name, v)| (name.clone(), self.add(v))).collect();
        rule.required = list("required").filter_map(Value::as_str).map(str::to_owned).collect();
        if !map.contains_key("patternProperties") {
            rule.additional = map.get("additionalProperties").map(|schema| self.add(schema));
        }
        rule.all_of = list("allOf").map(|schema| self.add(schema)).collect();
        let named = map.get("$ref").and_then(Value::as_str);
        rule.all_of.extend(named.and_then(|name| self.named(name)));
        // `oneOf` as `anyOf`: the guest's own decoder takes the first that fits, too.
        rule.any_of = list("anyOf").map(|schema| self.add(schema)).collect();
        if rule.any_of.is_empty() {
            rule.any_of = list("oneOf").map(|schema| self.add(schema)).collect();
        }
        rule
    }

    fn named(&mut self, reference: &'v str) -> Option<u32> {
        let pointer = reference.strip_prefix('#')?;
        if pointer.is_empty() {
            return Some(0);
        }
        if let Some(number) = self.named.get(reference) {
            return Some(*number);
        }
        let target = self.root.pointer(pointer)?;
        // Its number is known before it is read, since it may refer to itself.
        self.named.insert(reference, self.rules.len() as u32);
        Some(self.add(target))
    }
}

fn types_of(value: Option<&Value>) -> u8 {
    let bit = |name: &Value| {
        let known = TYPES.iter().find(|(known, _)| name.as_str() == Some(known));
        known.map_or(0, |(_, bit)| *bit)
    };
    match value {
        Some(Value::Array(names)) => names.iter().fold(0, |bits, name| bits | bit(name)),
        Some(name) => bit(name),
        None => 0,
    }
}

fn read_numbers(map: &Map<String, Value>, rule: &mut Rule) {
    let number = |name: &str| map.get(name).and_then(Value::as_f64);
    let count = |name: &str| map.get(name).and_then(Value::as_u64);
    (rule.minimum, rule.maximum) = (number("minimum"), number("maximum"));
    (rule.above, rule.below) = (number("exclusiveMinimum"), number("exclusiveMaximum"));
    (rule.length_min, rule.length_max) = (count("minLength"), count("maxLength"));
    (rule.items_min, rule.items_max) = (count("minItems"), count("maxItems"));
    rule.integers = map.get("format").and_then(Value::as_str).and_then(|format| {
        Some(match format {
            "int8" => (i8::MIN.into(), i8::MAX.into()),
            "int16" => (i16::MIN.into(), i16::MAX.into()),
            "int32" => (i32::MIN.into(), i32::MAX.into()),
            "int64" | "int" => (i64::MIN.into(), i64::MAX.into()),
            "uint8" => (0, u8::MAX.into()),
            "uint16" => (0, u16::MAX.into()),
            "uint32" => (0, u32::MAX.into()),
            "uint64" | "uint" => (0, u64::MAX.into()),
            _ => return None,
        })
    });
}

/// The schemas of a function's parameters.
pub(super) type FunctionSchemas = Arc<Vec<Schema>>;

/// Compiled schemas of functions that were called lately.
#[derive(Debug, Default)]
pub(crate) struct SchemaCache(Mutex<HashMap<(ModuleId, usize), FunctionSchemas>>);

impl SchemaCache {
    const FUNCTIONS_MAX: usize = 4_096;

    /// The schemas of the module's function of that position.
    pub(super) fn get(&self, module: &ModuleInfo, function: usize) -> FunctionSchemas {
        let key = (module.id, function);
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return known;
        }
        let params = module.functions.get(function).map_or(&[][..], |f| &f.params);
        let compiled: FunctionSchemas =
            Arc::new(params.iter().map(|param| Schema::compile(&param.schema)).collect());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= Self::FUNCTIONS_MAX {
            all.clear();
        }
        all.insert(key, Arc::clone(&compiled));
        compiled
    }
}
