//! The keys of flags and the names of their files.
//!
//! The key of a flag is one or more names, joined with `/` or `:`, such as `checkout/button`. A file's name cannot
//! contain `/`, and on Windows it cannot contain `:`. The name of a file therefore writes `/` as `%2F` and `:` as `%3A`:
//! `flags/shop/checkout%2Fbutton.yaml` defines the flag `checkout/button`. These two are the only escapes. Everything
//! that looks for the file of a flag or a kill, or that reads a key from a path, uses this module.
//!
//! **Invariant:** every key has one file name, and every file name has at most one key.
//! **Invariant:** a key never names a path: its file name has no `/`, and is never `.` or `..`.

use crate::model::definition_kind::KILLS;
use crate::model::name_rule::NameRule;
use crate::snapshot::stem;

/// The characters that separate the parts of a key, and how the names of files write them.
const ESCAPES: [(char, &str); 2] = [('/', "%2F"), (':', "%3A")];

/// Returns the name of the file that defines a flag or a kill of the flag. Returns `None` if the text is not a key.
pub fn flag_file_name(key: &str) -> Option<String> {
    NameRule::Flag.admits(key).then(|| format!("{}.yaml", escaped(key)))
}

/// Returns the name of the test file of a flag. It has no escapes, because a test file may have any name.
pub fn test_file_name(key: &str) -> String {
    format!("{}.yaml", key.replace(ESCAPES.map(|(separator, _)| separator), "-"))
}

/// Returns the key of the flag that the file with this path defines or kills. Returns `None` if the name of the file is
/// not the name of a flag's file.
pub fn flag_key(path: &str) -> Option<String> {
    let stem = stem(path)?;
    let key =
        ESCAPES.iter().fold(stem.to_owned(), |key, (separator, escape)| key.replace(escape, &separator.to_string()));
    (NameRule::Flag.admits(&key) && escaped(&key) == stem).then_some(key)
}

/// Returns the path of the file that kills a flag, from the root of the flag repository.
pub(crate) fn kill_path(flag: &str, environment: &str) -> String {
    format!("{KILLS}/{environment}/{}.yaml", escaped(flag))
}

/// Returns the key that the author of a wrong file name probably meant: its escapes are in lower case, or its name
/// contains `:` itself.
pub(crate) fn intended_key(stem: &str) -> Option<String> {
    let key = ESCAPES.iter().fold(stem.to_owned(), |key, (separator, escape)| {
        key.replace(&escape.to_lowercase(), escape).replace(escape, &separator.to_string())
    });
    NameRule::Flag.admits(&key).then_some(key)
}

fn escaped(key: &str) -> String {
    ESCAPES.iter().fold(key.to_owned(), |stem, (separator, escape)| stem.replace(*separator, escape))
}

#[cfg(test)]
mod tests {
    use super::{flag_file_name, flag_key, intended_key};

    #[test]
    fn a_key_and_the_name_of_its_file_determine_each_other() {
        for (key, file) in [
            ("sale", "sale.yaml"),
            ("v1.2_x-y", "v1.2_x-y.yaml"),
            ("checkout/button", "checkout%2Fbutton.yaml"),
            ("group:feature", "group%3Afeature.yaml"),
            ("a/b:c/d", "a%2Fb%3Ac%2Fd.yaml"),
        ] {
            assert_eq!(flag_file_name(key).as_deref(), Some(file));
            assert_eq!(flag_key(&format!("flags/some/folder/{file}")).as_deref(), Some(key));
        }
    }

    #[test]
    fn a_text_that_looks_like_a_path_is_not_a_key() {
        for text in [
            "", "/", "/a", "a/", "a//b", "..", "../a", "a/..", "a/../b", "a/./b", ".a", "a/.b", "a\\b", "a b", ":a",
            "a::b", "a%2Fb",
        ] {
            assert_eq!(flag_file_name(text), None, "{text}");
        }
        assert_eq!(flag_file_name(&"a".repeat(129)), None);
    }

    #[test]
    fn only_the_two_escapes_in_upper_case_are_in_names_of_files() {
        for stem in [
            "a%2fb",
            "a:b",
            "a%20b",
            "a%",
            "a%252Fb",
            "%2Fa",
            "a%2F..%2Fb",
            "..%2Fa",
            "a%2F%2Fb",
            "a%2Eb",
            "a%2%2FFb",
            "",
        ] {
            assert_eq!(flag_key(&format!("flags/{stem}.yaml")), None, "{stem}");
        }
        assert_eq!(flag_key("flags/a%2Fb.yml"), None);
        assert_eq!(intended_key("a%2fb").as_deref(), Some("a/b"));
        assert_eq!(intended_key("a:b%2Fc").as_deref(), Some("a:b/c"));
        assert_eq!(intended_key("a%20b"), None);
    }
}
