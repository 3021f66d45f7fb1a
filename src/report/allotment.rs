//! Divides the space of a text evenly among its parts.

/// Returns how much of each length fits into `available` in total. Lengths that are at most an even part are kept, and
/// all longer ones get the same, so one long part does not displace the others.
pub(super) fn allot(lengths: &[usize], available: usize) -> Vec<usize> {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    let (mut left, mut limit) = (available, usize::MAX);
    for (index, length) in sorted.iter().enumerate() {
        let even = left / (sorted.len() - index);
        if *length > even {
            limit = even;
            break;
        }
        left -= length;
    }
    lengths.iter().map(|length| (*length).min(limit)).collect()
}

#[cfg(test)]
mod tests {
    use crate::report::allotment::allot;

    #[test]
    fn long_parts_get_what_short_parts_leave() {
        assert_eq!(allot(&[10, 500, 20, 900], 430), [10, 200, 20, 200]);
        assert_eq!(allot(&[10, 20], 30), [10, 20]);
        assert_eq!(allot(&[], 30), [0; 0]);
        assert_eq!(allot(&[5, 5], 3), [1, 1]);
    }
}
