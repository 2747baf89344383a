//! Whether an argument fits its parameter's schema. An argument may have holes, of which nothing
//! is known before the tasks have run; what lies around them is checked all the same.

use serde_json::Value;
use wask_proto::{ArgTemplate, Part};

use super::schema::{Rule, Schema, TYPES};
use crate::{
    cbor::{Item, Kind, Reader},
    errors::{Errors, Path},
    nearest::hint,
};

/// What a check came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fit {
    Yes,
    No,
    /// A hole decides, or something that is not understood.
    Unknown,
}

/// Steps that one check may take: schemas can be made to explode.
const STEPS_MAX: u64 = 2_000_000;
const DEPTH_MAX: u32 = 400;

/// Checks an argument against a schema. `element` holds the parts that `$item` stands for, as far
/// as they are known. Tells whether the argument is free of errors.
pub(super) fn check_fit(
    schema: &Schema,
    argument: &ArgTemplate,
    element: &[&ArgTemplate],
    path: &Path<'_>,
    errors: &mut Errors,
) -> bool {
    if schema.rule(0).is_none() {
        return true;
    }
    let mut check = Check { schema, element, steps_left: STEPS_MAX, depth: 0, quiet: 0, errors };
    check.value(0, Cursor::new(argument), path) != Fit::No
}

/// A place in a template: literal bytes and holes in turn.
#[derive(Clone, Copy)]
struct Cursor<'t> {
    parts: &'t [Part],
    reader: Reader<'t>,
}

enum Token<'t> {
    Item(Item<'t>),
    Hole(&'t Part),
}

impl<'t> Cursor<'t> {
    fn new(template: &'t ArgTemplate) -> Self {
        Self { parts: &template.0, reader: Reader::new(&[]) }
    }

    fn next(&mut self) -> Option<Token<'t>> {
        while self.reader.is_at_end() {
            let (part, rest) = self.parts.split_first()?;
            self.parts = rest;
            match part {
                Part::Literal(bytes) => self.reader = Reader::new(bytes),
                hole => return Some(Token::Hole(hole)),
            }
        }
        self.reader.item().ok().map(Token::Item)
    }

    fn skip(&mut self) {
        let mut left = 1u64;
        while left > 0 {
            left -= 1;
            match self.next() {
                Some(Token::Item(Item::Array(Some(count)))) => left += count,
                Some(Token::Item(Item::Map(Some(count)))) => left += 2 * count,
                Some(Token::Item(Item::Tag(_))) => left += 1,
                Some(_) => {}
                None => return,
            }
        }
    }
}

struct Check<'c, 't> {
    schema: &'c Schema,
    element: &'c [&'t ArgTemplate],
    steps_left: u64,
    depth: u32,
    /// Above 0 while alternatives are tried, whose errors are no errors.
    quiet: u32,
    errors: &'c mut Errors,
}

