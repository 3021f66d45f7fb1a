//! The proof that an environment serves at least what another one serves.
//!
//! Every context that gets a variant with another value than that of `off` in one environment must get the same variant in
//! the other one. The proof needs one salt and one unit, because the buckets of a unit are independent otherwise.

use crate::analyze::{AnalysisError, Budget, Definition, ProofResult, ServedVariant, monotone};
use crate::bundle::{Bundle, Flag};
use crate::policy::verdict::ContainmentProblem;

/// Returns why it is not proven that the bundle `outer` serves at least what the bundle `inner` serves, or `None` if it
/// is proven.
pub(super) fn containment_problem(
    inner: &Bundle,
    outer: &Bundle,
    key: &str,
    budget: &Budget,
) -> Result<Option<ContainmentProblem>, AnalysisError> {
    let Some(inside) = Definition::find(inner, key) else { return Ok(None) };
    let Some(outside) = Definition::find(outer, key) else { return Ok(Some(ContainmentProblem::Absent)) };
    let flag = inside.flag();
    if hashes(flag) {
        if flag.bucketer.salt() != outside.flag().bucketer.salt() || inner.bucketing() != outer.bucketing() {
            return Ok(Some(ContainmentProblem::Salt));
        }
        if !units(inner, flag).iter().all(|unit| units(outer, outside.flag()).contains(unit)) {
            return Ok(Some(ContainmentProblem::Unit));
        }
    }
    let off = &flag.variant(flag.off).value;
    for variant in flag.variants.iter().filter(|variant| variant.value != *off) {
        let Some(served) = ServedVariant::find(inside, &variant.name) else { continue };
        match monotone(served, outside, None, budget) {
            Ok(ProofResult::Proven) => {}
            Ok(ProofResult::Refuted(witness) | ProofResult::Exceeded { witness, .. }) => {
                let (variant, context) = (variant.name.to_string(), witness.context);
                return Ok(Some(ContainmentProblem::Refuted { variant, context }));
            }
            Ok(ProofResult::Undecided(_)) | Err(AnalysisError::Exhausted(_)) => {
                return Ok(Some(ContainmentProblem::Undecided));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Returns whether a decision of the flag depends on a bucket.
fn hashes(flag: &Flag) -> bool {
    flag.rules.iter().any(|rule| rule.depends_on_bucket())
}

/// Returns the names of the attributes that rules hash.
fn units<'b>(bundle: &'b Bundle, flag: &Flag) -> Vec<&'b str> {
    let hashing = flag.rules.iter().filter(|rule| rule.depends_on_bucket());
    hashing.map(|rule| bundle.attributes.name(flag.unit_of(rule))).collect()
}
