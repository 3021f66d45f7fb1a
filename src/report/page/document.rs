//! The frame of a page: its head, its two styles, its header and its footer.
//!
//! **Invariant:** the page has no script and loads nothing, and the policy forbids both. The policy allows the styles by
//! their hashes.

use crate::report::Printable;
use crate::report::diff::html::document::{PATTERNS, STYLE};
use crate::report::diff::html::markup::Html;
use crate::report::page::facts::ServerFacts;
use crate::report::page::links;

/// The style of the pages, in addition to the style of the page of a plan.
const PAGE_STYLE: &str = include_str!("style.css");
/// The security policy of every page, with the hashes of both styles. The server sends it as a header.
pub const POLICY: &str = "default-src 'none'; style-src 'sha256-fW8AaFxT9ot1kZgYoiycg7kpKRKUWDt6XV4+mxCns7g=' \
    'sha256-XMKDxDwLqV6RPDgh2Md86LaVXBgfNiWFswVOnaoKozw='; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Returns a page. `environment` is the environment that the page is about, if there is one. `content` writes the content
/// of `main`.
pub(super) fn document(
    title: &str,
    server: &ServerFacts<'_>,
    environment: Option<&str>,
    content: impl FnOnce(&mut Html),
) -> Printable {
    frame(title, |html| {
        html.element("header", &[("class", "top")], |html| {
            html.element("nav", &[("aria-label", "place")], |html| {
                html.element("ol", &[("class", "path")], |html| {
                    html.element("li", &[], |html| {
                        html.leaf("a", &[("href", "/")], "flagctl");
                    });
                    if let Some(name) = environment {
                        html.element("li", &[], |html| {
                            html.leaf("a", &[("href", &links::environment(name))], name);
                        });
                    }
                });
            });
            html.element("p", &[("class", "minor")], |html| {
                html.text("as of ").element("time", &[("datetime", &server.now.to_string())], |html| {
                    html.text(&server.now.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
                });
            });
        });
        html.element("main", &[("id", "main")], content);
        html.element("footer", &[], |html| {
            html.element("p", &[], |html| {
                html.text(&format!("flagctl {} · ", server.version));
                for (index, path) in ["/healthz", "/readyz", "/metrics"].into_iter().enumerate() {
                    html.text(if index > 0 { " · " } else { "" }).leaf("a", &[("href", path)], path);
                }
            });
        });
    })
}

/// Returns a page that only says why there is no other page.
pub fn problem(title: &str, sentence: &str) -> Printable {
    frame(title, |html| {
        html.element("main", &[("id", "main")], |html| {
            html.leaf("h1", &[], title).leaf("p", &[("class", "lead")], sentence);
            html.element("p", &[], |html| {
                html.leaf("a", &[("href", "/")], "All flags");
            });
        });
    })
}

fn frame(title: &str, body: impl FnOnce(&mut Html)) -> Printable {
    let mut html = Html::default();
    html.markup("<!DOCTYPE html>\n").element("html", &[("lang", "en")], |html| {
        html.element("head", &[], |html| {
            html.empty("meta", &[("charset", "utf-8")])
                .empty("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")])
                .empty("meta", &[("name", "color-scheme"), ("content", "light dark")])
                .leaf("title", &[], &format!("{title} · flagctl"));
            for style in [STYLE, PAGE_STYLE] {
                html.element("style", &[], |html| {
                    html.markup(style);
                });
            }
        });
        html.element("body", &[("class", "server")], |html| {
            html.leaf("a", &[("class", "skip"), ("href", "#main")], "Skip to the content");
            html.markup(PATTERNS);
            body(html);
        });
    });
    html.into_printable()
}

#[cfg(test)]
mod tests {
    use crate::report::diff::html::document::STYLE;
    use crate::report::diff::html::document::tests::hash;
    use crate::report::page::document::{PAGE_STYLE, POLICY};

    #[test]
    fn the_policy_has_the_hashes_of_both_styles() {
        let hashes = [STYLE, PAGE_STYLE].map(|style| format!("'sha256-{}'", hash(style))).join(" ");
        assert!(POLICY.contains(&format!("style-src {hashes};")), "the hashes are now {hashes}");
    }

    #[test]
    fn the_style_loads_nothing() {
        assert!(!PAGE_STYLE.contains(['<', '&']));
        assert_eq!(PAGE_STYLE.matches('@').count(), PAGE_STYLE.matches("@media").count());
        assert_eq!(PAGE_STYLE.matches("url(").count(), 0);
    }
}
