//! The run of a server, from its start to its end.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::runtime;
use tokio::signal;
use tokio::sync::{Semaphore, watch};

use crate::report::server::ServerEvent;
use crate::serve::application::Application;
use crate::serve::environments::Environments;
use crate::serve::exposures::ExposureRecorder;
use crate::serve::follower::{Follower, HistorySource};
use crate::serve::listen::Port;
use crate::serve::management;
use crate::serve::metrics::Metrics;
use crate::serve::open_files;
use crate::serve::page::Page;
use crate::serve::permissions::Permissions;
use crate::serve::reload::watch_files;
use crate::serve::settings::{ServeSettings, TokenSource};
use crate::serve::threads;
use crate::serve::tls;
use crate::serve::tokens::Tokens;
use crate::serve::update::Updater;
use crate::serve::wake::Wake;

/// The number of open files that are not for connections of applications: sources, caches, settings and management.
const RESERVED_FILES: usize = 128;
/// The maximum size of the file of tokens in bytes.
const MAX_TOKEN_BYTES: u64 = 1 << 20;

/// The reason why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Two followers have the same environment.
    #[error("two sources have the environment `{0}`: serve one of them in another process")]
    SameEnvironment(String),
    /// An address is not free, or is not one of this machine.
    #[error("cannot listen at {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        error: io::Error,
    },
    /// A file of tokens, of a certificate or of exposures cannot be used.
    #[error("cannot use {0}")]
    File(String),
    /// The operating system gives no notifications about files.
    #[error("cannot watch the files: {0}")]
    Watch(String),
    /// The operating system gives no threads or signals.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Serves applications until the process gets SIGTERM or SIGINT.
///
/// # Errors
/// Returns [`ServeError`] if the server cannot start. A problem of a source is logged and does not end the server.
pub fn run(mut settings: ServeSettings, followers: Vec<Box<dyn Follower>>) -> Result<(), ServeError> {
    let possible = open_files::raise_limit().saturating_sub(RESERVED_FILES);
    if settings.limits.connections > possible {
        settings.log.write(&ServerEvent::FewFiles { connections: possible });
        settings.limits.connections = possible;
    }
    let mut wake = Wake::default();
    let mut watched = Vec::new();
    let environments = environments(&followers)?;
    let histories = histories(&followers);
    for mut follower in followers {
        let (waker, sleep) = wake.add();
        follower.watch(waker).map_err(|error| ServeError::Watch(error.to_string()))?;
        watched.push((follower, sleep));
    }
    let recorded = settings.exposures.take();
    let mut application = application(&settings, environments, wake)?;
    if let Some(recorded) = recorded {
        let name = recorded.name.clone();
        let counters = [&application.metrics.exposures, &application.metrics.dropped_exposures].map(Clone::clone);
        let recorder = ExposureRecorder::start(recorded, counters, settings.log.clone());
        application.exposures = Some(recorder.map_err(|error| ServeError::File(format!("`{name}`: {error}")))?);
    }
    let application = Arc::new(application);
    let overrides: Arc<[_]> = settings.overrides.clone().into();
    let hosts = settings.page_hosts.clone();
    let page = Arc::new(Page::new(Arc::clone(&application), Arc::clone(&overrides), histories, hosts));
    let runtime = runtime::Builder::new_multi_thread().enable_all().thread_stack_size(threads::STACK_BYTES).build()?;
    runtime.block_on(async {
        let ports = Ports::open(&settings, &application).await?;
        for (follower, sleep) in watched {
            let updater = Updater::new(Arc::clone(&application), Arc::clone(&overrides), &settings.log);
            let poll = settings.poll;
            threads::spawn(move || updater.run(follower, &sleep, poll))?;
        }
        ports.serve(&settings, &application, page).await
    })
}

/// Reads everything once that a server needs at its start. Returns whether every environment can be served.
///
/// # Errors
/// Returns [`ServeError`] if the server could not start.
pub fn check(settings: &ServeSettings, followers: Vec<Box<dyn Follower>>) -> Result<bool, ServeError> {
    settings.certificate.as_ref().map(tls::acceptor).transpose().map_err(ServeError::File)?;
    let application = Arc::new(application(settings, environments(&followers)?, Wake::default())?);
    for mut follower in followers {
        let overrides = settings.overrides.clone().into();
        Updater::new(Arc::clone(&application), overrides, &settings.log).read(follower.as_mut());
    }
    Ok(application.environments.are_ready())
}

fn environments(followers: &[Box<dyn Follower>]) -> Result<Environments, ServeError> {
    let names: Vec<String> = followers.iter().flat_map(|follower| follower.environments()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair.first() == pair.last()) {
        Some(pair) => Err(ServeError::SameEnvironment(pair.first().cloned().unwrap_or_default())),
        None => Ok(Environments::new(names)),
    }
}

/// Returns where the history of each environment is.
fn histories(followers: &[Box<dyn Follower>]) -> BTreeMap<String, HistorySource> {
    let histories = followers.iter().filter_map(|follower| Some((follower.environments(), follower.history()?)));
    histories.flat_map(|(names, source)| names.into_iter().map(move |name| (name, source.clone()))).collect()
}

