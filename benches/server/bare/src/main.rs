//! `bare ADDRESS BYTES`: reads the body of each request, and answers with JSON of this size.

use std::convert::Infallible;
use std::env;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::runtime;

async fn answer(request: Request<Incoming>, body: Bytes) -> Result<Response<Full<Bytes>>, Infallible> {
    let _ = request.into_body().collect().await;
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert("content-type", "application/json".parse().expect("a header value"));
    Ok(response)
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, size] = arguments.as_slice() else { panic!("usage: bare ADDRESS BYTES") };
    let body = Bytes::from(format!("\"{}\"", "x".repeat(size.parse::<usize>().expect("a number") - 2)));
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await.expect("a free address");
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            let body = body.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| answer(request, body.clone()));
                let mut builder = http1::Builder::new();
                builder.timer(TokioTimer::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
}
