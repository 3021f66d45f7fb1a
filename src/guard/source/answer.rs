//! The answers of the HTTP interface of Prometheus.

use jiff::Timestamp;
use serde::Deserialize;

use crate::guard::source::http::words;
use crate::guard::source::problem::DataProblem;
use crate::model::QueryKind;

/// An answer in JSON.
#[derive(Deserialize)]
struct Answer {
    status: String,
    data: Option<Data>,
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Scalar(Sample),
    Vector(Vec<Instant>),
    Matrix(Vec<Range>),
    #[allow(dead_code, reason = "a text is never a number")]
    String(Sample),
}

/// A time in seconds, and a number as text.
type Sample = (f64, String);

#[derive(Deserialize)]
struct Instant {
    value: Sample,
}

#[derive(Deserialize)]
struct Range {
    values: Vec<Sample>,
}

/// Returns the number in the answer to an instant query: that of a scalar, or of the only sample of a vector.
///
/// # Errors
/// Returns [`DataProblem`] if there is not exactly one number, or if it cannot be one of this kind.
pub(super) fn number(body: &[u8], kind: QueryKind) -> Result<f64, DataProblem> {
    let (_, text) = match data(body)? {
        Data::Scalar(sample) => sample,
        Data::Vector(mut series) => match (series.len(), series.pop()) {
            (1, Some(instant)) => instant.value,
            (0, _) => return Err(DataProblem::Empty(kind.name().to_owned())),
            (count, _) => return Err(DataProblem::SeveralSeries(kind.name().to_owned(), count)),
        },
        Data::Matrix(_) | Data::String(_) => {
            return Err(DataProblem::Malformed("its result is neither a scalar nor a vector".to_owned()));
        }
    };
    parse(&text, kind)
}

/// Returns the times and numbers in the answer to a range query, in the order of time.
///
/// # Errors
/// Returns the same errors as [`number`].
pub(super) fn numbers(body: &[u8], kind: QueryKind) -> Result<Vec<(Timestamp, f64)>, DataProblem> {
    let Data::Matrix(mut series) = data(body)? else {
        return Err(DataProblem::Malformed("its result is not a matrix".to_owned()));
    };
    let values = match (series.len(), series.pop()) {
        (1, Some(range)) => range.values,
        (0, _) => return Err(DataProblem::Empty(kind.name().to_owned())),
        (count, _) => return Err(DataProblem::SeveralSeries(kind.name().to_owned(), count)),
    };
    let value = |(seconds, text): &Sample| {
        let malformed = || DataProblem::Malformed(format!("`{seconds}` is not a time"));
        #[allow(clippy::cast_possible_truncation, reason = "a conversion to an integer saturates")]
        let time = Timestamp::from_millisecond((seconds * 1_000.0).round() as i64).map_err(|_| malformed())?;
        Ok((time, parse(text, kind)?))
    };
    let values: Vec<_> = values.iter().map(value).collect::<Result<_, _>>()?;
    let is_ascending = values.windows(2).all(|pair| matches!(pair, [(first, _), (second, _)] if first < second));
    if is_ascending { Ok(values) } else { Err(DataProblem::Malformed("its times do not rise".to_owned())) }
}

fn data(body: &[u8]) -> Result<Data, DataProblem> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|error| DataProblem::Malformed(words(&error.to_string())))?;
    if answer.status != "success" {
        let error = answer.error.as_deref().unwrap_or("no reason");
        return Err(DataProblem::Malformed(format!("it says `{}`", words(error))));
    }
    if let Some(warning) = answer.warnings.first() {
        return Err(DataProblem::Warning(words(warning)));
    }
    answer.data.ok_or_else(|| DataProblem::Malformed("it has no data".to_owned()))
}

fn parse(text: &str, kind: QueryKind) -> Result<f64, DataProblem> {
    let invalid = |problem: &str| {
        DataProblem::InvalidNumber(format!("the query `{}` gives {problem}, `{}`", kind.name(), words(text)))
    };
    let number: f64 = text.parse().map_err(|_| invalid("no number"))?;
    match kind {
        _ if number.is_nan() => Err(invalid("no number")),
        _ if number.is_infinite() => Err(invalid("an infinite number")),
        QueryKind::Sum | QueryKind::Value => Ok(number),
        QueryKind::Bad | QueryKind::Total | QueryKind::N | QueryKind::SumSq if number < 0.0 => {
            Err(invalid("a negative number"))
        }
        QueryKind::Bad | QueryKind::Total | QueryKind::N | QueryKind::SumSq => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::{number, numbers};
    use crate::model::QueryKind;

    fn name(result: &str) -> String {
        let body = format!(r#"{{"status":"success","data":{result}}}"#);
        match number(body.as_bytes(), QueryKind::Bad) {
            Ok(number) => number.to_string(),
            Err(problem) => problem.name().to_owned(),
        }
    }

    #[test]
    fn only_one_finite_number_from_zero_is_a_number() {
        let vector = |samples: &str| name(&format!(r#"{{"resultType":"vector","result":[{samples}]}}"#));
        assert_eq!(name(r#"{"resultType":"scalar","result":[1.5,"7"]}"#), "7");
        assert_eq!(vector(r#"{"metric":{},"value":[1,"7.25"]}"#), "7.25");
        assert_eq!(vector(""), "empty-result");
        assert_eq!(vector(r#"{"metric":{},"value":[1,"7"]},{"metric":{},"value":[1,"8"]}"#), "several-series");
        for text in ["NaN", "+Inf", "-Inf", "-1", "x", ""] {
            assert_eq!(vector(&format!(r#"{{"metric":{{}},"value":[1,"{text}"]}}"#)), "invalid-number", "{text}");
        }
        for data in
            ["null", "{}", r#"{"resultType":"string","result":[1,"7"]}"#, r#"{"resultType":"matrix","result":[]}"#]
        {
            assert_eq!(name(data), "malformed-answer", "{data}");
        }
    }

    #[test]
    fn a_partial_answer_is_no_answer() {
        let problem = |body: &str| number(body.as_bytes(), QueryKind::Total).unwrap_err().name();
        assert_eq!(problem(r#"{"status":"success","data":{"resultType":"scalar","res"#), "malformed-answer");
        assert_eq!(problem("<html>"), "malformed-answer");
        assert_eq!(problem(r#"{"status":"error","error":"timeout"}"#), "malformed-answer");
        let warned = r#"{"status":"success","warnings":["partial"],"data":{"resultType":"scalar","result":[1,"7"]}}"#;
        assert_eq!(problem(warned), "server-warning");
        let matrix = r#"{"status":"success","data":{"resultType":"matrix","result":[{"values":[[2,"1"],[1,"1"]]}]}}"#;
        assert_eq!(numbers(matrix.as_bytes(), QueryKind::Value).unwrap_err().name(), "malformed-answer");
    }
}
