//! A metrics file: the numbers of any system, which a script writes as CSV or JSON.

use crate::guard::source::rows::{COLUMNS, ControlArm, Row, UNITS, series};
use crate::guard::source::series::{Metrics, Question, Window};
use crate::model::TestKind;
use crate::row_file::{self, FileError};

/// The rows of a metrics file.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsFile {
    rows: Vec<Row>,
}

impl MetricsFile {
    /// Reads CSV, a JSON list, or JSON lines, which the first character tells apart.
    ///
    /// # Errors
    /// Returns [`FileError`] with the position of the first problem.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let rows = row_file::read(text, &COLUMNS, |texts| Row::new(|name| texts.get(name)))?;
        Ok(Self { rows })
    }

    /// Returns the numbers that answer a question.
    pub fn metrics(&self, question: &Question<'_>) -> Metrics {
        let own = |name: &'_ str| {
            let name = name.to_owned();
            self.rows.iter().filter(move |row| {
                row.flag == question.flag.key && row.environment == question.environment && row.guardrail == name
            })
        };
        let mut metrics = Metrics::default();
        for guardrail in &question.guard.guardrails {
            let control = match guardrail.test.kind {
                TestKind::Count | TestKind::Mean | TestKind::Block => ControlArm::Needed,
                TestKind::Threshold | TestKind::Absolute => ControlArm::Unused,
            };
            let name = &guardrail.name.value;
            metrics.guardrails.insert(name.clone(), series(own(name), question, control));
        }
        let has_units = own(UNITS).next().is_some();
        metrics.units = has_units.then(|| series(own(UNITS), question, ControlArm::Needed));
        metrics
    }

    /// Returns the time from the first window of a flag in an environment to the last, or `None` if the file has no row
    /// of it.
    pub fn window(&self, flag: &str, environment: &str) -> Option<Window> {
        let rows = || self.rows.iter().filter(|row| row.flag == flag && row.environment == environment);
        let (start, end) = (rows().map(|row| row.start).min()?, rows().map(|row| row.end).max()?);
        Some(Window { start, end })
    }
}
