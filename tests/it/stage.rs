//! Stages: since when an environment serves a flag as it does now, by the published log or by commits.

use std::fs;
use std::fs::File;
use std::time::{Duration, UNIX_EPOCH};

use flagctl::git::{CacheWrites, Revision, RevisionSpec};
use flagctl::live::Live;
use flagctl::publish::Channel;
use flagctl::source::FlagRepository;
use flagctl::stage::{Begin, Clock, Liveness, PublishedLog, Reach, StageError, StageQuery, Stages, stages};
use flagctl::store::Store;
use jiff::Timestamp;

use crate::git_bench::{FIRST, PROJECT, TestRepository, flag};
use crate::publish::{fine, place, publish, target};

const ALL: Reach = Reach { stages: 100, before: None };
const DAY: u64 = 86_400;

/// A flag that serves `on` to the segment `beta`.
const FLAG: &str = "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {on: true, off: false}\noff: off\n\
                    default: off\nrules:\n  - name: beta\n    if: {segment: beta}\n    serve: on\n";

fn repository() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/sale.yaml", FLAG);
    segment(&mut repository, "CA");
    repository
}

fn segment(repository: &mut TestRepository, country: &str) -> String {
    repository.write("segments/beta.yaml", &format!("description: A test's.\nif: {{country: [{country}]}}\n"));
    repository.commit("segment")
}

/// Publishes, and sets the time of the new entry.
fn publish_on(repository: &TestRepository, sequence: u64, day: u64, more: &[&str]) {
    fine(publish(repository, more));
    let path = place(repository, &format!("log/{sequence:09}.sig"));
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false, reason = "a test's own file")]
    permissions.set_readonly(false);
    fs::set_permissions(&path, permissions).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(FIRST + day * DAY)).unwrap();
}

fn tip(repository: &TestRepository) -> (FlagRepository, Revision) {
    let found = FlagRepository::find(repository.root(), CacheWrites::Forbidden).unwrap();
    let tip = found.revision(&RevisionSpec::new("HEAD")).unwrap();
    (found, tip)
}

fn published(repository: &TestRepository, reach: Reach) -> Result<Stages, StageError> {
    let (found, tip) = tip(repository);
    let store = Store::open(&target(repository), &[]).unwrap();
    let log = PublishedLog { channel: Channel::new(&store, "production"), signers: None, target: None };
    let clock = Clock::Published { live: &Live::new(found), logs: vec![log] };
    stages(&StageQuery { flag: "sale", environment: "production", tip: &tip }, &clock, reach)
}

fn by_commits(repository: &TestRepository, reach: Reach) -> Result<Stages, StageError> {
    let (_, tip) = tip(repository);
    stages(&StageQuery { flag: "sale", environment: "production", tip: &tip }, &Clock::Commits, reach)
}

/// Returns the numbers and the days of the stages, the newest first.
fn log(stages: &Stages) -> Vec<(u64, i64)> {
    let first = i64::try_from(FIRST).unwrap();
    let day = |time: Timestamp| (time.as_second() - first) / 86_400;
    stages.list.iter().map(|stage| (stage.sequence.unwrap(), day(stage.start))).collect()
}

#[test]
fn a_flag_keeps_its_stage_until_something_that_decides_it_changes() {
    let mut repository = repository();
    publish_on(&repository, 1, 1, &[]);
    repository.write("flags/other.yaml", &flag("on"));
    repository.commit("another flag");
    publish_on(&repository, 2, 2, &[]);
    repository.write("flags/sale.yaml", &FLAG.replace("A test's", "Another text"));
    repository.commit("text");
    publish_on(&repository, 3, 3, &[]);
    let found = published(&repository, ALL).unwrap();
    assert_eq!((found.liveness, log(&found)), (Liveness::Live, vec![(1, 1)]));

    let changed = segment(&mut repository, "DE");
    let found = published(&repository, ALL).unwrap();
    assert_eq!((found.liveness, log(&found)), (Liveness::Unpublished, vec![(1, 1)]));
    assert!(found.current().is_none());
    publish_on(&repository, 4, 10, &[]);
    let found = published(&repository, ALL).unwrap();
    assert_eq!((found.liveness, log(&found)), (Liveness::Live, vec![(4, 10), (1, 1)]));
    let stage = found.current().unwrap();
    assert_eq!((&stage.commit, stage.begin), (&changed, Begin::Exact));
    let now = Timestamp::from_second(i64::try_from(FIRST + 12 * DAY).unwrap()).unwrap();
    assert_eq!(stage.age(now).as_hours(), 48);
    assert_eq!(stage.age(Timestamp::UNIX_EPOCH).as_hours(), 0);
}

