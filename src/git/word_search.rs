//! The search for files of a revision that mention a word, by the word index.

use std::collections::BTreeSet;

use git2::Oid;

use crate::git::error::GitError;
use crate::git::revision::Revision;
use crate::git::word_index::WordQuery;

impl Revision {
    /// Returns the paths of the YAML files below some folders that have a word of the query, in any order. A few files
    /// without such a word may be among them.
    ///
    /// Only blobs whose words are not in the index are read. The trees and words that were read are stored for later
    /// runs, if the repository was opened with [`CacheWrites::Allowed`](crate::git::CacheWrites::Allowed).
    ///
    /// # Errors
    /// Returns [`GitError`] if an object cannot be read.
    pub fn files_mentioning(&self, folders: &[&str], query: &WordQuery) -> Result<Vec<String>, GitError> {
        let files = |is_wanted: &(dyn Fn(Oid) -> bool + Sync)| {
            let files = folders.iter().map(|folder| self.files(folder, is_wanted));
            Ok::<_, GitError>(files.collect::<Result<Vec<_>, _>>()?.concat())
        };
        let index = &self.repository.words;
        let known = index.known();
        let mut found = files(&|id| known.get(&id).is_none_or(|hashes| query.matches_any(hashes)))?;
        let trees = self.folder_trees(folders)?;
        self.repository.trees.store(&trees).map_err(|error| self.explain_missing_object(error))?;
        // In the order of folders: git stores the files of a folder as differences from each other, and in another
        // order most of them would be reconstructed several times.
        let unknown: Vec<Oid> = found.iter().map(|(_, id)| *id).filter(|id| known.get(id).is_none()).collect();
        if !unknown.is_empty() {
            let words = index.read(&unknown).map_err(|error| self.explain_missing_object(error))?;
            found.retain(|(_, id)| words.get(id).is_some_and(|hashes| query.matches_any(hashes)));
            index.keep(words, || Ok(files(&|_| true)?.into_iter().map(|(_, id)| id).collect::<BTreeSet<_>>()))?;
        }
        Ok(found.into_iter().map(|(path, _)| path).collect())
    }

    /// Loads the word index from its file now, so that a search on another thread does not wait for it.
    pub fn load_word_index(&self) {
        self.repository.words.known();
    }
}