impl<'t> Check<'_, 't>
where
    Self: 't,
{
    fn value(&mut self, number: u32, at: Cursor<'t>, path: &Path<'_>) -> Fit {
        let Some(rule) = self.schema.rule(number) else { return Fit::Unknown };
        if self.steps_left == 0 || self.depth == DEPTH_MAX {
            return Fit::Unknown;
        }
        self.steps_left -= 1;
        self.depth += 1;
        let fit = self.rule(rule, number, at, path);
        self.depth -= 1;
        fit
    }

    fn rule(&mut self, rule: &Rule, number: u32, at: Cursor<'t>, path: &Path<'_>) -> Fit {
        let mut inside = at;
        let item = match inside.next() {
            Some(Token::Item(item)) => item,
            Some(Token::Hole(Part::Item(n))) => return self.item_hole(number, *n, path),
            Some(Token::Hole(hole)) => return self.hole(rule, hole, path),
            None => return Fit::Unknown,
        };
        if rule.never {
            return self.wrong(path, "wrong_value", || "nothing is allowed here".to_owned());
        }
        if matches!(item, Item::Tag(_)) {
            return Fit::Unknown;
        }
        if matches!(item, Item::Bytes(_)) && takes_bytes(rule) {
            return Fit::Yes;
        }
        if !fits_types(rule.types, item) {
            return self.wrong(path, "wrong_type", || type_error(rule.types, item));
        }
        let scalar = self.scalar(rule, item, path);
        let nested = match item {
            Item::Array(Some(count)) => self.list(rule, count, inside, path),
            Item::Map(Some(count)) => self.object(rule, count, inside, path),
            _ => Fit::Yes,
        };
        let mut fit = both(scalar, nested);
        for other in &rule.all_of {
            fit = both(fit, self.value(*other, at, path));
        }
        if rule.any_of.is_empty() { fit } else { both(fit, self.any(rule, at, path)) }
    }

    /// An `$item`: the part it stands for, if that is known.
    fn item_hole(&mut self, number: u32, n: u32, path: &Path<'_>) -> Fit {
        match self.element.get(n as usize) {
            Some(part) => self.value(number, Cursor::new(part), path),
            None => Fit::Unknown,
        }
    }

    fn hole(&mut self, rule: &Rule, hole: &Part, path: &Path<'_>) -> Fit {
        let list = Item::Array(None);
        if matches!(hole, Part::Tasks(_)) && !fits_types(rule.types, list) {
            return self.wrong(path, "wrong_type", || type_error(rule.types, list));
        }
        Fit::Unknown
    }

    fn scalar(&mut self, rule: &Rule, item: Item<'_>, path: &Path<'_>) -> Fit {
        if let Some(constants) = &rule.constants {
            return self.constant(constants, item, path);
        }
        let number = match item {
            Item::Unsigned(n) => i128::from(n),
            Item::Negative(n) => -1 - i128::from(n),
            Item::Float(number) => return self.range(rule, number, path),
            Item::Text(text) => return self.length(rule, text, path),
            _ => return Fit::Yes,
        };
        match rule.integers {
            Some((least, most)) if !(least..=most).contains(&number) => {
                self.wrong(path, "wrong_value", || {
                    format!("should be an integer from {least} to {most}, is {number}")
                })
            }
            _ => self.range(rule, number as f64, path),
        }
    }

    fn range(&mut self, rule: &Rule, number: f64, path: &Path<'_>) -> Fit {
        let limits = [
            (rule.minimum, number < rule.minimum.unwrap_or(number), "at least"),
            (rule.maximum, number > rule.maximum.unwrap_or(number), "at most"),
            (rule.above, rule.above.is_some_and(|limit| number <= limit), "more than"),
            (rule.below, rule.below.is_some_and(|limit| number >= limit), "less than"),
        ];
        for (limit, broken, words) in limits {
            if let Some(limit) = limit.filter(|_| broken) {
                return self.wrong(path, "wrong_value", || {
                    format!("should be {words} {limit}, is {number}")
                });
            }
        }
        Fit::Yes
    }

    fn length(&mut self, rule: &Rule, text: &str, path: &Path<'_>) -> Fit {
        if rule.length_min.is_none() && rule.length_max.is_none() {
            return Fit::Yes;
        }
        self.count(
            rule.length_min,
            rule.length_max,
            text.chars().count() as u64,
            "characters",
            path,
        )
    }

    fn count(
        &mut self,
        least: Option<u64>,
        most: Option<u64>,
        count: u64,
        what: &str,
        path: &Path<'_>,
    ) -> Fit {
        let (limit, words) = match (least, most) {
            (Some(least), _) if count < least => (least, "at least"),
            (_, Some(most)) if count > most => (most, "at most"),
            _ => return Fit::Yes,
        };
        self.wrong(path, "wrong_value", || {
            format!("should have {words} {limit} {what}, has {count}")
        })
    }

    fn constant(&mut self, constants: &[Value], item: Item<'_>, path: &Path<'_>) -> Fit {
        let mut fit = Fit::No;
        for constant in constants {
            match is_constant(constant, item) {
                Fit::Yes => return Fit::Yes,
                Fit::Unknown => fit = Fit::Unknown,
                Fit::No => {}
            }
        }
        if fit == Fit::Unknown {
            return fit;
        }
        self.wrong(path, "wrong_value", || {
            let known: Vec<String> = constants.iter().take(20).map(Value::to_string).collect();
            let hint = match item {
                Item::Text(text) => hint(text, constants.iter().filter_map(Value::as_str)),
                _ => String::new(),
            };
            format!("should be {}{hint}", known.join(" or "))
        })
    }

    fn list(&mut self, rule: &Rule, count: u64, mut at: Cursor<'t>, path: &Path<'_>) -> Fit {
        let mut fit = self.count(rule.items_min, rule.items_max, count, "items", path);
        if rule.prefix.is_empty() && rule.items.is_none() {
            return fit;
        }
        for index in 0..count {
            let number = usize::try_from(index).ok().and_then(|n| rule.prefix.get(n).copied());
            if let Some(number) = number.or(rule.items) {
                fit = both(fit, self.value(number, at, &path.index(index)));
            }
            if self.steps_left == 0 {
                return both(fit, Fit::Unknown);
            }
            at.skip();
        }
        fit
    }

    fn object(&mut self, rule: &Rule, count: u64, mut at: Cursor<'t>, path: &Path<'_>) -> Fit {
        let mut fit = Fit::Yes;
        let mut found: Vec<&str> = Vec::new();
        for _ in 0..count {
            let start = at;
            let Some(Token::Item(Item::Text(key))) = at.next() else {
                at = start;
                at.skip();
                at.skip();
                continue;
            };
            fit = both(fit, self.property(rule, key, at, path));
            if rule.required.iter().any(|name| name == key) {
                found.push(key);
            }
            at.skip();
        }
        for name in &rule.required {
            if !found.contains(&name.as_str()) {
                fit = self.wrong(path, "wrong_value", || format!("the member `{name}` is missing"));
            }
        }
        fit
    }

    fn property(&mut self, rule: &Rule, key: &str, at: Cursor<'t>, path: &Path<'_>) -> Fit {
        let path = &path.key(key);
        if let Some(number) = rule.properties.get(key) {
            return self.value(*number, at, path);
        }
        let Some(number) = rule.additional else { return Fit::Yes };
        if self.schema.rule(number).is_some_and(|rule| rule.never) {
            return self.wrong(path, "unknown_field", || {
                let known = hint(key, rule.properties.keys().map(String::as_str));
                format!("`{key}` is not known here{known}")
            });
        }
        self.value(number, at, path)
    }

    fn any(&mut self, rule: &Rule, at: Cursor<'t>, path: &Path<'_>) -> Fit {
        self.quiet += 1;
        let mut best = Fit::No;
        for number in &rule.any_of {
            match self.value(*number, at, path) {
                Fit::Yes => {
                    best = Fit::Yes;
                    break;
                }
                Fit::Unknown => best = Fit::Unknown,
                Fit::No => {}
            }
        }
        self.quiet -= 1;
        if best != Fit::No {
            return best;
        }
        match self.only_likely(rule, at) {
            Some(number) => self.value(number, at, path),
            None => self.wrong(path, "wrong_type", || {
                format!("fits none of the {} forms that are allowed here", rule.any_of.len())
            }),
        }
    }

    /// The alternative that was meant, if only one has the right type: its errors say more.
    fn only_likely(&self, rule: &Rule, mut at: Cursor<'t>) -> Option<u32> {
        let Some(Token::Item(item)) = at.next() else { return None };
        let types = |number: &u32| self.schema.rule(*number).map_or(0, |rule| rule.types);
        let mut likely = rule.any_of.iter().filter(|number| fits_types(types(number), item));
        match (likely.next(), likely.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    }

    fn wrong(
        &mut self,
        path: &Path<'_>,
        code: &'static str,
        detail: impl FnOnce() -> String,
    ) -> Fit {
        if self.quiet == 0 {
            self.errors.add(path, code, detail);
        }
        Fit::No
    }
}

fn both(one: Fit, other: Fit) -> Fit {
    match (one, other) {
        (Fit::No, _) | (_, Fit::No) => Fit::No,
        (Fit::Unknown, _) | (_, Fit::Unknown) => Fit::Unknown,
        _ => Fit::Yes,
    }
}

/// The SDK writes the schema of bytes as the object that stands for them in JSON.
fn takes_bytes(rule: &Rule) -> bool {
    rule.properties.contains_key("$bytes")
}

fn fits_types(types: u8, item: Item<'_>) -> bool {
    let bits = match item {
        Item::Null | Item::Undefined => 1,
        Item::Bool(_) => 2,
        Item::Unsigned(_) | Item::Negative(_) => 4 | 8,
        Item::Float(_) => 8,
        Item::Text(_) => 16,
        Item::Array(_) => 32,
        Item::Map(_) => 64,
        _ => return types == 0,
    };
    types == 0 || types & bits != 0
}

fn type_error(types: u8, item: Item<'_>) -> String {
    let article = |name: &'static str| match name {
        "null" => "null".to_owned(),
        "string" => "a text".to_owned(),
        "array" => "a list".to_owned(),
        "integer" | "object" => format!("an {name}"),
        _ => format!("a {name}"),
    };
    let wanted = TYPES.iter().filter(|(_, bit)| types & bit != 0);
    let wanted: Vec<String> = wanted.map(|(name, _)| article(name)).collect();
    let is = match item {
        Item::Float(number) if number.fract() == 0.0 && types & 4 != 0 => {
            return format!(
                "should be {}, is the floating-point number {number:?}; write {number}",
                wanted.join(" or ")
            );
        }
        item => Kind::of(item).name(),
    };
    format!("should be {}, is {is}", wanted.join(" or "))
}

