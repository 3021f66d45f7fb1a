//! One row of a file of sufficient statistics, as texts and as numbers.

use crate::experiment::sufficient_statistics::{
    ArmExposures, ArmMetric, CellKey, CovariateData, QuantileEstimate, StatisticsError, Subgroup,
};
use crate::model::MetricKind;
use crate::row_file::RowTexts;
use crate::statistics::{JointMoments, Sums, Variable};

/// The name in the column `metric` of the rows with the numbers of units.
pub const EXPOSURES: &str = "exposures";

/// The maximum length of a name in characters.
const MAX_NAME: usize = 256;

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) key: CellKey,
    pub(super) metric: String,
    pub(super) content: Content,
}

/// What a row is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Exposures(ArmExposures),
    Metric(ArmMetric),
}

type RowError = (&'static str, String);

/// The columns of the sums of products.
pub(super) const PRODUCTS: [(&str, Variable, Variable); 10] = {
    use Variable::{Covariate as X, Denominator as D, DenominatorCovariate as E, Value as Y};
    [
        ("sum-yy", Y, Y),
        ("sum-xx", X, X),
        ("sum-xy", X, Y),
        ("sum-dd", D, D),
        ("sum-yd", Y, D),
        ("sum-xd", X, D),
        ("sum-ee", E, E),
        ("sum-ye", Y, E),
        ("sum-xe", X, E),
        ("sum-de", D, E),
    ]
};

/// The columns of the sums and of the shifts.
pub(super) const SUMS: [(&str, &str, Variable); 4] = [
    ("sum-y", "shift-y", Variable::Value),
    ("sum-x", "shift-x", Variable::Covariate),
    ("sum-d", "shift-d", Variable::Denominator),
    ("sum-e", "shift-e", Variable::DenominatorCovariate),
];

impl Row {
    /// Makes a row of its texts.
    ///
    /// # Errors
    /// Returns the name of the column and what is wrong with its text.
    pub(super) fn new(texts: &RowTexts<'_>) -> Result<Self, RowError> {
        let name = |column: &'static str| match texts.get(column) {
            Some(text) if text.chars().count() <= MAX_NAME => Ok(text.to_owned()),
            Some(_) => Err((column, format!("expected at most {MAX_NAME} characters"))),
            None => Err((column, format!("expected a value for `{column}`"))),
        };
        let metric = name("metric")?;
        let subgroup = match (texts.get("dimension"), texts.get("dimension-value")) {
            (None, None) => None,
            _ => Some(Subgroup { dimension: name("dimension")?, level: name("dimension-value")? }),
        };
        let phase = texts.get("phase").map_or_else(|| Ok("1".to_owned()), |_| name("phase"))?;
        let key = CellKey { flag: name("flag")?, phase, subgroup, arm: name("variant")? };
        let content = if metric == EXPOSURES {
            Content::Exposures(exposures(texts)?)
        } else {
            Content::Metric(arm_metric(texts)?)
        };
        Ok(Self { key, metric, content })
    }
}

/// Reads a number, if the row has it.
fn number(texts: &RowTexts<'_>, column: &'static str) -> Result<Option<f64>, RowError> {
    let Some(text) = texts.get(column) else { return Ok(None) };
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Some(value)),
        _ => Err((column, format!("expected a finite number, found `{text}`"))),
    }
}

fn required(texts: &RowTexts<'_>, column: &'static str) -> Result<f64, RowError> {
    number(texts, column)?.ok_or_else(|| (column, format!("expected a number in `{column}`")))
}

fn exposures(texts: &RowTexts<'_>) -> Result<ArmExposures, RowError> {
    Ok(ArmExposures {
        units: required(texts, "n")?,
        multiple: number(texts, "multiple")?.unwrap_or_default(),
        immature: number(texts, "immature")?.unwrap_or_default(),
        planned: number(texts, "planned")?,
    })
}

fn arm_metric(texts: &RowTexts<'_>) -> Result<ArmMetric, RowError> {
    let kind = match texts.get("kind") {
        None => MetricKind::Mean,
        Some(text) => MetricKind::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let kinds = MetricKind::ALL.map(|kind| format!("`{}`", kind.name())).join(", ");
            ("kind", format!("`{text}` is not a kind of metric; the kinds are {kinds}"))
        })?,
    };
    let mut sums = Sums::new(required(texts, "n")?);
    let zero_or_one = matches!(kind, MetricKind::Proportion | MetricKind::Quantile);
    let has_denominator = matches!(kind, MetricKind::Ratio | MetricKind::EventQuantile);
    let has_covariate = texts.get("sum-x").is_some();
    let used = |variable: Variable| match variable {
        Variable::Value => true,
        Variable::Covariate => has_covariate,
        Variable::Denominator => has_denominator,
        Variable::DenominatorCovariate => has_covariate && kind == MetricKind::Ratio,
    };
    for (sum, shift, variable) in SUMS {
        if used(variable) {
            sums.set_sum(variable, required(texts, sum)?);
            sums.set_shift(variable, number(texts, shift)?.unwrap_or_default());
        }
    }
    for (column, left, right) in PRODUCTS {
        if !used(left) || !used(right) {
            continue;
        }
        let product = match number(texts, column)? {
            // The square of 0 or 1 is the number itself.
            None if column == "sum-yy" && zero_or_one && sums.shift(left) == 0.0 => sums.sum(left),
            product => product.map_or_else(|| required(texts, column), Ok)?,
        };
        sums.set_product(left, right, product);
    }
    let covariate = if has_covariate {
        CovariateData::Present { missing: number(texts, "missing")?.unwrap_or_default() }
    } else {
        CovariateData::Absent
    };
    let quantile = match number(texts, "level")? {
        None => None,
        Some(level) => Some(QuantileEstimate {
            level,
            estimate: required(texts, "quantile")?,
            lower: required(texts, "lower")?,
            upper: required(texts, "upper")?,
        }),
    };
    let moments = JointMoments::from_sums(&sums).map_err(|error| ("n", error.to_string()))?;
    Ok(ArmMetric { kind, moments, covariate, capped: number(texts, "capped")?.unwrap_or_default(), quantile })
}

impl Row {
    /// Returns the column that an error of the cell is shown at.
    pub(super) fn column_of(error: &StatisticsError) -> &'static str {
        match error {
            StatisticsError::Number(_) | StatisticsError::Contradiction(_) => "n",
            StatisticsError::Duplicate { .. } => "metric",
            StatisticsError::Kind { .. } => "kind",
        }
    }
}
