//! `--format` of findings and test results: the names of the formats of `report` on the command line.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::report::findings::FindingsFormat;

impl ValueEnum for FindingsFormat {
    fn value_variants<'v>() -> &'v [Self] {
        &[Self::Human, Self::Json, Self::Sarif, Self::Github, Self::Gitlab, Self::Junit]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
        }))
    }
}
