//! The search for files of a revision that contain a word, by the word index.

use std::collections::BTreeSet;

use git2::Oid;

use crate::git::error::GitError;
use crate::git::revision::Revision;
use crate::git::word_index::WordQuery;

impl Revision {
    /// Returns the paths of the YAML files below some folders that have a word of the query, in any order. The result
    /// may include a few files without such a word.
    ///
    /// The search reads only the blobs whose words are not in the index. It stores the trees and words that it read for
    /// later runs, if the repository was opened with [`CacheWrites::Allowed`](crate::git::CacheWrites::Allowed).
    ///
    /// # Errors
    /// Returns [`GitError`] if an object cannot be read.
    pub fn files_mentioning(&self, folders: &[&str], query: &WordQuery) -> Result<Vec<String>, GitError> {
        let files = |is_wanted: &(dyn Fn(Oid) -> bool + Sync)| {
            let files = folders.iter().map(|folder| self.files(folder, is_wanted));
            let files = files.collect::<Result<Vec<_>, _>>()?.concat();
            // A file that cannot be read has no words.
            let readable = files.into_iter().filter_map(|(path, id)| Some((path, id?)));
            Ok::<_, GitError>(readable.collect::<Vec<_>>())
        };
        let index = &self.repository.words;
        let known = index.known();
        let mut found = files(&|id| known.get(&id).is_none_or(|hashes| query.matches_any(hashes)))?;
        let trees = self.folder_trees(folders)?;
        self.repository.trees.store(&trees).map_err(|error| self.explain_missing_object(error))?;
        // The order of folders is the fastest order. Git stores the files of a folder as differences from each other,
        // and in another order libgit2 would reconstruct most of them several times.
        let unknown: Vec<Oid> = found.iter().map(|(_, id)| *id).filter(|id| known.get(id).is_none()).collect();
        if !unknown.is_empty() {
            let words = index.read(&unknown).map_err(|error| self.explain_missing_object(error))?;
            found.retain(|(_, id)| words.get(id).is_some_and(|hashes| query.matches_any(hashes)));
            index.keep(words, || Ok(files(&|_| true)?.into_iter().map(|(_, id)| id).collect::<BTreeSet<_>>()))?;
        }
        Ok(found.into_iter().map(|(path, _)| path).collect())
    }

    /// Reads the file of the word index in advance, so a later search does not wait for it.
    pub fn load_word_index(&self) {
        self.repository.words.known();
    }
}
