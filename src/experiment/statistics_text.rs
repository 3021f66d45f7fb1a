//! Files of sufficient statistics: CSV, a JSON list, or JSON lines, with the columns that `experiment sql` returns.
//!
//! | column | meaning |
//! |---|---|
//! | `flag` | the key of the flag |
//! | `phase` | the name of the phase; without it, `1` |
//! | `dimension`, `dimension-value` | the attribute and its value, in rows about a part of the units |
//! | `variant` | the arm |
//! | `metric` | the name of the metric, or `exposures` in rows with the numbers of units |
//! | `kind` | `mean`, `proportion`, `ratio`, `quantile` or `event-quantile`; without it, `mean` |
//! | `n` | the number of units of the arm that are in the metric; in rows of `exposures`, of all units of the arm |
//! | `sum-y` … `sum-de` | the sums of the values of the units minus the shifts, and of their products |
//! | `shift-y`, `shift-x`, `shift-d`, `shift-e` | what was subtracted from each value; without it, 0 |
//! | `missing` | the number of units without data before their first exposure, in rows with `sum-x` |
//! | `capped` | the number of units whose value was cut |
//! | `level`, `quantile`, `lower`, `upper` | the quantile of the arm and two of its order statistics |
//! | `planned`, `multiple`, `immature` | in rows of `exposures`: the planned share, and the units that are in no metric |

use crate::experiment::statistics_row::{Content, PRODUCTS, Row, SUMS};
use crate::experiment::sufficient_statistics::{CellKey, CovariateData, SufficientStatistics};
use crate::model::MetricKind;
use crate::row_file::{self, Columns, FileError};
use crate::statistics::Variable;

pub use crate::experiment::statistics_row::EXPOSURES;

/// The columns of a file, in the order in which [`write_csv`] writes them.
pub const COLUMNS: Columns = Columns {
    required: &["flag", "variant", "metric", "n"],
    optional: &[
        "phase",
        "dimension",
        "dimension-value",
        "kind",
        "sum-y",
        "sum-yy",
        "sum-x",
        "sum-xx",
        "sum-xy",
        "sum-d",
        "sum-dd",
        "sum-yd",
        "sum-xd",
        "sum-e",
        "sum-ee",
        "sum-ye",
        "sum-xe",
        "sum-de",
        "shift-y",
        "shift-x",
        "shift-d",
        "shift-e",
        "missing",
        "capped",
        "level",
        "quantile",
        "lower",
        "upper",
        "planned",
        "multiple",
        "immature",
    ],
};

/// Reads a file of sufficient statistics.
///
/// # Errors
/// Returns [`FileError`] with the position of the first problem.
pub fn read_statistics(text: &str) -> Result<SufficientStatistics, FileError> {
    let statistics = std::cell::RefCell::new(SufficientStatistics::default());
    row_file::read(text, &COLUMNS, |texts| {
        let row = Row::new(texts)?;
        let mut statistics = statistics.borrow_mut();
        let added = match row.content {
            Content::Exposures(exposures) => statistics.add_exposures(row.key, exposures),
            Content::Metric(values) => statistics.add_metric(row.key, &row.metric, values),
        };
        added.map_err(|error| (Row::column_of(&error), error.to_string()))
    })?;
    Ok(statistics.into_inner())
}

/// Writes sufficient statistics as CSV. [`read_statistics`] reads the same numbers from it.
pub fn write_csv(statistics: &SufficientStatistics) -> String {
    let mut text = COLUMNS.names().collect::<Vec<_>>().join(",");
    text.push('\n');
    for (key, exposures) in statistics.exposures() {
        let mut cells = key_cells(key, EXPOSURES);
        cells.push(("n", number(exposures.units)));
        cells.push(("multiple", number(exposures.multiple)));
        cells.push(("immature", number(exposures.immature)));
        cells.extend(exposures.planned.map(|planned| ("planned", number(planned))));
        write_row(&mut text, &cells);
    }
    for (key, metric, values) in statistics.metrics() {
        let mut cells = key_cells(key, metric);
        let sums = values.moments.to_sums();
        let covariate = matches!(values.covariate, CovariateData::Present { .. });
        let used = |variable: Variable| match variable {
            Variable::Value => true,
            Variable::Covariate => covariate,
            Variable::Denominator => matches!(values.kind, MetricKind::Ratio | MetricKind::EventQuantile),
            Variable::DenominatorCovariate => covariate && values.kind == MetricKind::Ratio,
        };
        cells.push(("kind", values.kind.name().to_owned()));
        cells.push(("n", number(sums.n)));
        for (sum, shift, variable) in SUMS.into_iter().filter(|(_, _, variable)| used(*variable)) {
            cells.push((sum, number(sums.sum(variable))));
            cells.push((shift, number(sums.shift(variable))));
        }
        for (column, left, right) in PRODUCTS.into_iter().filter(|(_, left, right)| used(*left) && used(*right)) {
            cells.push((column, number(sums.product(left, right))));
        }
        if let CovariateData::Present { missing } = values.covariate {
            cells.push(("missing", number(missing)));
        }
        cells.push(("capped", number(values.capped)));
        if let Some(quantile) = values.quantile {
            cells.push(("level", number(quantile.level)));
            cells.push(("quantile", number(quantile.estimate)));
            cells.push(("lower", number(quantile.lower)));
            cells.push(("upper", number(quantile.upper)));
        }
        write_row(&mut text, &cells);
    }
    text
}

