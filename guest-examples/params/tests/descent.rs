//! Gradient descent, natively: the calls that a client makes, one after the other.

use params::{Params, gradient};

/// Goal: shares of the points, worked on in turn, lead to the line through all of them.
#[test]
fn descent_finds_the_line() {
    let points: Vec<_> = (0..40).map(|i| f64::from(i) / 20.0).map(|x| (x, 3.0 * x - 1.0)).collect();
    let mut params = Params::new();
    params.put("line".into(), vec![0.0, 0.0]);
    let mut version = 0;
    for share in points.chunks(10).cycle().take(2_000) {
        let weights = params.get("line".into()).unwrap();
        version = params.add("line".into(), gradient(weights, share.to_vec()), 0.1).unwrap();
    }
    let line = params.get("line".into()).unwrap();
    assert!((line[0] + 1.0).abs() < 1e-6 && (line[1] - 3.0).abs() < 1e-6, "{line:?}");
    assert_eq!(version, 2_000);
}

/// Goal: what cannot be is refused with a message, and the weights stay as they are.
#[test]
fn misfits_are_refused() {
    let mut params = Params::new();
    let error = params.get("line".into()).unwrap_err();
    assert_eq!(error.message(), "there are no weights `line`");
    params.put("line".into(), vec![1.0, 2.0]);
    let error = params.add("line".into(), vec![1.0], 0.1).unwrap_err();
    assert_eq!(error.message(), "1 numbers for 2 weights");
    assert_eq!(params.get("line".into()).unwrap(), [1.0, 2.0]);
}