fn application(settings: &ServeSettings, environments: Environments, wake: Wake) -> Result<Application, ServeError> {
    let tokens = read_tokens(&settings.tokens)?;
    let (permissions, _) = watch::channel(Arc::new(Permissions::new(&environments, tokens)));
    Ok(Application {
        environments,
        permissions,
        metrics: Arc::new(Metrics::new()),
        webhook_secret: settings.webhook_secret.clone(),
        cors: settings.cors.clone(),
        header_attributes: settings.header_attributes.clone(),
        public_url: settings.public_url.clone(),
        limits: settings.limits,
        streams: Arc::new(Semaphore::new(settings.limits.streams)),
        wake,
        clock: settings.clock,
        exposures: None,
    })
}

/// The open ports of a server.
struct Ports {
    applications: Port,
    management: Option<Port>,
}

impl Ports {
    /// Opens the ports, so that an address that is not free is an error at the start.
    async fn open(settings: &ServeSettings, application: &Application) -> Result<Self, ServeError> {
        let certificate = settings.certificate.as_ref().map(tls::acceptor).transpose().map_err(ServeError::File)?;
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let port = |listener| Port {
            listener,
            certificate: None,
            limits: settings.limits,
            metrics: Arc::clone(&application.metrics),
        };
        let listener = listen(settings.listen).await?;
        let address = listener.local_addr()?;
        let certificate = certificate.zip(settings.certificate.clone()).map(|(acceptor, files)| {
            let (current, certificate) = watch::channel(acceptor);
            let paths = vec![files.chain.clone(), files.key.clone()];
            tokio::spawn(watch_files(paths, settings.log.clone(), move || {
                tls::acceptor(&files).map(|acceptor| drop(current.send_replace(acceptor)))
            }));
            certificate
        });
        let url = format!("{scheme}://{address}");
        settings.log.write(&ServerEvent::Listening { purpose: "applications", url });
        if !address.ip().is_loopback() && application.permissions.borrow().tokens.is_empty() {
            settings.log.write(&ServerEvent::NoTokens);
        }
        let management = match settings.management {
            None => None,
            Some(address) => {
                let listener = listen(address).await?;
                let url = format!("http://{}", listener.local_addr()?);
                settings.log.write(&ServerEvent::Listening { purpose: "management", url });
                Some(port(listener))
            }
        };
        Ok(Self { applications: Port { certificate, ..port(listener) }, management })
    }

    /// Answers requests until the process gets a signal.
    async fn serve(
        self,
        settings: &ServeSettings,
        application: &Arc<Application>,
        page: Arc<Page>,
    ) -> Result<(), ServeError> {
        if let TokenSource::File(path) = &settings.tokens {
            let (application, source) = (Arc::clone(application), settings.tokens.clone());
            tokio::spawn(watch_files(vec![path.clone()], settings.log.clone(), move || {
                let tokens = read_tokens(&source).map_err(|error| error.to_string())?;
                let tokens = tokens.with_limiters_of(&application.permissions.borrow().tokens);
                let permissions = Arc::new(Permissions::new(&application.environments, tokens));
                application.permissions.send_replace(permissions).revoke();
                Ok(())
            }));
        }
        #[cfg(unix)]
        if application.exposures.is_some() {
            let mut moved = signal::unix::signal(signal::unix::SignalKind::hangup())?;
            let application = Arc::clone(application);
            tokio::spawn(async move {
                while moved.recv().await.is_some() {
                    application.exposures.as_ref().inspect(|exposures| exposures.reopen());
                }
            });
        }
        let (stop, stopping) = watch::channel(false);
        let answer = Arc::clone(application);
        let applications = self.applications.serve(
            move |request| {
                let application = Arc::clone(&answer);
                async move { application.respond(request).await }
            },
            stopping.clone(),
        );
        let applications = tokio::spawn(applications);
        if let Some(port) = self.management {
            let application = Arc::clone(application);
            let respond = move |request| {
                let (application, page) = (Arc::clone(&application), Arc::clone(&page));
                async move { management::respond(&application, &page, &request).await }
            };
            tokio::spawn(port.serve(respond, stopping));
        }
        stop_signal().await?;
        settings.log.write(&ServerEvent::Stopping);
        stop.send_replace(true);
        application.permissions.borrow().revoke();
        // A panic of the task was already reported.
        let _ = applications.await;
        application.exposures.as_ref().inspect(|exposures| exposures.end());
        Ok(())
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|error| ServeError::Listen { address, error })
}

fn read_tokens(source: &TokenSource) -> Result<Tokens, ServeError> {
    match source {
        TokenSource::NoTokens => Ok(Tokens::default()),
        TokenSource::Fixed(tokens) => Ok(tokens.clone()),
        TokenSource::File(path) => {
            let refused =
                |problem: &dyn std::fmt::Display| ServeError::File(format!("`{}`: {problem}", path.display()));
            let text = read_text(path).map_err(|error| refused(&error))?;
            let tokens = Tokens::parse(&text).map_err(|problem| refused(&problem))?;
            if tokens.is_empty() {
                return Err(refused(&"it has no tokens"));
            }
            Ok(tokens)
        }
    }
}

fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_TOKEN_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

/// Waits for SIGTERM or SIGINT.
async fn stop_signal() -> io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    signal::ctrl_c().await
}
