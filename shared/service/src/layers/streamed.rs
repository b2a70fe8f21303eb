//! An answer that streams, and ends when its caller's token does or the program: in words, not in a cut connection.

use http_body::{Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tonic::{Status, body::Body};

/// Resolves to the reason for which a stream may not go on.
pub(super) type End = Pin<Box<dyn Future<Output = Status> + Send>>;

/// A body that goes on until there is a reason why not.
pub(super) struct Streamed {
    inner: Body,
    /// None once it has come.
    end: Option<End>,
}

impl Streamed {
    pub(super) fn new(inner: Body, end: End) -> Self {
        Self { inner, end: Some(end) }
    }
}

impl http_body::Body for Streamed {
    type Data = <Body as http_body::Body>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let Some(end) = self.end.as_mut() else { return Poll::Ready(None) };
        // First, or a stream that always has something to say would never end.
        if let Poll::Ready(why) = end.as_mut().poll(context) {
            self.end = None;
            // Whoever makes the messages stops as well.
            self.inner = Body::empty();
            let trailers = why.into_http::<()>().into_parts().0.headers;
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.end.is_none() || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use http_body_util::BodyExt as _;
    use tonic::Code;

    #[tokio::test]
    async fn it_says_why_it_ends_and_then_nothing() {
        let (tell, told) = tokio::sync::oneshot::channel::<()>();
        let endless = futures::stream::repeat_with(|| Ok::<_, Status>(Frame::data(bytes::Bytes::from_static(b"more"))));
        let end = told.map(|_| Status::unauthenticated("over")).boxed();
        let mut body = Streamed::new(Body::new(http_body_util::StreamBody::new(endless)), end);
        assert!(body.frame().await.unwrap().unwrap().is_data());
        tell.send(()).unwrap();
        let last = body.frame().await.unwrap().unwrap().into_trailers().unwrap();
        assert_eq!(Status::from_header_map(&last).unwrap().code(), Code::Unauthenticated);
        assert!(body.frame().await.is_none());
    }
}
