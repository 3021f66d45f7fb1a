//! Where a flag repository is, and what is around it.

use crate::scaffold::answers::CiService;

/// Where the flag repository is, and what is around it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The path of the flag repository from git's root: empty, or with a `/` at its end.
    pub prefix: String,
    /// The service that checks changes.
    pub ci: CiService,
    /// The branch into which changes are merged.
    pub default_branch: String,
    /// Who approves kills, as `CODEOWNERS` names them. Without it, kills need no approval of an owner.
    pub on_call: Option<String>,
    /// The target to which the service publishes the default branch.
    pub target: Option<&'static str>,
    /// A folder of the flag repository to which `publish` writes, and which git ignores.
    pub ignored: Option<String>,
}
