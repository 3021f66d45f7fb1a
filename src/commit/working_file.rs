//! Reading, replacing and removing one file of the working tree.

use std::fs;
use std::io;
use std::path::Path;

use tempfile::Builder;

use crate::temporary;

/// Returns the bytes of a file, if it can be read.
pub(super) fn bytes(path: &Path) -> Option<Vec<u8>> {
    #[allow(clippy::disallowed_methods, reason = "compared, not read as a definition")]
    fs::read(path).ok()
}

/// Replaces a file, a link or an empty folder with a prepared file.
pub(super) fn replace(prepared: &Path, path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)?;
    if path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
        fs::remove_dir(path)?;
    }
    match fs::rename(prepared, path) {
        // The git folder may be on another file system.
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let copy = temporary::file_in(&mut Builder::new(), folder)?;
            fs::copy(prepared, copy.path())?;
            copy.as_file().sync_all()?;
            copy.persist(path)?;
            Ok(())
        }
        result => result,
    }
}

/// Removes a file, and the folders that become empty, because git does not track empty folders.
pub(super) fn remove(path: &Path, root: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != root) {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}
