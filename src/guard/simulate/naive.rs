//! The z-test that is repeated at each look, as a comparison. It is not valid, because it is made for one look.

/// The counts of one arm since the start.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) bad: f64,
    pub(super) total: f64,
}

/// Returns whether the rate of the treatment exceeds the rate of the control, by the test of two proportions.
pub(super) fn exceeds_control(treatment: Counts, control: Counts, critical: f64) -> bool {
    let total = treatment.total + control.total;
    let rate = (treatment.bad + control.bad) / total;
    let variance = rate * (1.0 - rate) * (total / treatment.total / control.total);
    let difference = treatment.bad / treatment.total - control.bad / control.total;
    variance > 0.0 && difference >= critical * variance.sqrt()
}

/// Returns whether the rate of the treatment exceeds a limit, by the test of one proportion.
pub(super) fn exceeds_limit(treatment: Counts, limit: f64, critical: f64) -> bool {
    let variance = treatment.total * limit * (1.0 - limit);
    variance > 0.0 && treatment.bad - treatment.total * limit >= critical * variance.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arms_without_units_exceed_nothing() {
        let units = Counts { bad: 1.0, total: 10.0 };
        assert!(!exceeds_control(Counts::default(), units, 1.6));
        assert!(!exceeds_control(units, Counts::default(), 1.6));
        assert!(!exceeds_limit(Counts::default(), 0.1, 1.6));
    }
}
