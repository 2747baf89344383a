//! The whole graph, natively: the same functions, called from a test, give the expected result.

use std::{fs, path::Path};

use pipeline::{Pair, best, compare, load, normalise, roll};
use serde_json::Value;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn series(file: impl AsRef<Path>) -> Vec<f64> {
    load(fs::read(folder().join("data").join(file)).unwrap().into()).unwrap()
}

fn json(file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder().join(file)).unwrap()).unwrap()
}

/// The 98 averages of three neighbouring stations.
fn rolled() -> Vec<Vec<f64>> {
    let normals = series("normals.csv");
    let stations = (0..100).map(|number| series(format!("stations/station-{number:03}.csv")));
    let normalised: Vec<_> = stations.map(|it| normalise(it, normals.clone()).unwrap()).collect();
    normalised.windows(3).map(|w| roll(w[0].clone(), w[1].clone(), w[2].clone())).collect()
}

/// Goal: the graph's 200 pairs lead to the result in expected.json, to the last digit.
#[test]
fn the_best_pair_is_the_expected_one() {
    let (rolled, graph) = (rolled(), json("graph.json"));
    let pairs = graph["tasks"]["compared"]["map"]["each"].as_array().unwrap();
    assert_eq!((rolled.len(), pairs.len()), (98, 200));
    let numbers = pairs.iter().map(|pair| [0, 1].map(|n| pair[n].as_u64().unwrap() as u32));
    let compared: Vec<Pair> = numbers
        .map(|[a, b]| compare(a, b, rolled[a as usize].clone(), rolled[b as usize].clone()))
        .collect();
    let found = serde_json::to_value(best(compared)).unwrap();
    assert_eq!(serde_json::json!({ "best": found }), json("expected.json"));
}

/// Goal: the numbers are what the words promise: mean 0, deviation 1, a series is like itself.
#[test]
fn normalised_series_have_mean_zero_and_deviation_one() {
    let series = normalise(series("stations/station-007.csv"), series("normals.csv")).unwrap();
    let days = series.len() as f64;
    assert!(series.iter().sum::<f64>().abs() < 1e-9);
    assert!((series.iter().map(|value| value * value).sum::<f64>() / days - 1.0).abs() < 1e-9);
    assert!((compare(1, 2, series.clone(), series).correlation - 1.0).abs() < 1e-9);
}

/// Goal: a broken file is an error that shows the line, not a wrong number.
#[test]
fn broken_files_are_refused() {
    let error = load("date,celsius\n2025-01-01".into()).unwrap_err();
    assert_eq!(error.message(), "\"2025-01-01\" is not `date,number`");
    assert!(load("date,celsius\n2025-01-01,cold".into()).is_err());
    assert_eq!(normalise(vec![1.0], vec![]).unwrap_err().message(), "1 days against 0");
}
