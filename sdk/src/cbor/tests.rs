//! The codec against RFC 8949, against another implementation, and against hostile bytes.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{DEPTH_MAX, from_slice, to_vec};
use crate::Bytes;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Point {
    x: f64,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Shape {
    Empty,
    Circle(f64),
    Line(Point, Point),
    Polygon { points: Vec<Point>, closed: bool },
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(tag = "kind")]
enum Tagged {
    Text { text: String },
    Count { count: u32 },
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, i64>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash, Clone, Copy, Debug)]
enum Colour {
    Red,
    Green,
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn decoded<T: DeserializeOwned>(text: &str) -> T {
    from_slice(&hex(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refusal<T: DeserializeOwned + Debug>(bytes: &[u8]) -> String {
    let error = from_slice::<T>(bytes).expect_err("it must not decode");
    format!("{}: {error}", error.path())
}

/// What we write, another implementation reads as the same value; and we read what it writes.
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let ours = to_vec(value).expect("it encodes");
    assert_eq!(&from_slice::<T>(&ours).expect("ours decodes"), value);
    let theirs = ciborium::value::Value::serialized(value);
    let read: ciborium::value::Value = ciborium::from_reader(ours.as_slice()).expect("CBOR");
    let mut bytes = Vec::new();
    ciborium::into_writer(&theirs.expect("it encodes"), &mut bytes).expect("it encodes");
    assert_eq!(&from_slice::<T>(&bytes).expect("theirs decodes"), value);
    let mut again = Vec::new();
    ciborium::into_writer(&read, &mut again).expect("it encodes");
    assert_eq!(&from_slice::<T>(&again).expect("written again, it decodes"), value);
}

/// Goal: values of every shape survive, also through another implementation.
#[test]
fn round_trips() {
    for number in [0, 23, 24, 255, 256, 65_535, 65_536, 4_294_967_296, i64::MAX] {
        round_trip(&number);
        round_trip(&!number);
    }
    round_trip(&u64::MAX);
    round_trip(&(i8::MIN, u16::MAX, f32::MIN, f64::MAX, 'ü', true, ()));
    round_trip(&vec![Some("text".to_owned()), None, Some("ü€😀".repeat(100))]);
    let point = |x| Point { x, name: Some("p".to_owned()) };
    round_trip(&vec![
        Shape::Empty,
        Shape::Circle(1.5),
        Shape::Line(point(1.0), Point { x: 2.0, name: None }),
        Shape::Polygon { points: vec![point(3.0)], closed: true },
    ]);
    round_trip(&vec![Tagged::Text { text: "a".into() }, Tagged::Count { count: 7 }]);
    round_trip(&Flat { id: 1, rest: [("a".to_owned(), 2), ("b".to_owned(), -3)].into() });
    round_trip(&vec![Bytes::from(vec![0, 255]), Bytes::new()]);
    round_trip(&std::time::Duration::from_millis(1500));
}

/// Goal: the bytes are those of RFC 8949, appendix A, lengths definite and heads shortest.
#[test]
fn encoding_is_the_rfcs() {
    let bytes = |value: &dyn Fn() -> Vec<u8>| value();
    assert_eq!(bytes(&|| to_vec(&10_u8).unwrap()), hex("0a"));
    assert_eq!(bytes(&|| to_vec(&100_u64).unwrap()), hex("1864"));
    assert_eq!(bytes(&|| to_vec(&u64::MAX).unwrap()), hex("1bffffffffffffffff"));
    assert_eq!(bytes(&|| to_vec(&-1000_i32).unwrap()), hex("3903e7"));
    assert_eq!(bytes(&|| to_vec(&1.1_f64).unwrap()), hex("fb3ff199999999999a"));
    assert_eq!(bytes(&|| to_vec(&f64::INFINITY).unwrap()), hex("fb7ff0000000000000"));
    assert_eq!(bytes(&|| to_vec(&Option::<u8>::None).unwrap()), hex("f6"));
    assert_eq!(bytes(&|| to_vec(&(1, "a", false)).unwrap()), hex("83 01 6161 f4"));
    assert_eq!(bytes(&|| to_vec(&Bytes::from(b"\x01")).unwrap()), hex("4101"));
    assert_eq!(bytes(&|| to_vec(&Colour::Red).unwrap()), hex("63526564"));
    let point = Point { x: 0.5, name: None };
    assert_eq!(to_vec(&point).unwrap(), hex("a2 6178 fb3fe0000000000000 646e616d65 f6"));
}

/// Goal: a map or list of unknown length gets a definite one all the same.
#[test]
fn unknown_lengths_become_definite() {
    struct Many(usize);
    impl Serialize for Many {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..self.0).filter(|_| true))
        }
    }
    assert_eq!(to_vec(&Many(2)).unwrap(), hex("82 00 01"));
    let many = to_vec(&(Many(300), "end")).unwrap();
    assert_eq!(many[..4], hex("82 99012c"));
    let (numbers, end): (Vec<u64>, String) = from_slice(&many).unwrap();
    assert_eq!((numbers.len(), end.as_str()), (300, "end"));
    let flat = Flat { id: 1, rest: [("a".to_owned(), 2)].into() };
    assert_eq!(to_vec(&flat).unwrap(), hex("a2 626964 01 6161 02"));
}

