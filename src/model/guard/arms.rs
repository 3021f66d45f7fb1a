//! The two variants that a guard compares.

use crate::model::guard::definition::Guard;

/// The arms of a comparison, as names of variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arms {
    /// The variant that is rolled out.
    pub treatment: String,
    /// The variant with which it is compared.
    pub control: String,
}

/// The reason why a guard has no two arms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArmsProblem {
    /// Several variants could be the treatment, so the guard must name it.
    SeveralTreatments,
    /// The flag has no variant but the control.
    NoTreatment,
    /// Both arms are the same variant.
    SameVariant,
}

impl Guard {
    /// Returns the arms in an environment. `variants` are the names of the flag's variants, and `off` is the variant that
    /// the flag serves when it is off.
    ///
    /// # Errors
    /// Returns [`ArmsProblem`] if the treatment is not known, or is the control.
    pub fn arms<'v>(&self, variants: impl Iterator<Item = &'v str>, off: &str) -> Result<Arms, ArmsProblem> {
        let control = self.control.as_ref().map_or(off, |control| &control.value);
        let treatment = match &self.treatment {
            Some(treatment) => treatment.value.clone(),
            None => {
                let mut others = variants.filter(|name| *name != control);
                let first = others.next().ok_or(ArmsProblem::NoTreatment)?;
                if others.next().is_some() {
                    return Err(ArmsProblem::SeveralTreatments);
                }
                first.to_owned()
            }
        };
        if treatment == control {
            return Err(ArmsProblem::SameVariant);
        }
        Ok(Arms { treatment, control: control.to_owned() })
    }
}
