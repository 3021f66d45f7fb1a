//! Numbers of effects as texts for people.

use crate::report::experiment::json::{EffectJson, ScaleJson};

/// Returns a number with four significant digits.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let size = value.abs();
    if !(1e-4..1e7).contains(&size) {
        return format!("{value:.3e}");
    }
    let decimals = match size {
        _ if size >= 1_000.0 => 0,
        _ if size >= 100.0 => 1,
        _ if size >= 10.0 => 2,
        _ if size >= 1.0 => 3,
        _ if size >= 0.1 => 4,
        _ if size >= 0.01 => 5,
        _ => 6,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Returns a number with its sign.
pub(super) fn signed(value: f64) -> String {
    if value > 0.0 { format!("+{}", number(value)) } else { number(value) }
}

/// Returns a relative effect as a percentage with its sign.
pub(super) fn percent(value: f64) -> String {
    format!("{:+.2}%", value * 100.0)
}

/// Returns a p-value.
pub(super) fn p_value(value: f64) -> String {
    if value < 1e-4 && value > 0.0 { format!("{value:.1e}") } else { format!("{value:.4}") }
}

/// The effect on the scale that people read: relative if it is known.
pub(super) struct Shown<'e> {
    /// The effect.
    pub(super) scale: &'e ScaleJson,
    /// Writes a number of the scale.
    pub(super) write: fn(f64) -> String,
}

/// Returns the scale of an effect that people read, or `None` if there is no effect.
pub(super) fn shown(effect: &EffectJson) -> Option<Shown<'_>> {
    match (&effect.relative, &effect.absolute) {
        (Some(scale), _) => Some(Shown { scale, write: percent }),
        (None, Some(scale)) => Some(Shown { scale, write: signed }),
        (None, None) => None,
    }
}

impl Shown<'_> {
    /// Returns an interval in words.
    pub(super) fn interval(&self, limits: [f64; 2]) -> String {
        let [lower, upper] = limits;
        format!("{} to {}", (self.write)(lower), (self.write)(upper))
    }
}
