//! The reader of events: what it accepts, how it counts what it cannot read, and that no input takes much memory.

use std::io::{self, Read, Write};

use flagctl::events::{
    BadRow, ExposureReason, Input, InputError, MAX_LINE_BYTES, Order, Pair, Refusal, RowCounts, exposures,
    metric_events, shadow_records,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::{Strategy as _, any};
use proptest::{prop_oneof, proptest};
use sha2::Digest as _;

const EXPOSURE: &str = r#"{"event":"feature_flag.evaluation","ts":"2026-11-22T11:04:05.123Z","feature_flag.key":"checkout","feature_flag.result.variant":"on","feature_flag.result.reason":"split","feature_flag.context.id":"u-1","feature_flag.set.id":"production","feature_flag.version":"4812","attrs":{"country":"DE"}}"#;

fn input(bytes: impl AsRef<[u8]>) -> Input {
    Input::new("events", io::Cursor::new(bytes.as_ref().to_vec()))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Reads exposures as one text for each.
fn read(bytes: impl AsRef<[u8]>) -> (Vec<String>, RowCounts) {
    let mut counts = RowCounts::default();
    let mut found = Vec::new();
    exposures(input(bytes), &mut counts, |exposure, position| {
        let attributes = exposure.attributes.map_or("", |attributes| attributes.text());
        found.push(format!(
            "{}: {} {}={} {} {} {} {attributes}",
            position.line,
            exposure.at,
            exposure.flag,
            exposure.variant,
            exposure.reason.name(),
            exposure.unit,
            exposure.version.as_deref().unwrap_or("-"),
        ));
        Ok(())
    })
    .unwrap();
    (found, counts)
}

/// Returns the only reason of bad rows of an input, its number of rows, and its first line.
fn only_reason(bytes: impl AsRef<[u8]>) -> (&'static str, u64, u64) {
    let (_, counts) = read(bytes);
    assert_eq!(counts.bad.len(), 1, "{counts:?}");
    let (name, rows) = counts.bad.first_key_value().unwrap();
    (*name, rows.count, rows.line)
}

#[test]
fn exposures_in_json_and_csv_are_the_same() {
    let csv = "ts,unused,feature_flag.key,feature_flag.variant,feature_flag.evaluation.reason,context.id,feature_flag.version,attrs\r\n\
               2026-11-22T12:04:05.123+01:00,x,checkout,on,SPLIT,u-1,4812,\"{\"\"country\"\":\"\"DE\"\"}\"\r\n";
    let expected = "2026-11-22T11:04:05.123Z checkout=on split u-1 4812 {\"country\":\"DE\"}";
    assert_eq!(read(format!("{EXPOSURE}\n")).0, [format!("1: {expected}")]);
    assert_eq!(read(csv).0, [format!("2: {expected}")]);
    assert_eq!(read(gzip(csv.as_bytes())).0, [format!("2: {expected}")]);
    assert_eq!(read(format!("\u{feff}{csv}")).0, [format!("2: {expected}")]);
    assert_eq!(read(format!("\u{feff}\n\n{EXPOSURE}")).0, [format!("3: {expected}")]);
}

#[test]
fn old_names_of_the_conventions_are_accepted() {
    let old = EXPOSURE
        .replace("feature_flag.result.variant", "feature_flag.variant")
        .replace("feature_flag.result.reason", "feature_flag.evaluation.reason");
    assert_eq!(read(&old), read(EXPOSURE));
    let both = EXPOSURE
        .replace(r#""feature_flag.result.variant""#, r#""feature_flag.variant":"on","feature_flag.result.variant""#);
    assert_eq!(read(&both).0, read(EXPOSURE).0);
    let different = both.replace(r#""feature_flag.variant":"on""#, r#""feature_flag.variant":"off""#);
    assert_eq!(only_reason(&different), ("repeated-key", 1, 1));
}

#[test]
fn escaped_keys_and_texts_are_decoded() {
    let escaped = EXPOSURE.replace("checkout", r"check\u006fut").replace(r#""ts""#, r#""t\u0073""#);
    assert_eq!(read(&escaped).0, read(EXPOSURE).0);
}

#[test]
fn failed_evaluations_and_other_events_are_no_exposures_and_are_counted() {
    let failed = EXPOSURE.replace(r#""attrs""#, r#""error.type":"flag_not_found","attrs""#);
    let error = EXPOSURE.replace("\"split\"", "\"ERROR\"");
    let metric = r#"{"event":"purchase","ts":"2026-11-22T11:04:05Z","context.id":"u-1","value":12.5}"#;
    let (found, counts) = read([&failed, &error, metric, EXPOSURE].join("\n"));
    assert_eq!(found.len(), 1);
    assert_eq!((counts.failed_evaluations, counts.other_events, counts.events), (2, 1, 1));
    assert!(counts.bad.is_empty(), "{counts:?}");
}

#[test]
fn every_bad_row_has_a_named_reason_and_the_line_of_the_first() {
    let with = |from: &str, to: &str| EXPOSURE.replace(from, to);
    let long = "u".repeat(1025);
    for (row, reason) in [
        ("garbage".to_owned(), "not-an-object"),
        ("[1]".to_owned(), "not-an-object"),
        (EXPOSURE[..100].to_owned(), "invalid-json"),
        (format!("{EXPOSURE} x"), "invalid-json"),
        (format!("{EXPOSURE}{EXPOSURE}"), "invalid-json"),
        (with("4812", "48\u{1}12"), "invalid-json"),
        (with("\"4812\"", "4812"), "wrong-type"),
        (with("\"u-1\"", "17"), "wrong-type"),
        (with("\"u-1\"", "null"), "missing-key"),
        (with("\"u-1\"", "\"\""), "missing-key"),
        (with("feature_flag.key", "feature_flag.id"), "missing-key"),
        (with("u-1", &long), "text-too-long"),
        (with("2026-11-22T11:04:05.123Z", "yesterday"), "invalid-time"),
        (with("2026-11-22T11:04:05.123Z", "2026-11-22T11:04:05.123"), "invalid-time"),
        (with("2026-11-22T11:04:05.123Z", "2026-13-22T11:04:05Z"), "invalid-time"),
        (with(r#"{"country":"DE"}"#, "[]"), "invalid-attributes"),
        (
            with(r#""feature_flag.version":"4812""#, r#""feature_flag.version":"1","feature_flag.version":"2""#),
            "repeated-key",
        ),
    ] {
        let text = [EXPOSURE, "", &row, &row].join("\n");
        assert_eq!(only_reason(&text), (reason, 2, 3), "{row}");
    }
    let mut text = format!("{EXPOSURE}\n").into_bytes();
    text.extend_from_slice(b"{\"x\":\"\xff\"}\n");
    assert_eq!(only_reason(&text), ("invalid-utf-8", 1, 2));
}

#[test]
fn bad_rows_of_csv_cost_one_row_each() {
    let csv = "ts,feature_flag.key,feature_flag.result.variant,feature_flag.context.id\n\
               2026-11-22T11:04:05Z,checkout,on,u-1\n\
               2026-11-22T11:04:05Z,checkout,\"on,u-2\n\
               2026-11-22T11:04:05Z,checkout,on\n\
               2026-11-22T11:04:05Z,checkout,on,u-3,x\n\
               2026-11-22T11:04:05Z,check\"out,\"o\"\"n\",u-4\n";
    let (found, counts) = read(csv);
    assert_eq!(
        found,
        [
            "2: 2026-11-22T11:04:05Z checkout=on unknown u-1 - ",
            "6: 2026-11-22T11:04:05Z check\"out=o\"n unknown u-4 - "
        ]
    );
    let bad: Vec<_> = counts.bad.iter().map(|(name, rows)| (*name, rows.count, rows.line)).collect();
    assert_eq!(bad, [("open-quote", 1, 3), ("wrong-column-count", 2, 4)]);
}

#[test]
fn a_csv_file_without_the_columns_is_refused_with_its_line() {
    for (text, expected) in [
        (
            "a,b\n1,2\n",
            "cannot use `events`: line 1: the column `ts` is missing; the first line has the names of the columns, or each line is a JSON object",
        ),
        ("\n\nts,ts,feature_flag.key\n", "cannot use `events`: line 3: the column `ts` occurs twice"),
        (
            "[\n]\n",
            "cannot use `events`: line 1: expected one JSON object in each line, found a list; `jq -c '.[]'` makes lines of a list",
        ),
    ] {
        let error = exposures(input(text), &mut RowCounts::default(), |_, _| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let many = format!("ts{}\n", ",a".repeat(2000));
    let error = exposures(input(many), &mut RowCounts::default(), |_, _| Ok(())).unwrap_err();
    assert!(error.to_string().contains("expected 0 columns, found 1001"), "{error}");
}

#[test]
fn a_damaged_first_line_does_not_hide_the_layout() {
    let (found, counts) = read(format!("ation\",\"ts\":1}}\n{EXPOSURE}\n"));
    assert_eq!((found.len(), counts.bad_rows()), (1, 1));
}

#[test]
fn lines_that_are_too_long_are_skipped_and_counted() {
    let long = "x".repeat(3 * MAX_LINE_BYTES);
    let (found, counts) = read(format!("{EXPOSURE}\n{long}\n{EXPOSURE}\n{long}"));
    assert_eq!(found.len(), 2);
    let rows = &counts.bad["line-too-long"];
    assert_eq!((rows.count, rows.line), (2, 2));
    let longest = format!("{EXPOSURE}{}\n", " ".repeat(MAX_LINE_BYTES - EXPOSURE.len() - 1));
    assert_eq!(read(format!("{longest}{EXPOSURE}\n{longest}")).0.len(), 3);
}

#[test]
fn a_damaged_compressed_file_is_counted_and_its_start_is_used() {
    let text = format!("{EXPOSURE}\n").repeat(5000);
    let whole = gzip(text.as_bytes());
    let (found, counts) = read(&whole[..whole.len() / 2]);
    assert!(!found.is_empty() && found.len() < 5000);
    assert_eq!(counts.bad["damaged-gzip"].count, 1);
    let twice = [whole.clone(), whole.clone()].concat();
    assert_eq!(read(&twice).1.events, 10_000);
    let garbage = [whole, b"garbage".to_vec()].concat();
    assert_eq!(read(&garbage).1.bad["damaged-gzip"].count, 1);
}

/// A stream that returns one byte at a time.
struct Slow<R>(R);

impl<R: Read> Read for Slow<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(&mut buffer[..1])
    }
}

#[test]
fn a_pipe_that_returns_single_bytes_is_read_as_a_file() {
    for bytes in [gzip(EXPOSURE.as_bytes()), EXPOSURE.as_bytes().to_vec()] {
        let mut counts = RowCounts::default();
        let digest =
            exposures(Input::new("-", Slow(io::Cursor::new(bytes.clone()))), &mut counts, |_, _| Ok(())).unwrap();
        assert_eq!(counts.events, 1);
        assert_eq!(digest.as_slice(), sha2::Sha256::digest(&bytes).as_slice());
    }
}

#[test]
fn a_compressed_file_that_expands_to_far_more_is_refused_with_little_memory() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..100 {
        encoder.write_all(&vec![b'x'; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let mut result = Ok([0; 32]);
    let used = allocation_counter::measure(|| {
        result = exposures(input(&bomb), &mut RowCounts::default(), |_, _| Ok(()));
    });
    let error = result.unwrap_err();
    assert!(
        matches!(&error, InputError::Read { source, .. } if source.to_string().contains("expands to more than 200 times"))
    );
    assert!(used.bytes_max < 4 << 20, "{used:?}");
}

#[test]
fn reading_a_row_allocates_nothing() {
    let text = format!("{EXPOSURE}\n").repeat(1000);
    let file = input(&text);
    let used = allocation_counter::measure(|| {
        exposures(file, &mut RowCounts::default(), |exposure, _| {
            assert_eq!(exposure.reason, ExposureReason::Split);
            Ok(())
        })
        .unwrap();
    });
    assert!(used.count_total < 20, "{used:?}");
}

#[test]
fn metric_events_have_a_finite_value_or_none() {
    let rows = [
        r#"{"event":"purchase","ts":"2026-11-22T11:04:05Z","context.id":"u-1","value":12.5}"#,
        r#"{"event":"visit","ts":"2026-11-22T11:04:05Z","feature_flag.context.id":"u-1"}"#,
        r#"{"event":"purchase","ts":"2026-11-22T11:04:05Z","context.id":"u-1","value":1e999}"#,
        r#"{"event":"purchase","ts":"2026-11-22T11:04:05Z","context.id":"u-1","value":NaN}"#,
        r#"{"event":"purchase","ts":"2026-11-22T11:04:05Z","context.id":"u-1","value":"12"}"#,
        EXPOSURE,
    ];
    let mut counts = RowCounts::default();
    let mut found = Vec::new();
    metric_events(input(rows.join("\n")), &mut counts, |event, _| {
        found.push((event.name.into_owned(), event.unit.into_owned(), event.value));
        Ok(())
    })
    .unwrap();
    assert_eq!(found, [("purchase".into(), "u-1".into(), Some(12.5)), ("visit".into(), "u-1".into(), None)]);
    let bad: Vec<_> = counts.bad.iter().map(|(name, rows)| (*name, rows.line)).collect();
    assert_eq!(bad, [("invalid-json", 4), ("number-not-finite", 3), ("wrong-type", 5)]);
    assert_eq!(counts.other_events, 1);
    let csv =
        "event,ts,context.id,value\npurchase,2026-11-22T11:04:05Z,u-1,nan\npurchase,2026-11-22T11:04:05Z,u-1,-inf\n";
    let mut counts = RowCounts::default();
    metric_events(input(csv), &mut counts, |_, _| Ok(())).unwrap();
    assert_eq!(counts.bad["number-not-finite"].count, 2);
}

#[test]
fn comparison_records_have_two_sides() {
    let json = r#"{"event":"feature_flag.shadow","ts":"2026-11-22T11:04:05Z","feature_flag.key":"search","feature_flag.version":"4812","feature_flag.context.id":"u-1","request_id":"r-1","pair":"candidate","control":{"ok":true,"hash":"a","ms":12.1},"candidate":{"ok":false,"error":"Timeout","hash":null,"ms":250.0},"match":false,"ignored":false,"order":"control_first","diff_paths":["$.total"]}"#;
    let csv = "ts,feature_flag.key,feature_flag.version,context.id,request_id,pair,control.ok,control.hash,control.ms,candidate.ok,candidate.error,candidate.ms,match,ignored,order,diff_paths\n\
               2026-11-22T11:04:05Z,search,4812,u-1,r-1,candidate,true,a,12.1,false,Timeout,250,false,0,control_first,\"[\"\"$.total\"\"]\"\n";
    let records = |text: &str| {
        let mut found = Vec::new();
        let mut counts = RowCounts::default();
        shadow_records(input(text), &mut counts, |record, _| {
            assert_eq!((record.pair, record.order), (Pair::Candidate, Some(Order::ControlFirst)));
            found.push(format!("{record:?}"));
            Ok(())
        })
        .unwrap();
        (found, counts)
    };
    let (found, counts) = records(json);
    assert_eq!((found.len(), counts.bad_rows()), (1, 0));
    assert_eq!(found, records(csv).0);
    for (from, to, reason) in [
        (r#""ok":true"#, r#""ok":1"#, "wrong-type"),
        (r#""ok":true,"#, "", "missing-key"),
        ("12.1", "-1", "negative-number"),
        (r#""candidate","control""#, r#""both","control""#, "wrong-type"),
        (r#"["$.total"]"#, r#""$.total""#, "wrong-type"),
        (r#""ms":12.1"#, r#""ms":12.1,"ms":13"#, "repeated-key"),
        (r#"{"ok":true,"hash":"a","ms":12.1}"#, "true", "wrong-type"),
    ] {
        let (_, counts) = records(&json.replace(from, to));
        assert_eq!(counts.bad.keys().copied().collect::<Vec<_>>(), [reason], "{to}");
    }
}

#[test]
fn a_refused_event_is_counted_as_a_bad_row() {
    let mut counts = RowCounts::default();
    exposures(input(EXPOSURE), &mut counts, |_, _| Err(BadRow::Contradiction("tested").into())).unwrap();
    assert_eq!((counts.events, counts.bad["contradiction"].count), (0, 1));
}

#[test]
fn a_reader_that_stops_ends_the_input() {
    let mut counts = RowCounts::default();
    let mut left = 2;
    let endless = io::repeat(b'\n').chain(io::empty());
    let input = Input::new("events", io::Cursor::new(format!("{EXPOSURE}\n").repeat(2)).chain(endless));
    let result = exposures(input, &mut counts, |_, _| {
        left -= 1;
        if left == 0 { Err(Refusal::Stop) } else { Ok(()) }
    });
    assert!(matches!(result, Err(InputError::Stopped(_))), "{result:?}");
    assert_eq!(counts.events, 1);
}

#[test]
fn attributes_with_a_repeated_name_are_refused() {
    let text = EXPOSURE.replace(r#"{"country":"DE"}"#, r#"{"country":"DE","country":"FR"}"#);
    let mut counts = RowCounts::default();
    exposures(input(text), &mut counts, |exposure, _| Ok(exposure.attributes.unwrap().parse().map(drop)?)).unwrap();
    assert_eq!(counts.bad["invalid-attributes"].count, 1);
}

proptest! {
    /// Whatever the bytes are, each line that is not blank is counted once, in the layout of the first line.
    #[test]
    fn every_line_is_counted_once(lines in proptest::collection::vec(prop_oneof![
        proptest::strategy::Just(EXPOSURE.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..80).prop_map(|bytes| bytes.into_iter().filter(|byte| *byte != b'\n').collect()),
        (0..EXPOSURE.len(), any::<u8>()).prop_map(|(index, byte)| {
            let mut bytes = EXPOSURE.as_bytes().to_vec();
            bytes[index] = if byte == b'\n' { b' ' } else { byte };
            bytes
        }),
    ], 0..20)) {
        let mut bytes = format!("{EXPOSURE}\n").into_bytes();
        bytes.extend(lines.join(&b'\n'));
        let rows = lines.iter().filter(|line| !line.trim_ascii().is_empty()).count() as u64 + 1;
        let (found, counts) = read(&bytes);
        assert_eq!(counts.rows(), rows);
        assert_eq!(found.len() as u64, counts.events);
    }
}
