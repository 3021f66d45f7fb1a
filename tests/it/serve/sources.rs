//! The sources of a server: the working tree, branches, bundles and targets.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::git_bench::TestRepository;
use crate::publish::{fine, publish, target};
use crate::serve::client::{flag, request};
use crate::serve::server::Server;
use serde_json::{Value as Json, json};

fn variant(server: &Server) -> String {
    let answer = flag(&server.address, "sale", "{}").json();
    answer["variant"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn sell(repository: &TestRepository, serves: &str) {
    repository.write("flags/sale.yaml", &crate::git_bench::flag(serves));
}

#[test]
fn files_of_the_working_tree_are_served_as_they_are() {
    let repository = TestRepository::with_sale();
    let mut server = Server::start(&repository, &["--poll", "3600"]);
    assert_eq!(variant(&server), "on");
    sell(&repository, "off");
    server.wait("bundle-current");
    assert_eq!(variant(&server), "off");
    let changes = server.wait("bundle-changes");
    assert_eq!(changes["changes"][0]["summary"], "sale in production serves `off` instead of `on` to everyone");
}

#[test]
fn an_error_in_a_definition_keeps_the_last_good_bundle() {
    let repository = TestRepository::with_sale();
    let mut server = Server::start(&repository, &[]);
    repository.write("flags/sale.yaml", "variants: {on: true}\noff: of\ndefault: on\n");
    let failed = server.wait("source-failed");
    assert!(failed["problem"].as_str().unwrap().contains("flags/sale.yaml:2:6"), "{failed}");
    assert_eq!((failed["severity"].as_str(), variant(&server).as_str()), (Some("error"), "on"));
    sell(&repository, "off");
    server.wait("source-recovered");
    assert_eq!(variant(&server), "off");
}

#[test]
fn a_server_without_a_bundle_is_not_ready_and_asks_clients_to_come_back() {
    let repository = TestRepository::with_sale();
    let good = fs::read_to_string(repository.root().join("flags/sale.yaml")).unwrap();
    repository.write("flags/sale.yaml", "variants: {on: true}\noff: of\ndefault: on\n");
    let mut server = Server::start_without_bundle(&repository, &[]);
    server.wait("source-failed");
    let answer = flag(&server.address, "sale", "{}");
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    let ready = request(&server.management, "GET", "/readyz", &[], "");
    assert_eq!((ready.status, ready.body.as_str()), (503, "no bundle was loaded yet for production\n"));
    assert_eq!(request(&server.management, "GET", "/healthz", &[], "").status, 200);
    repository.write("flags/sale.yaml", &good);
    server.wait("bundle-current");
    assert_eq!(request(&server.management, "GET", "/readyz", &[], "").status, 200);
    assert_eq!(variant(&server), "on");
}

#[test]
fn a_branch_is_followed_and_uncommitted_files_are_not_served() {
    let mut repository = TestRepository::with_sale();
    let mut server = Server::start(&repository, &["--follow", "main"]);
    sell(&repository, "off");
    assert_eq!(variant(&server), "on");
    let commit = repository.commit("sale: off");
    assert_eq!(server.wait("bundle-current")["commit"], commit.as_str());
    let answer = flag(&server.address, "sale", "{}").json();
    assert_eq!((&answer["variant"], &answer["metadata"]["commit"]), (&json!("off"), &json!(commit)));
}

#[test]
fn a_branch_of_a_remote_is_fetched() {
    let mut repository = TestRepository::with_sale();
    repository.clone_to("copy", &[]);
    let mut server = Server::start(&repository, &["-C", "../copy", "--follow", "main", "--fetch", "origin"]);
    sell(&repository, "off");
    let commit = repository.commit("sale: off");
    assert_eq!(server.wait("bundle-current")["commit"], commit.as_str());
    assert_eq!(variant(&server), "off");
}

#[test]
fn a_bundle_file_is_read_again_when_it_is_replaced() {
    let repository = TestRepository::with_sale();
    let bundle = |revision: &str| repository.flagctl(&["export", "bundle", "--at", revision]).stdout;
    let file = repository.beside("bundle.json");
    fs::write(&file, bundle("HEAD")).unwrap();
    let mut server = Server::start(&repository, &["--bundle", "../bundle.json"]);
    assert_eq!(variant(&server), "on");
    fs::write(&file, bundle("HEAD~1")).unwrap();
    server.wait("bundle-current");
    assert_eq!(variant(&server), "off");
    fs::write(&file, "{}").unwrap();
    server.wait("source-failed");
    assert_eq!(variant(&server), "off");
}

/// Makes a repository and publishes its first commit.
fn published() -> (TestRepository, String) {
    let repository = TestRepository::with_sale();
    fine(publish(&repository, &["--at", "HEAD~1"]));
    let target = target(&repository);
    (repository, target)
}

#[test]
fn a_target_is_followed_and_a_webhook_wakes_the_server() {
    let (repository, target) = published();
    let mut server = Server::start(&repository, &[&target, "--poll", "3600"]);
    assert_eq!(variant(&server), "off");
    fine(publish(&repository, &[]));
    assert_eq!(request(&server.address, "POST", "/refresh", &[], "").status, 202);
    let current = server.wait("bundle-current");
    assert_eq!(
        (&current["sequence"], current["commit"].as_str()),
        (&json!(2), Some(repository.git(&["rev-parse", "HEAD"]).as_str()))
    );
    let answer = flag(&server.address, "sale", "{}").json();
    assert_eq!((&answer["variant"], &answer["metadata"]["sequence"]), (&json!("on"), &json!(2)));
}

/// Replaces the bundle of the current entry by other bytes.
fn damage(repository: &TestRepository) {
    let folder = repository.beside("fleet/production/bundles");
    let manifest = crate::publish::manifest(repository);
    fs::write(folder.join(format!("{}.json", manifest["bundle"]["sha256"].as_str().unwrap())), "{}").unwrap();
}

#[test]
fn a_bundle_that_fails_a_check_is_reported_and_never_served() {
    let (repository, target) = published();
    let mut server = Server::start(&repository, &[&target]);
    fs::rename(&target, repository.beside("away")).unwrap();
    server.wait("source-failed");
    assert_eq!(variant(&server), "off");
    fs::rename(repository.beside("away"), &target).unwrap();
    server.wait("source-recovered");
    fine(publish(&repository, &[]));
    damage(&repository);
    // The server may have read the bundle before it was damaged.
    let is_damage = |event: &Json| event["problem"].as_str().is_some_and(|problem| problem.contains("is damaged"));
    if variant(&server) == "off" {
        server.wait_for("source-failed", is_damage);
        assert_eq!(variant(&server), "off");
    }
}

#[test]
fn an_older_entry_never_replaces_a_newer_one() {
    let (repository, target) = published();
    let old = fs::read(PathBuf::from(&target).join("production/manifest.json")).unwrap();
    fine(publish(&repository, &[]));
    let mut server = Server::start(&repository, &[&target]);
    fs::write(PathBuf::from(&target).join("production/manifest.json"), old).unwrap();
    let failed = server.wait("source-failed");
    assert!(failed["problem"].as_str().unwrap().contains("number 1"), "{failed}");
    assert_eq!(variant(&server), "on");
}

/// Waits until the cache in this folder has an entry with this number.
fn wait_for_cache(repository: &TestRepository, folder: &str, sequence: u64) {
    let manifest = repository.beside(folder).join("production/manifest.json");
    let end = Instant::now() + Duration::from_secs(15);
    let is_written =
        || fs::read(&manifest).is_ok_and(|text| serde_json::from_slice::<Json>(&text).unwrap()["sequence"] == sequence);
    while !is_written() {
        assert!(Instant::now() < end, "`{}` has no entry {sequence}", manifest.display());
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_last_good_bundle_outlives_a_restart_while_the_store_is_away() {
    let (repository, target) = published();
    let start = || Server::start(&repository, &[&target, "-e", "production", "--cache", "../cache"]);
    let server = start();
    wait_for_cache(&repository, "cache", 1);
    drop(server);
    fs::rename(&target, repository.beside("away")).unwrap();
    let mut server = start();
    assert!(server.seen.iter().any(|event| event["event"] == "cache-used"), "{:#?}", server.seen);
    server.wait("source-failed");
    assert_eq!(variant(&server), "off");
    fs::rename(repository.beside("away"), &target).unwrap();
    fine(publish(&repository, &[]));
    server.wait("bundle-current");
    assert_eq!(variant(&server), "on");
    wait_for_cache(&repository, "cache", 2);
    // The cache has only the newest bundle. The older ones are removed a moment later.
    thread::sleep(Duration::from_millis(200));
    let bundles = fs::read_dir(repository.beside("cache/production/bundles")).unwrap();
    let names: Vec<_> = bundles.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.iter().filter(|name| !name.starts_with('.')).count(), 1, "{names:?}");
}

#[test]
fn a_cache_that_was_changed_is_not_served() {
    let (repository, target) = published();
    let arguments = [&target, "-e", "production", "--cache", "../cache"];
    let server = Server::start(&repository, &arguments);
    wait_for_cache(&repository, "cache", 1);
    drop(server);
    let bundles = repository.beside("cache/production/bundles");
    let bundle = fs::read_dir(bundles).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&bundle).unwrap();
    fs::write(&bundle, text + " ").unwrap();
    fs::rename(&target, repository.beside("away")).unwrap();
    let mut server = Server::start_without_bundle(&repository, &arguments);
    server.wait("source-failed");
    assert_eq!(flag(&server.address, "sale", "{}").status, 503);
}

#[test]
fn a_target_in_flagds_format_is_refused_with_the_way_out() {
    let repository = TestRepository::with_sale();
    fine(publish(&repository, &["--bundle-format", "flagd"]));
    let mut server = Server::start_without_bundle(&repository, &[&target(&repository)]);
    let failed = server.wait("source-failed");
    assert!(failed["problem"].as_str().unwrap().contains("publish to a target with `format: flagctl`"), "{failed}");
}

#[test]
fn several_targets_have_names() {
    let (repository, target) = published();
    fine(repository.flagctl(&["publish", "../other", "--at", "HEAD"]));
    let [first, second] = [format!("old={target}"), "new=../other".to_owned()];
    let mut server = Server::start(&repository, &[&first, &second, "--cache", "../cache"]);
    server.wait("bundle-current");
    let ask = |environment: &str| {
        let path = format!("/{environment}/ofrep/v1/evaluate/flags/sale");
        request(&server.address, "POST", &path, &[], r#"{"context":{}}"#).json()["variant"].clone()
    };
    assert_eq!([ask("old/production"), ask("new/production")], [json!("off"), json!("on")]);
    wait_for_cache(&repository, "cache/old", 1);
    wait_for_cache(&repository, "cache/new", 1);
    let ran = repository.flagctl(&["serve", &first, "../other", "--check"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("`../other` has no name"), "{}", ran.stderr);
}

#[test]
fn a_kill_is_served_before_it_is_cached_and_the_cache_is_written_as_soon_as_it_can_be() {
    let (repository, target) = published();
    let arguments = [&target, "-e", "production", "--cache", "../cache"];
    let mut server = Server::start(&repository, &arguments);
    wait_for_cache(&repository, "cache", 1);
    // The cache cannot be written for a while.
    let bundles = repository.beside("cache/production/bundles");
    fs::remove_dir_all(&bundles).unwrap();
    fs::write(&bundles, "").unwrap();
    fine(publish(&repository, &[]));
    server.wait("bundle-current");
    assert_eq!(variant(&server), "on");
    let failed = server.wait("source-failed");
    assert!(failed["problem"].as_str().unwrap().starts_with("the cache cannot be written: "), "{failed}");
    fs::remove_file(&bundles).unwrap();
    server.wait("source-recovered");
    wait_for_cache(&repository, "cache", 2);
    drop(server);
    fs::rename(&target, repository.beside("away")).unwrap();
    let server = Server::start(&repository, &arguments);
    assert_eq!(variant(&server), "on");
}

#[test]
fn a_cache_names_the_environments_while_the_store_is_away() {
    let (repository, target) = published();
    let arguments = [target.as_str(), "--cache", "../cache"];
    let server = Server::start(&repository, &arguments);
    wait_for_cache(&repository, "cache", 1);
    drop(server);
    fs::rename(&target, repository.beside("away")).unwrap();
    assert_eq!(variant(&Server::start(&repository, &arguments)), "off");
}

#[test]
fn a_target_that_begins_again_replaces_a_damaged_cache() {
    let (repository, target) = published();
    fine(publish(&repository, &[]));
    let arguments = [&target, "-e", "production", "--cache", "../cache"];
    let server = Server::start(&repository, &arguments);
    wait_for_cache(&repository, "cache", 2);
    drop(server);
    let cache = repository.beside("cache/production");
    fs::write(cache.join("manifest.json"), "{}").unwrap();
    fs::remove_dir_all(&target).unwrap();
    fine(publish(&repository, &["--at", "HEAD~1"]));
    let mut server = Server::start_without_bundle(&repository, &arguments);
    let failed = server.wait("source-failed");
    assert!(failed["problem"].as_str().unwrap().starts_with("the cache is not used: "), "{failed}");
    server.wait("source-recovered");
    wait_for_cache(&repository, "cache", 1);
    drop(server);
    fs::rename(&target, repository.beside("away")).unwrap();
    assert_eq!(variant(&Server::start(&repository, &arguments)), "off");
}
