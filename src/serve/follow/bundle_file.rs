//! A file with a bundle, which another program replaces.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

use crate::bundle::Bundle;
use crate::publish::MAX_BUNDLE_BYTES;
use crate::serve::follower::{Follower, Freshness, NewBundle, Reading};
use crate::serve::served_bundle::Origin;

/// Follows a file that `flagctl export bundle` or `flagctl pull` writes.
pub struct BundleFile {
    path: PathBuf,
    environment: String,
    known: Option<FileVersion>,
}

/// What the file system says about a version of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileVersion {
    bytes: u64,
    modified: SystemTime,
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

impl BundleFile {
    /// Creates a follower of a file, whose environment never changes.
    ///
    /// # Errors
    /// Returns an error if the file is not a bundle.
    pub fn new(path: PathBuf) -> Result<Self, Problem> {
        let environment = read(&path)?.environment().to_owned();
        Ok(Self { path, environment, known: None })
    }

    fn read_changed(&mut self) -> Result<Reading, Problem> {
        let file = fs::metadata(&self.path)?;
        let version = FileVersion { bytes: file.len(), modified: file.modified()? };
        if self.known.as_ref() == Some(&version) {
            return Ok(Reading::Unchanged);
        }
        let bundle = read(&self.path)?;
        if bundle.environment() != self.environment {
            let found = bundle.environment();
            return Err(format!("the file has the environment `{found}`, not `{}`", self.environment).into());
        }
        let created = Timestamp::try_from(version.modified)?;
        self.known = Some(version);
        let origin = Origin { commit: None, sequence: None, created };
        let freshness = Freshness::Current;
        Ok(Reading::New(Box::new(NewBundle { bundle, origin, freshness, definitions: None })))
    }
}

impl Follower for BundleFile {
    fn environments(&self) -> Vec<String> {
        vec![self.environment.clone()]
    }

    fn read(&mut self, apply: &mut dyn FnMut(&str, Reading)) {
        let path = self.path.display().to_string();
        let reading = self.read_changed();
        let reading = reading.unwrap_or_else(|problem| Reading::Failed(format!("`{path}`: {problem}").into()));
        apply(&self.environment, reading);
    }
}

fn read(path: &Path) -> Result<Bundle, Problem> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BUNDLE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BUNDLE_BYTES {
        return Err(format!("the file has more than {MAX_BUNDLE_BYTES} bytes, which no bundle may have").into());
    }
    Ok(Bundle::from_json(&bytes)?)
}
