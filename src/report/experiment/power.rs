//! The result of `flagctl experiment power`.

use serde::Serialize;

use crate::report::experiment::number::number;
use crate::report::text::grouped;
use crate::report::{Lines, Role, StyledText, Table};

/// The numbers of units that a plan needs.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PowerJson {
    /// The version of this structure.
    pub version: u32,
    /// The value of the control.
    pub baseline: f64,
    /// The standard deviation of the values of units in the control.
    pub deviation: f64,
    /// The probability of an effect that is none.
    pub alpha: f64,
    /// The probability that the effect is shown.
    pub power: f64,
    /// The number of units of the treatment divided by that of the control.
    pub ratio: f64,
    /// The number of units of both arms at which the always-valid interval is narrowest.
    pub tuning: f64,
    /// The number of units of both arms that arrive in a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily: Option<f64>,
    /// The smallest effects that are shown by `units` of both arms, if they were asked for.
    pub effects: Vec<SmallestEffectJson>,
    /// The units for relative effects.
    pub rows: Vec<PowerRowJson>,
}

/// The units for a relative effect.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PowerRowJson {
    /// The relative effect.
    pub effect: f64,
    /// The units of both arms if the result is read once, at the end.
    pub once: UnitsJson,
    /// The units of both arms if the result is read at any time.
    pub any_time: UnitsJson,
}

/// A number of units.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnitsJson {
    /// The units of the control.
    pub control: f64,
    /// The units of the treatment.
    pub treatment: f64,
    /// The days until they have arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<f64>,
}

/// The smallest relative effect that a number of units shows.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SmallestEffectJson {
    /// The units of both arms.
    pub units: f64,
    /// The relative effect if the result is read once.
    pub once: f64,
    /// The relative effect if the result is read at any time.
    pub any_time: f64,
}

/// Returns the result as text for people.
pub fn lines(result: &PowerJson) -> Lines {
    let mut lines = Lines::default();
    lines.add(format!(
        "baseline {}, standard deviation {} of a unit, alpha {}, power {}",
        number(result.baseline),
        number(result.deviation),
        result.alpha,
        result.power
    ));
    lines.add("");
    let mut table = Table::new(None);
    match result.daily {
        Some(_) => table.header(["EFFECT", "UNITS, READ ONCE", "DAYS", "UNITS, READ AT ANY TIME", "DAYS"]),
        None => table.header(["EFFECT", "UNITS, READ ONCE", "UNITS, READ AT ANY TIME"]),
    }
    for row in &result.rows {
        let mut cells = vec![StyledText::new(Role::Name, format!("{}%", number(row.effect * 100.0)))];
        for units in [&row.once, &row.any_time] {
            cells.push(StyledText::from(whole(units.control + units.treatment)));
            cells.extend(units.days.map(|days| StyledText::from(whole(days))));
        }
        table.row(cells);
    }
    if !result.rows.is_empty() {
        lines.table(&table);
    }
    for effect in &result.effects {
        lines.add(format!(
            "{} units show an effect from {}% if the result is read once, and from {}% if it is read at any time",
            whole(effect.units),
            number(effect.once * 100.0),
            number(effect.any_time * 100.0)
        ));
    }
    lines
}

/// Returns a whole number from 0 to 1e15 with a comma between thousands.
fn whole(value: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the number is whole and at most 2e19")]
    grouped(value.max(0.0) as u64)
}
