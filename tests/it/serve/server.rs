//! A running `flagctl serve`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::git_bench::TestRepository;

/// The time after which a test fails because an expected event is missing.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A server, which ends with this value.
pub(super) struct Server {
    child: Child,
    events: Receiver<Json>,
    /// The events that were received so far.
    pub(super) seen: Vec<Json>,
    /// The address for applications.
    pub(super) address: String,
    /// The address for the people who operate the server.
    pub(super) management: String,
}

impl Server {
    /// Starts a server in the repository's folder, and waits until it serves a bundle.
    pub(super) fn start(repository: &TestRepository, arguments: &[&str]) -> Self {
        let mut server = Self::start_without_bundle(repository, arguments);
        server.wait("bundle-current");
        server
    }

    /// Starts a server in the repository's folder, and waits until it listens.
    pub(super) fn start_without_bundle(repository: &TestRepository, arguments: &[&str]) -> Self {
        Self::start_with(repository, arguments, &[])
    }

    /// Starts a server with environment variables.
    pub(super) fn start_with(repository: &TestRepository, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
        command.args(["serve", "--format", "json", "--management", "127.0.0.1:0"]);
        for (option, value) in [("--listen", "127.0.0.1:0"), ("--poll", "1")] {
            if !arguments.contains(&option) {
                command.args([option, value]);
            }
        }
        command.args(arguments).envs(variables.iter().copied()).current_dir(repository.root());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, events) = channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or(Json::String(line));
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        let mut server = Self { child, events, seen: Vec::new(), address: String::new(), management: String::new() };
        let address = |event: &Json| event["url"].as_str().unwrap().split_once("://").unwrap().1.to_owned();
        server.address = address(&server.wait("listening"));
        server.management = address(&server.wait("listening"));
        server
    }

    /// Waits for the next event with this name.
    pub(super) fn wait(&mut self, name: &str) -> Json {
        self.wait_for(name, |_| true)
    }

    /// Waits for the next event with this name for which `is_expected` is true.
    pub(super) fn wait_for(&mut self, name: &str, is_expected: impl Fn(&Json) -> bool) -> Json {
        let end = Instant::now() + TIMEOUT;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let event = self.events.recv_timeout(left);
            let event = event.unwrap_or_else(|error| panic!("no event `{name}` ({error}): {:#?}", self.seen));
            self.seen.push(event.clone());
            if event["event"] == name && is_expected(&event) {
                return event;
            }
        }
    }

    /// Sends SIGTERM, and returns the exit code.
    #[cfg(unix)]
    pub(super) fn stop(&mut self) -> Option<i32> {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }

    /// Sends SIGHUP.
    #[cfg(unix)]
    pub(super) fn hang_up(&self) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::HUP).unwrap();
    }

    /// Returns whether the server still runs.
    pub(super) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