#[test]
fn a_kill_a_revival_and_a_rollback_begin_stages() {
    let mut repository = repository();
    publish_on(&repository, 1, 1, &[]);
    repository.write("kills/production/sale.yaml", "reason: it answers 500\n");
    let kill = repository.commit("kill");
    publish_on(&repository, 2, 2, &[]);
    repository.remove("kills/production/sale.yaml");
    repository.commit("revive");
    publish_on(&repository, 3, 3, &[]);
    let found = published(&repository, ALL).unwrap();
    assert_eq!(log(&found), [(3, 3), (2, 2), (1, 1)]);
    assert_eq!(found.list[1].commit, kill);

    segment(&mut repository, "DE");
    publish_on(&repository, 4, 4, &[]);
    publish_on(&repository, 5, 5, &["-e", "production", "--rollback-to", "3"]);
    let found = published(&repository, ALL).unwrap();
    assert_eq!((found.liveness, log(&found)), (Liveness::Unpublished, vec![(5, 5), (4, 4), (3, 3), (2, 2), (1, 1)]));
    assert_eq!(log(&published(&repository, Reach { stages: 2, before: None }).unwrap()), [(5, 5), (4, 4)]);
}

#[test]
fn a_walk_ends_at_the_time_that_the_caller_needs() {
    let mut repository = repository();
    for entry in 1..=5 {
        publish_on(&repository, entry, entry, &[]);
        repository.write(&format!("flags/other{entry}.yaml"), &flag("on"));
        repository.commit("another flag");
    }
    let before = Timestamp::from_second(i64::try_from(FIRST + 3 * DAY + 1).unwrap()).unwrap();
    let found = published(&repository, Reach { stages: 1, before: Some(before) }).unwrap();
    assert_eq!((log(&found), found.list[0].begin), (vec![(3, 3)], Begin::OrEarlier));
    assert_eq!(log(&published(&repository, Reach::NEWEST).unwrap()), [(1, 1)]);
}

#[test]
fn a_target_that_is_away_is_an_error() {
    let repository = repository();
    let error = published(&repository, ALL).unwrap_err().to_string();
    assert!(error.contains("nothing is published"), "{error}");
    publish_on(&repository, 1, 1, &[]);
    fs::remove_file(place(&repository, "log/000000001.sig")).unwrap();
    let error = published(&repository, ALL).unwrap_err().to_string();
    assert!(error.contains("is missing"), "{error}");
    fs::remove_dir_all(target(&repository)).unwrap();
    fs::write(target(&repository), "").unwrap();
    assert!(published(&repository, ALL).is_err());
    let (found, tip) = tip(&repository);
    let query = StageQuery { flag: "sale", environment: "production", tip: &tip };
    let none = Clock::Published { live: &Live::new(found), logs: Vec::new() };
    assert!(matches!(stages(&query, &none, ALL), Err(StageError::NoLog)));
}

#[test]
fn commits_are_the_clock_without_a_target() {
    let mut repository = repository();
    repository.write("flags/other.yaml", &flag("on"));
    repository.commit("another flag");
    let changed = segment(&mut repository, "DE");
    repository.commit("nothing");
    let found = by_commits(&repository, ALL).unwrap();
    assert_eq!(found.list.len(), 2);
    assert_eq!(found.list[0].commit, changed);
    assert_eq!(found.list[0].start.to_string(), "2026-11-03T00:00:00Z");
    assert_eq!(by_commits(&repository, Reach::NEWEST).unwrap().list.len(), 1);

    let clone = repository.clone_to("shallow", &["--depth", "1"]);
    let shallow = FlagRepository::find(&clone, CacheWrites::Forbidden).unwrap();
    let tip = shallow.revision(&RevisionSpec::new("HEAD")).unwrap();
    let query = StageQuery { flag: "sale", environment: "production", tip: &tip };
    assert!(matches!(stages(&query, &Clock::Commits, ALL), Err(StageError::EndOfClone { .. })));
    let query = StageQuery { flag: "none", environment: "production", tip: &tip };
    assert!(matches!(stages(&query, &Clock::Commits, ALL), Err(StageError::Undecidable { .. })));
}
