//! The addresses of the pages.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address<'p> {
    /// The environments and the flags.
    Overview,
    /// An environment, with its name.
    Environment(Cow<'p, str>),
    /// A flag, with the name of the environment and its key.
    Flag(Cow<'p, str>, Cow<'p, str>),
}

impl<'p> Address<'p> {
    /// Reads a path. Returns `None` if it is not that of a page.
    ///
    /// The key is everything to the end of the path, and a key cannot contain `%`, so it is not ambiguous whether its
    /// slashes are encoded.
    pub(super) fn of(path: &'p str) -> Option<Self> {
        if path == "/" {
            return Some(Self::Overview);
        }
        if let Some(name) = path.strip_prefix("/environments/") {
            return Some(Self::Environment(decoded(name)));
        }
        let (environment, key) = path.strip_prefix("/flags/")?.split_once('/')?;
        Some(Self::Flag(decoded(environment), decoded(key)))
    }
}

/// Returns the text of the form for a context, if the query has it.
pub(super) fn context(query: &str) -> Option<String> {
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    let (_, text) = parameters.find(|(name, _)| name == "context")?;
    Some(text.replace("\r\n", "\n"))
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::{Address, context};

    #[test]
    fn a_path_names_a_page() {
        let flag = |key: &'static str| Some(Address::Flag("production".into(), key.into()));
        assert_eq!(Address::of("/"), Some(Address::Overview));
        assert_eq!(Address::of("/environments/eu%2D1"), Some(Address::Environment("eu-1".into())));
        assert_eq!(Address::of("/flags/production/new-cart"), flag("new-cart"));
        assert_eq!(Address::of("/flags/production/shop%2Fcart"), flag("shop/cart"));
        assert_eq!(Address::of("/flags/production/shop/cart"), flag("shop/cart"));
        for path in ["", "/flags", "/flags/production", "/environments", "/metrics", "/favicon.ico"] {
            assert_eq!(Address::of(path), None, "{path}");
        }
    }

    #[test]
    fn a_query_has_a_context() {
        assert_eq!(context("context=country%3DUS%0D%0Aplan%3Da+b"), Some("country=US\nplan=a b".to_owned()));
        assert_eq!(context("context="), Some(String::new()));
        assert_eq!(context("contexts=1"), None);
    }
}