/// Goal: what a user of JSON writes is taken: integers for floats, null or nothing for `None`.
#[test]
fn decoding_is_lenient_about_numbers_and_null() {
    assert_eq!(decoded::<f64>("01"), 1.0);
    assert_eq!(decoded::<f64>("20"), -1.0);
    assert_eq!(decoded::<f32>("fb3ff8000000000000"), 1.5);
    assert_eq!(decoded::<f64>("f93e00"), 1.5);
    assert_eq!(decoded::<f64>("f90001"), 5.960_464_477_539_063e-8);
    assert_eq!(decoded::<f64>("f9fc00"), f64::NEG_INFINITY);
    assert!(decoded::<f64>("f97e00").is_nan() && decoded::<f32>("fb7ff8000000000000").is_nan());
    assert_eq!(decoded::<Option<u8>>("f7"), None);
    assert_eq!(decoded::<Point>("a1 6178 01"), Point { x: 1.0, name: None });
    assert_eq!(decoded::<u64>("1bffffffffffffffff"), u64::MAX);
    assert_eq!(decoded::<i64>("3b7fffffffffffffff"), i64::MIN);
    assert_eq!(decoded::<u32>("c1 1a514b67b0"), 1_363_896_240, "tags are skipped");
    assert_eq!(decoded::<String>("7f 6161 6162 ff"), "ab", "chunked text");
    assert_eq!(decoded::<Vec<u8>>("9f 01 02 ff"), [1, 2], "indefinite list");
    assert_eq!(decoded::<Bytes>("5f 4101 4102 ff"), Bytes::from(vec![1, 2]));
    assert_eq!(decoded::<Bytes>("82 01 02"), Bytes::from(vec![1, 2]), "a list of numbers");
}

/// Goal: maps whose keys are no text have text keys outside, as in JSON, and come back.
#[test]
fn keys_are_text() {
    let numbers: HashMap<u64, bool> = [(7, true)].into();
    assert_eq!(to_vec(&numbers).unwrap(), hex("a1 6137 f5"));
    assert_eq!(decoded::<HashMap<u64, bool>>("a1 6137 f5"), numbers);
    assert_eq!(decoded::<HashMap<u64, bool>>("a1 07 f5"), numbers);
    round_trip(&BTreeMap::from([(Colour::Red, 1), (Colour::Green, 2)]));
    round_trip(&BTreeMap::from([(-5_i8, 'a'), (6, 'b')]));
    round_trip(&BTreeMap::from([(true, 1)]));
    let bad = to_vec(&BTreeMap::from([((1, 2), 3)])).expect_err("a list is no key");
    assert!(bad.to_string().contains("keys"), "{bad}");
    let bad = refusal::<HashMap<u8, u8>>(&hex("a1 6178 01"));
    assert_eq!(bad, r#": expected u8, found the text "x""#);
}

/// Goal: a refusal says where, what was expected and what was found.
#[test]
fn refusals_name_the_place() {
    let text = hex("63616263");
    assert_eq!(refusal::<i64>(&text), r#": expected i64, found the text "abc""#);
    assert_eq!(refusal::<u8>(&hex("190100")), ": expected u8, found 256");
    assert_eq!(
        refusal::<i64>(&hex("fb3ff8000000000000")),
        ": expected i64, found a number with a fraction"
    );
    let polygon =
        hex("a1 67506f6c79676f6e a2 66706f696e7473 82 a1617801 a1617880 66636c6f736564 f5");
    assert_eq!(
        refusal::<Vec<Shape>>(&[&[0x81][..], &polygon].concat()),
        "[0].points[1].x: expected f64, found a list"
    );
    assert_eq!(refusal::<Point>(&hex("a0")), ": missing field `x`");
    assert_eq!(refusal::<(u8, u8)>(&hex("83 01 02 03")), ": more than the 2 elements expected");
    assert!(refusal::<Shape>(&text).contains("unknown variant `abc`, expected one of `Empty`"));
    assert!(refusal::<Shape>(&hex("05")).contains("expected a variant's name"));
    assert_eq!(refusal::<u8>(&hex("01 02")), ": 1 bytes too many after the value");
    assert_eq!(
        refusal::<Bytes>(&text),
        r#": expected bytes, in JSON {"$bytes": "base64"}, found the text "abc""#
    );
}

/// Goal: no bytes make the decoder panic, overflow its stack or reserve what is not there.
#[test]
fn hostile_bytes_are_refused() {
    assert_eq!(refusal::<u8>(&[]), ": the value ends too early");
    assert!(refusal::<Vec<u8>>(&hex("9bffffffffffffffff 01")).contains("ends too early"));
    assert!(refusal::<String>(&hex("7bffffffffffffffff 61")).contains("ends too early"));
    assert!(refusal::<HashMap<u8, u8>>(&hex("bbffffffffffffffff")).contains("ends too early"));
    for bytes in [hex("1c"), hex("f8ff"), hex("ff"), hex("62c328"), hex("7f01ff")] {
        let _ = refusal::<String>(&bytes);
    }
    let deep = vec![0x81; 1_000_000];
    assert!(refusal::<serde::de::IgnoredAny>(&deep).contains("nested deeper"));
    let variants = hex("a1 66436972636c65").repeat(10_000);
    assert!(!refusal::<Shape>(&variants).is_empty());
    let mut random = 7_u64;
    for len in 0..2_000 {
        let bytes: Vec<u8> = (0..len % 40)
            .map(|_| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (random >> 56) as u8
            })
            .collect();
        let _ = from_slice::<Vec<Shape>>(&bytes);
        let _ = from_slice::<HashMap<u64, Flat>>(&bytes);
    }
}

/// Goal: a value nested up to the limit passes in both directions, one level more in neither.
#[test]
fn depth_is_limited_alike_in_both_directions() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Nested(Vec<Self>);
    let nested = |depth| (1..depth).fold(Nested(vec![]), |inner, _| Nested(vec![inner]));
    let deepest = nested(DEPTH_MAX);
    assert_eq!(from_slice::<Nested>(&to_vec(&deepest).unwrap()).unwrap(), deepest);
    assert!(to_vec(&nested(DEPTH_MAX + 1)).is_err());
}
