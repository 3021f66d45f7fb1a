//! The document around the content of a page: its head, its only style, and its security policy.
//!
//! **Invariant:** the page has no script, loads nothing, and its policy forbids both. The policy allows the one style
//! by its hash.

use crate::report::Printable;
use crate::report::diff::html::markup::Html;

/// The style of every page. It is XML, too: it has no `<` and no `&`.
pub(crate) const STYLE: &str = include_str!("style.css");
/// The policy of every page, with the hash of [`STYLE`].
const POLICY: &str = "default-src 'none'; style-src 'sha256-fW8AaFxT9ot1kZgYoiycg7kpKRKUWDt6XV4+mxCns7g='; base-uri 'none'; form-action 'none'";
/// The patterns that bars are filled with.
pub(crate) const PATTERNS: &str = r##"
<svg class="patterns" width="0" height="0" aria-hidden="true"><defs>
<pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect class="base" width="6" height="6"/><rect class="ink" width="3" height="6"/></pattern>
<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse">
<rect class="base" width="6" height="6"/><circle class="ink" cx="3" cy="3" r="1.5"/></pattern>
</defs></svg>"##;

/// Returns a document with a title. `content` writes the content of its body.
pub(crate) fn document(title: &str, content: impl FnOnce(&mut Html)) -> Printable {
    let mut html = Html::default();
    html.markup("<!DOCTYPE html>\n").element("html", &[("lang", "en")], |html| {
        html.element("head", &[], |html| {
            html.empty("meta", &[("charset", "utf-8")])
                .empty("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)])
                .empty("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")])
                .empty("meta", &[("name", "color-scheme"), ("content", "light dark")])
                .empty("meta", &[("name", "referrer"), ("content", "no-referrer")])
                .leaf("title", &[], title)
                .element("style", &[], |html| {
                    html.markup(STYLE);
                });
        });
        html.element("body", &[], |html| {
            html.markup(PATTERNS);
            content(html);
        });
    });
    html.into_printable()
}

#[cfg(test)]
pub(crate) mod tests {
    use sha2::{Digest as _, Sha256};

    use crate::report::diff::html::document::{POLICY, STYLE};

    fn base64(bytes: &[u8]) -> String {
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for three in bytes.chunks(3) {
            let number =
                three.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)) << (8 * (3 - three.len()));
            let digit = |index: usize| char::from(digits[number >> (6 * (3 - index)) & 63]);
            text.extend((0..4).map(|index| if index <= three.len() { digit(index) } else { '=' }));
        }
        text
    }

    /// Returns the hash of a style for a policy.
    pub(crate) fn hash(style: &str) -> String {
        base64(&Sha256::digest(style.as_bytes()))
    }

    #[test]
    fn the_policy_has_the_hash_of_the_style() {
        assert_eq!(base64(b"light work."), "bGlnaHQgd29yay4=");
        let hash = hash(STYLE);
        assert!(POLICY.contains(&format!("style-src 'sha256-{hash}';")), "the hash is now {hash}");
    }

    #[test]
    fn the_style_loads_nothing() {
        assert!(!STYLE.contains(['<', '&']));
        assert_eq!(STYLE.matches('@').count(), STYLE.matches("@media").count());
        assert_eq!(STYLE.matches("url(").count(), STYLE.matches("url(#").count());
    }
}
