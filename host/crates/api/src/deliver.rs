//! The bytes of objects and results on their way to the client: as they are, rendered as JSON, in
//! part, or not at all if the client has them.

use std::{ops::Range, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use wask_proto::{Encoding, ObjectId};

use crate::{
    cbor::Rendered,
    codes,
    content::Format,
    problem::{Answer, Problem},
};

/// What is to be delivered.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    /// The hash of the bytes.
    pub(crate) id: ObjectId,
    /// Number of bytes.
    pub(crate) size: u64,
    /// How they are to be read.
    pub(crate) encoding: Encoding,
    /// Their media type.
    pub(crate) media_type: Arc<str>,
    /// Whether the same address gives the same bytes for ever.
    pub(crate) immutable: bool,
}

/// Values from this size on are rendered on a thread that may block.
const BLOCKING_MIN_BYTES: usize = 1 << 20;

impl Parcel {
    /// Whether the client has it already.
    pub(crate) fn is_known(&self, request: &HeaderMap) -> bool {
        let known = request.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        let tag = self.tag();
        known.is_some_and(|known| {
            known.split(',').map(str::trim).any(|k| k == "*" || k.trim_start_matches("W/") == tag)
        })
    }

    /// The answer to a client that has it.
    pub(crate) fn not_modified(&self) -> Response {
        self.with_headers(StatusCode::NOT_MODIFIED.into_response())
    }

    /// The answer without the bytes.
    pub(crate) fn head(&self, request: &HeaderMap) -> Response {
        let renders = self.renders(request);
        let mut response = self.with_headers(Response::new(Body::empty()));
        let kind = if renders { Format::Json.media_type() } else { &self.media_type };
        set(&mut response, header::CONTENT_TYPE, kind);
        if !renders {
            set(&mut response, header::CONTENT_LENGTH, &self.size.to_string());
        }
        response
    }

    /// The answer with the bytes, or the part of them that was asked for.
    pub(crate) async fn deliver(&self, request: &HeaderMap, bytes: Vec<u8>) -> Answer {
        if self.renders(request) {
            let json = render(bytes).await?;
            let kind = [(header::CONTENT_TYPE, Format::Json.media_type())];
            return Ok(self.with_headers((kind, json).into_response()));
        }
        let mut response = match self.range(request)? {
            None => Response::new(Body::from(bytes)),
            Some(range) => {
                let part = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
                let part = part.and_then(|(start, end)| bytes.get(start..end)).unwrap_or(&[]);
                let mut response = Response::new(Body::from(part.to_vec()));
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                let last = range.end.saturating_sub(1);
                let place = format!("bytes {}-{last}/{}", range.start, self.size);
                set(&mut response, header::CONTENT_RANGE, &place);
                response
            }
        };
        set(&mut response, header::CONTENT_TYPE, &self.media_type);
        Ok(self.with_headers(response))
    }

    fn renders(&self, request: &HeaderMap) -> bool {
        self.encoding == Encoding::Cbor && Format::of(request) == Format::Json
    }

    fn tag(&self) -> String {
        format!("\"{}\"", self.id)
    }

    fn with_headers(&self, mut response: Response) -> Response {
        set(&mut response, header::ETAG, &self.tag());
        set(&mut response, header::VARY, "accept");
        set(&mut response, header::ACCEPT_RANGES, "bytes");
        let caching =
            if self.immutable { "private, max-age=31536000, immutable" } else { "no-cache" };
        set(&mut response, header::CACHE_CONTROL, caching);
        // Bytes come from anybody: a page among them must not act in this server's name.
        set(&mut response, header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
        response
    }

    /// The single range that is asked for. Several, or what cannot be read, mean the whole.
    fn range(&self, request: &HeaderMap) -> Answer<Option<Range<u64>>> {
        let range = request.get(header::RANGE).and_then(|range| range.to_str().ok());
        let range = range.and_then(|range| range.trim().strip_prefix("bytes="));
        let outdated = request.get(header::IF_RANGE).is_some_and(|tag| tag != self.tag().as_str());
        let Some((from, to)) = range.filter(|_| !outdated).and_then(|r| r.split_once('-')) else {
            return Ok(None);
        };
        let number = |text: &str| text.trim().parse::<u64>();
        let range = match (number(from), number(to)) {
            (Ok(from), Ok(to)) if from <= to => from..to.saturating_add(1).min(self.size),
            (Ok(from), Err(_)) if to.trim().is_empty() => from..self.size,
            (Err(_), Ok(last)) if from.trim().is_empty() => {
                self.size.saturating_sub(last)..self.size
            }
            _ => return Ok(None),
        };
        if range.start < range.end {
            return Ok(Some(range));
        }
        let detail = format!("there are {} bytes, counted from 0", self.size);
        let size = HeaderValue::from_str(&format!("bytes */{}", self.size));
        let size = size.unwrap_or(HeaderValue::from_static("bytes */*"));
        let problem = Problem::new(codes::RANGE_NOT_SATISFIABLE, detail);
        Err(problem.header(header::CONTENT_RANGE, size))
    }
}

async fn render(bytes: Vec<u8>) -> Answer<Vec<u8>> {
    let is_large = bytes.len() >= BLOCKING_MIN_BYTES;
    let render = move || Format::Json.encode(&Rendered(&bytes));
    let rendered = if is_large {
        let rendered = tokio::task::spawn_blocking(render).await;
        rendered.unwrap_or_else(|error| Err(error.to_string()))
    } else {
        render()
    };
    rendered.map_err(|error| Problem::new(codes::INTERNAL, error))
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    // Media types come from clients; one that cannot be a header is left out.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(encoding: Encoding) -> Parcel {
        let id = ObjectId([1; 32]);
        Parcel { id, size: 10, encoding, media_type: "text/plain".into(), immutable: true }
    }

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let range = |text: &str| {
            let range = parcel(Encoding::Raw).range(&headers("range", text));
            range.map_err(|problem| problem.code())
        };
        assert_eq!(range("bytes=0-3"), Ok(Some(0..4)));
        assert_eq!(range("bytes=8-99"), Ok(Some(8..10)));
        assert_eq!(range("bytes=4-"), Ok(Some(4..10)));
        assert_eq!(range("bytes=-3"), Ok(Some(7..10)));
        assert_eq!(range("bytes=-99"), Ok(Some(0..10)));
        for whole in ["bytes=0-1,3-4", "lines=0-1", "bytes=3-1", "bytes=x-"] {
            assert_eq!(range(whole), Ok(None), "{whole}");
        }
        for outside in ["bytes=10-", "bytes=99-100", "bytes=-0"] {
            assert_eq!(range(outside), Err("range_not_satisfiable"), "{outside}");
        }
    }

    #[tokio::test]
    async fn structured_values_are_rendered_unless_asked_otherwise() {
        let cbor = parcel(Encoding::Cbor);
        let json = cbor.deliver(&HeaderMap::new(), vec![0x81, 0x05]).await.unwrap();
        assert_eq!(json.headers()[header::CONTENT_TYPE], "application/json");
        let plain = cbor.deliver(&headers("accept", "application/cbor"), vec![0x81, 0x05]).await;
        assert_eq!(plain.unwrap().headers()[header::CONTENT_TYPE], "text/plain");
        let tag = format!("W/\"{}\"", cbor.id);
        assert!(cbor.is_known(&headers("if-none-match", &tag)));
        assert!(!cbor.is_known(&headers("if-none-match", "\"x\"")));
    }
}
