//! `/objects`: immutable bytes, in and out.

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse as _,
    routing::{get, post},
};
use wask_node::view::{CBOR, OCTETS, ObjectInfo};
use wask_proto::ObjectId;

use crate::{
    cbor::{check_one_item, json_to_cbor},
    codes,
    config::ApiLimits,
    content::{Format, media_type, read_body},
    deliver::Parcel,
    dto::ObjectDto,
    graph::check_value,
    params::Path,
    problem::{Answer, Problem},
    state::ApiState,
};

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/objects", post(store))
        .route("/objects/{id}", get(show).head(head).put(store_as).delete(delete))
}

async fn store(State(state): State<ApiState>, format: Format, request: Request) -> Answer {
    store_bytes(&state, format, request, None).await
}

async fn store_as(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let id = id
        .parse::<ObjectId>()
        .map_err(|error| Problem::new(codes::INVALID_PARAMETER, format!("{error}, not `{id}`")))?;
    store_bytes(&state, format, request, Some(id)).await
}

async fn store_bytes(
    state: &ApiState,
    format: Format,
    request: Request,
    expect: Option<ObjectId>,
) -> Answer {
    let limits = state.limits();
    let kind = media_type(request.headers());
    let body = read_body(request, limits.object_max_bytes, limits).await?;
    let (bytes, kind) = prepare(body, kind, limits)?;
    let (info, created) = state.node().put_object(bytes, &kind, expect).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let place = [(header::LOCATION, format!("/api/v1/objects/{}", info.id))];
    Ok((place, format.reply(status, &ObjectDto::from(&info))).into_response())
}

/// JSON is stored as CBOR, CBOR must be whole, anything else stays as it is.
fn prepare(body: Bytes, kind: String, limits: &ApiLimits) -> Answer<(Vec<u8>, String)> {
    let invalid = codes::INVALID_REQUEST;
    match kind.as_str() {
        "application/json" => {
            let cbor = json_to_cbor(&body, limits.nesting_max);
            let cbor = cbor.map_err(|error| Problem::of_json(error, invalid))?;
            let value = check_value(&cbor).map_err(|e| Problem::with_errors(invalid, e))?;
            Ok((value, CBOR.to_owned()))
        }
        CBOR => {
            let checked = check_one_item(&body, limits.nesting_max);
            checked.map_err(|error| Problem::of_cbor(error, invalid))?;
            Ok((body.into(), kind))
        }
        // What `curl --data-binary` says when it is not told otherwise.
        "" | "application/x-www-form-urlencoded" => Ok((body.into(), OCTETS.to_owned())),
        _ => Ok((body.into(), kind)),
    }
}

async fn show(State(state): State<ApiState>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let (id, parcel) = find(&state, &id).await?;
    if parcel.is_known(&headers) {
        return Ok(parcel.not_modified());
    }
    let found = state.node().object_bytes(id).await?;
    let (_, bytes) = found.ok_or_else(|| unknown(&id.to_string()))?;
    parcel.deliver(&headers, bytes).await
}

async fn head(State(state): State<ApiState>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let (_, parcel) = find(&state, &id).await?;
    Ok(parcel.head(&headers))
}

async fn delete(State(state): State<ApiState>, Path(id): Path<String>) -> Answer<StatusCode> {
    let id = id.parse().map_err(|_| unknown(&id))?;
    state.node().delete_object(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(state: &ApiState, id: &str) -> Answer<(ObjectId, Parcel)> {
    let parsed = id.parse::<ObjectId>().map_err(|_| unknown(id))?;
    let info: ObjectInfo = state.node().object(parsed).await?.ok_or_else(|| unknown(id))?;
    let parcel = Parcel {
        id: parsed,
        size: info.size,
        encoding: info.encoding(),
        media_type: info.media_type,
        immutable: true,
    };
    Ok((parsed, parcel))
}

fn unknown(id: &str) -> Problem {
    Problem::new(codes::UNKNOWN_OBJECT, format!("there is no object `{id}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_stored_as_cbor_and_everything_else_as_it_is() {
        let prepare = |kind: &str, body: &'static [u8]| {
            let prepared =
                prepare(Bytes::from_static(body), kind.to_owned(), &ApiLimits::default());
            prepared.map_err(|problem| problem.code())
        };
        assert_eq!(prepare("application/json", b"[1]"), Ok((vec![0x81, 1], CBOR.to_owned())));
        assert_eq!(prepare("", b"[1]"), Ok((b"[1]".to_vec(), OCTETS.to_owned())));
        assert_eq!(prepare("text/csv", b"a,b"), Ok((b"a,b".to_vec(), "text/csv".to_owned())));
        assert_eq!(prepare(CBOR, &[0x9f, 1, 0xff]), Ok((vec![0x9f, 1, 0xff], CBOR.to_owned())));
        assert_eq!(prepare(CBOR, &[0x9f]), Err("malformed_cbor"));
        assert_eq!(prepare("application/json", b"{"), Err("malformed_json"));
        assert_eq!(prepare("application/json", b"{\"$task\": \"a\"}"), Err("invalid_request"));
    }
}
