//! Accepts connections, and bounds what they can use.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
#[cfg(any(target_os = "linux", target_os = "android"))]
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::serve::limits::Limits;
use crate::serve::metrics::Metrics;
use crate::serve::response::Response;

/// The pause after a connection that could not be accepted, for example because no file descriptor is free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The maximum time for the handshake of TLS.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// A port of the server.
pub(super) struct Port {
    pub(super) listener: TcpListener,
    /// The current certificate, or `None` for connections without TLS.
    pub(super) certificate: Option<watch::Receiver<TlsAcceptor>>,
    pub(super) limits: Limits,
    pub(super) metrics: Arc<Metrics>,
}

impl Port {
    /// Answers requests until `stopping` is true. Then lets open requests finish, within the time for it.
    pub(super) async fn serve<A, F>(self, answer: A, mut stopping: watch::Receiver<bool>)
    where
        A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        let connections = Arc::new(Semaphore::new(self.limits.connections));
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = stopping.wait_for(|is_stopping| *is_stopping) => break,
            };
            let Ok((stream, _)) = accepted else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let Ok(permit) = Arc::clone(&connections).try_acquire_owned() else {
                // Dropping the stream closes it.
                self.metrics.refused_connections.inc();
                continue;
            };
            if configure(&stream, &self.limits).is_err() {
                continue;
            }
            let (answer, watcher, limits) = (answer.clone(), graceful.watcher(), self.limits);
            let acceptor = self.certificate.as_ref().map(|certificate| certificate.borrow().clone());
            let open = self.metrics.connections.clone();
            tokio::spawn(async move {
                open.inc();
                match acceptor {
                    None => connection(stream, answer, limits, watcher).await,
                    Some(acceptor) => {
                        if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIME, acceptor.accept(stream)).await {
                            connection(stream, answer, limits, watcher).await;
                        }
                    }
                }
                open.dec();
                drop(permit);
            });
        }
        drop(self.listener);
        let _ = timeout(self.limits.shutdown_time, graceful.shutdown()).await;
    }
}

async fn connection<A, F, S>(stream: S, answer: A, limits: Limits, watcher: Watcher)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let response = answer(request);
        async move { Ok::<_, Infallible>(response.await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.request_time).max_buf_size(limits.head_bytes);
    // A client that closes its connection, or sends something that is not HTTP, ends only this connection.
    let _ = watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await;
}

/// Sets the options of a connection. The operating system closes it if a client leaves bytes unread for too long.
fn configure(stream: &TcpStream, limits: &Limits) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    SockRef::from(stream).set_tcp_user_timeout(Some(limits.write_time))?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = limits;
    Ok(())
}
