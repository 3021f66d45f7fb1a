//! `flagctl diff --merge`: what a merge means that neither side does.
use anyhow::Result;

use super::Exit;
use super::diff::Format;
use crate::analyze::Budget;

pub(super) fn run(revs: [&String; 3], environment: Option<&str>, budget: &Budget, format: Format) -> Result<Exit> {
    let _ = (revs, environment, budget, format);
    Ok(Exit::Failed)
}