fn is_constant(constant: &Value, item: Item<'_>) -> Fit {
    let same = match (constant, item) {
        (Value::Null, Item::Null) => true,
        (Value::Bool(wanted), Item::Bool(is)) => *wanted == is,
        (Value::String(wanted), Item::Text(is)) => wanted == is,
        (Value::Number(wanted), Item::Unsigned(is)) => {
            wanted.as_u64() == Some(is) || wanted.as_f64() == Some(is as f64)
        }
        (Value::Number(wanted), Item::Negative(is)) => {
            wanted.as_i64().map(i128::from) == Some(-1 - i128::from(is))
        }
        (Value::Number(wanted), Item::Float(is)) => wanted.as_f64() == Some(is),
        (Value::Array(_), Item::Array(_)) | (Value::Object(_), Item::Map(_)) => {
            return Fit::Unknown;
        }
        _ => false,
    };
    if same { Fit::Yes } else { Fit::No }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor::json_to_cbor;

    fn errors(schema: &str, json: &str) -> Vec<String> {
        let argument = ArgTemplate::literal(json_to_cbor(json.as_bytes(), 64).unwrap());
        let mut errors = Errors::default();
        let fits = check_fit(&Schema::compile(schema), &argument, &[], &Path::ROOT, &mut errors);
        assert_eq!(fits, errors.is_empty());
        let (items, _) = errors.into_parts();
        items.into_iter().map(|e| format!("{}: {}", e.pointer, e.detail)).collect()
    }

    #[test]
    fn types_and_ranges_are_checked_exactly() {
        let int64 = r#"{"type": "integer", "format": "int64"}"#;
        assert!(errors(int64, "-5").is_empty());
        assert_eq!(errors(int64, "\"x\""), [": should be an integer, is a text"]);
        assert!(errors(int64, "1.0")[0].ends_with("write 1"));
        assert!(errors(int64, "18446744073709551615")[0].contains("9223372036854775807"));
        let uint8 = r#"{"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255}"#;
        assert_eq!(errors(uint8, "256").len(), 1);
        assert!(errors(r#"{"type": "number"}"#, "3").is_empty());
        assert_eq!(errors(r#"{"type": "string", "minLength": 2}"#, "\"ü\"").len(), 1);
        assert_eq!(errors(r#"{"enum": ["red", "blue"]}"#, "\"bleu\"").len(), 1);
        assert_eq!(errors("false", "1").len(), 1);
        assert!(errors("no schema at all", "1").is_empty());
    }

    #[test]
    fn errors_point_into_lists_and_objects() {
        let schema = r##"{"type": "array", "items": {"$ref": "#/$defs/P"}, "$defs": {"P": {
            "type": "object", "required": ["x"], "additionalProperties": false,
            "properties": {"x": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/P"}, {"type": "null"}]}}}}}"##;
        assert!(errors(schema, r#"[{"x": 1, "next": {"x": 2, "next": null}}]"#).is_empty());
        let found = errors(schema, r#"[{"x": "a"}, {"y": 1}, {"x": 1, "next": {"x": 1.5}}]"#);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[0].starts_with("/0/x: should be an integer"));
        assert!(found[1].starts_with("/1/y: `y` is not known here; did you mean `x`?"));
        assert!(found[3].starts_with("/2/next/x: "), "{found:?}");
    }

    #[test]
    fn holes_are_not_judged_but_their_neighbours_are() {
        let schema = Schema::compile(r#"{"type": "array", "items": {"type": "integer"}}"#);
        let argument = [
            Part::Literal(vec![0x83, 0x01].into()),
            Part::Task(0),
            Part::Literal(vec![0x61, b'x'].into()),
        ];
        let argument = ArgTemplate(argument.into_iter().collect());
        let mut errors = Errors::default();
        assert!(!check_fit(&schema, &argument, &[], &Path::ROOT, &mut errors));
        assert_eq!(errors.into_parts().0[0].pointer, "/2");
        let integer = Schema::compile(r#"{"type": "integer"}"#);
        let mut errors = Errors::default();
        let list = ArgTemplate::hole(Part::Tasks(0..3));
        assert!(!check_fit(&integer, &list, &[], &Path::ROOT, &mut errors));
        let item = ArgTemplate::hole(Part::Item(0));
        let part = ArgTemplate::literal(vec![0xf5]);
        assert!(check_fit(&integer, &item, &[], &Path::ROOT, &mut Errors::default()));
        assert!(!check_fit(&integer, &item, &[&part], &Path::ROOT, &mut Errors::default()));
    }

    #[test]
    fn bytes_fit_the_schema_that_the_sdk_gives_them() {
        let schema = Schema::compile(
            r#"{"type": "object", "properties": {"$bytes": {"type": "string"}}, "required": ["$bytes"]}"#,
        );
        let bytes = ArgTemplate::literal(vec![0x41, 1]);
        assert!(check_fit(&schema, &bytes, &[], &Path::ROOT, &mut Errors::default()));
    }

    #[test]
    fn exploding_and_circular_schemas_end() {
        let circular = r##"{"$ref": "#"}"##;
        assert!(errors(circular, "1").is_empty());
        let mut defs: Vec<String> = (0..40)
            .map(|n| format!(r##""d{n}": {{"allOf": [{{"$ref": "#/$defs/d{m}"}}, {{"$ref": "#/$defs/d{m}"}}]}}"##, m = n + 1))
            .collect();
        defs.push(r#""d40": {"type": "integer"}"#.to_owned());
        let schema = format!(r##"{{"$ref": "#/$defs/d0", "$defs": {{{}}}}}"##, defs.join(","));
        assert!(errors(&schema, "1").is_empty());
        let nested = format!("{}1{}", "[".repeat(60), "]".repeat(60));
        let both = r##"{"items": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, "type": "array"}"##;
        let _ends = errors(both, &nested);
    }
}