fn key_cells(key: &CellKey, metric: &str) -> Vec<(&'static str, String)> {
    let mut cells = vec![("flag", key.flag.clone()), ("phase", key.phase.clone()), ("variant", key.arm.clone())];
    if let Some(subgroup) = &key.subgroup {
        cells.push(("dimension", subgroup.dimension.clone()));
        cells.push(("dimension-value", subgroup.level.clone()));
    }
    cells.push(("metric", metric.to_owned()));
    cells
}

/// Writes the shortest text that is read as the same number.
fn number(value: f64) -> String {
    format!("{value:?}")
}

fn write_row(text: &mut String, cells: &[(&'static str, String)]) {
    for (index, column) in COLUMNS.names().enumerate() {
        if index > 0 {
            text.push(',');
        }
        let cell = cells.iter().find(|(own, _)| *own == column).map_or("", |(_, cell)| cell.as_str());
        if cell.contains([',', '"', '\n', '\r']) || cell.starts_with(' ') || cell.ends_with(' ') {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
flag,phase,variant,metric,kind,n,sum_y,sum_yy,sum_d,sum_dd,sum_yd,planned,level,quantile,lower,upper,shift_y,dimension,dimension_value
checkout,1,on,exposures,,10,,,,,,0.5,,,,,,,
checkout,1,off,exposures,,12,,,,,,0.5,,,,,,,
checkout,1,on,revenue,mean,10,25.5,90.25,,,,,,,,,3,,
checkout,1,off,revenue,mean,12,20,70,,,,,,,,,,,
checkout,1,on,bought,proportion,10,4,,,,,,,,,,,,
checkout,1,on,per-session,ratio,10,25.5,90.25,20,60,55,,,,,,,,
checkout,1,on,latency,event-quantile,10,10,20,20,60,30,,0.5,1.5,1,2,,,
checkout,1,on,revenue,mean,4,9,30,,,,,,,,,,country,\"DE, AT\"
";

    #[test]
    fn a_file_that_is_written_is_read_as_the_same_numbers() {
        let statistics = read_statistics(FILE).unwrap();
        assert_eq!((statistics.exposures().count(), statistics.metrics().count()), (2, 6));
        assert_eq!(read_statistics(&write_csv(&statistics)).unwrap(), statistics);
    }

    #[test]
    fn the_mean_includes_the_shift() {
        let statistics = read_statistics(FILE).unwrap();
        let (_, _, values) = statistics
            .metrics()
            .find(|(key, name, _)| *name == "revenue" && key.arm == "on" && key.subgroup.is_none())
            .unwrap();
        assert!((values.moments.mean(Variable::Value) - 5.55).abs() < 1e-12);
    }

    #[test]
    fn json_has_the_same_columns() {
        let json = r#"[{"flag": "a", "variant": "on", "metric": "m", "n": 2, "sum_y": 1, "sum-yy": 1, "kind": null}]"#;
        assert_eq!(read_statistics(json).unwrap().metrics().count(), 1);
    }

    #[test]
    fn wrong_rows_are_named() {
        let error = |text: &str| read_statistics(text).unwrap_err().to_string();
        let header = "flag,variant,metric,n,sum-y,sum-yy,kind\n";
        let row = |row: &str| error(&format!("{header}{row}\n"));
        assert_eq!(
            error("flag,variant,metric,n,sum_z\n").split(';').next().unwrap(),
            "line 1, column 23: `sum-z` is not a column"
        );
        assert_eq!(row("a,on,m,2,1,,mean"), "line 2, column 12: expected a number in `sum-yy`");
        assert_eq!(row("a,on,m,2,1,nan,mean"), "line 2, column 12: expected a finite number, found `nan`");
        assert_eq!(row("a,on,m,1.5,1,1,mean"), "line 2, column 8: `n` is 1.5, expected a whole number");
        assert_eq!(row("a,on,m,2,10,1,mean"), "line 2, column 8: no 2 values have the sum 10 and the sum of squares 1");
        assert!(row("a,on,m,2,1,1,means").starts_with("line 2, column 14: `means` is not a kind of metric"));
        assert!(row("a,on,m,2,1,1,\na,on,m,2,1,1,").starts_with("line 3, column 6: two rows for the arm `on` and `m`"));
        assert!(row("a,on,m,2,1,1,\na,off,m,2,1,1,proportion").contains("of the kind `proportion` here and `mean`"));
        assert!(row("a,on,m,2,-1,1,proportion").contains("is not from 0 to `n`"));
        assert_eq!(error(""), "the file has no row: expected CSV with a line of column names, or JSON");
    }
}
