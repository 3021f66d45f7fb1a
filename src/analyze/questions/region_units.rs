//! Decides whether conditions name the units of a region.

use std::collections::BTreeSet;

use crate::analyze::description::describe::unit_is_in_classes;
use crate::analyze::encoding::encoded::EncodedUnit;
use crate::analyze::error::AnalysisError;
use crate::analyze::search::bucket_partition::Query;
use crate::analyze::search::context_search::Search;
use crate::analyze::search::solver::Literal;

/// Returns whether conditions name the units of every context of the region, all of them for one of these versions of
/// the flag. For a version, the slice has the units that its rules hash.
///
/// If the budget runs out, the result is false, because a limit for shares then counts the region.
pub(crate) fn has_only_named_units(
    search: &mut Search<'_>,
    queries: &[Query<'_>],
    signs: &[bool],
    classes: &BTreeSet<(usize, usize)>,
    versions: &[Vec<EncodedUnit>],
) -> Result<bool, AnalysisError> {
    let mut region = unit_is_in_classes(search, classes);
    let terms = queries.iter().zip(signs).filter(|(query, _)| query.class().is_none());
    region.extend(terms.map(|(query, sign)| query.literal.apply_sign(*sign)));
    for units in versions {
        let named = search.encoder.solver.all(units.iter().map(|unit| unit.named).collect::<Vec<_>>());
        let unnamed: Vec<Literal> = region.iter().copied().chain([!named]).collect();
        match search.is_unsatisfiable(&unnamed) {
            Ok(true) => return Ok(true),
            Ok(false) | Err(AnalysisError::Exhausted(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}
