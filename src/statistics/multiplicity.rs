//! Corrections for several tests at once: p-values that are adjusted so that they can be compared with one `alpha`.

/// Adjusts p-values by the method of Holm. Among the tests whose adjusted p-value is at most `alpha` there is any false one
/// with a probability of `alpha` at most, whatever the dependence of the tests.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let order = ascending(p_values);
    let mut adjusted = vec![0.0; p_values.len()];
    let (mut left, mut largest) = (count(p_values), 0.0_f64);
    for index in order {
        largest = largest.max(left * value(p_values, index)).min(1.0);
        set(&mut adjusted, index, largest);
        left -= 1.0;
    }
    adjusted
}

/// Adjusts p-values by the method of Benjamini and Hochberg. Among the tests whose adjusted p-value is at most `alpha`, the
/// expected share of false ones is `alpha` at most, for tests that are independent or positively dependent.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let order = ascending(p_values);
    let mut adjusted = vec![0.0; p_values.len()];
    let total = count(p_values);
    let (mut rank, mut smallest) = (total, 1.0_f64);
    for index in order.into_iter().rev() {
        smallest = smallest.min(total / rank * value(p_values, index));
        set(&mut adjusted, index, smallest);
        rank -= 1.0;
    }
    adjusted
}

/// Returns the indices of p-values in ascending order of the values.
fn ascending(p_values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|left, right| value(p_values, *left).total_cmp(&value(p_values, *right)));
    order
}

fn count(p_values: &[f64]) -> f64 {
    p_values.iter().map(|_| 1.0).sum()
}

fn value(p_values: &[f64], index: usize) -> f64 {
    p_values.get(index).copied().unwrap_or(1.0)
}

fn set(adjusted: &mut [f64], index: usize, p_value: f64) {
    if let Some(slot) = adjusted.get_mut(index) {
        *slot = p_value;
    }
}
