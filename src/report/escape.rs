//! Functions that escape text from definitions, arguments, git and the network for one output language.
//!
//! Each function takes text with any content. It returns text that the output language displays as this content, and
//! that does not start markup, a command or a control sequence. Each output language has one function, so the rules of
//! a language are in one function. A format escapes every text that it does not write itself.
//!
//! Three kinds of text are dangerous in every language. [`is_hidden`] finds characters that change the display of other
//! text or that are invisible. Systems for continuous integration execute lines of a log that begin with `::`, and lines
//! that contain `##[` or `##vso[`. The types [`Lines`](crate::report::Lines) and
//! [`Printable`](crate::report::Printable) apply these rules to everything that the program writes.

use std::borrow::Cow;
use std::fmt::Write;

/// Ranges of characters that change the display of the text around them, that are invisible, or that look like a
/// space: soft hyphens, joiners, fillers, bidirectional marks, variation selectors, tags, and spaces other than U+0020
/// and the wide U+3000. Control characters are not in this list.
const HIDDEN: [(char, char); 26] = [
    ('\u{a0}', '\u{a0}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{2000}', '\u{200f}'),
    ('\u{2028}', '\u{202f}'),
    ('\u{205f}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{fffe}', '\u{ffff}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d159}', '\u{1d159}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{1fffe}', '\u{1ffff}'),
    ('\u{e0000}', '\u{e0fff}'),
    ('\u{ffffe}', '\u{fffff}'),
    ('\u{10fffe}', '\u{10ffff}'),
];

/// Returns whether a reader does not see the character as it is: a control character, a line break, a bidirectional
/// mark, an invisible character, or a space that is not U+0020.
pub fn is_hidden(character: char) -> bool {
    match character {
        ' '..='~' => false,
        control if control.is_control() => true,
        character => HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&character)),
    }
}

/// Returns whether the text may contain something that a language must escape. The answer is exact enough for text of
/// printable ASCII characters, which is most text.
fn may_need_escape(text: &str) -> bool {
    text.bytes().any(|byte| !(b' '..=b'~').contains(&byte) || byte == b'#')
}

/// Returns whether the text, which follows a `#`, makes a command of a log together with it: `#[` or `#vso[`.
fn continues_command(rest: &str) -> bool {
    rest.strip_prefix('#')
        .is_some_and(|name| name.trim_start_matches(|character: char| character.is_ascii_alphabetic()).starts_with('['))
}

/// Copies a text. `escape` writes the dangerous characters: those that [`is_hidden`], and the second `#` of `##[`.
fn escaped(text: &str, mut escape: impl FnMut(char, &mut String)) -> String {
    let mut copy = String::with_capacity(text.len() + 16);
    let mut is_command = false;
    for (index, character) in text.char_indices() {
        if is_command || is_hidden(character) {
            escape(character, &mut copy);
            is_command = false;
        } else {
            copy.push(character);
            let rest = text.get(index + character.len_utf8()..).unwrap_or_default();
            is_command = character == '#' && continues_command(rest);
        }
    }
    copy
}

/// Writes a character as people read it: `\n` or `\u{202e}`.
fn visible(character: char, copy: &mut String) {
    match character {
        '\n' | '\r' | '\t' => copy.extend(character.escape_debug()),
        character => copy.extend(character.escape_unicode()),
    }
}

/// Escapes text that becomes a part of one line for people. Line breaks become `\n`, other dangerous characters become
/// `\u{…}`.
pub fn line(text: &str) -> Cow<'_, str> {
    if may_need_escape(text) { Cow::Owned(escaped(text, visible)) } else { Cow::Borrowed(text) }
}

/// Escapes the beginning of a complete line: `::` starts a command in the log of GitHub Actions. The text has no line
/// breaks.
pub fn line_start(text: &str) -> Cow<'_, str> {
    let content = text.trim_start();
    match content.strip_prefix("::") {
        None => Cow::Borrowed(text),
        Some(rest) => Cow::Owned(format!("{}\\u{{3a}}:{rest}", text.strip_suffix(content).unwrap_or_default())),
    }
}

/// Escapes a document in JSON. Outside of strings JSON has none of the dangerous characters except for line breaks, so
/// the document keeps its meaning: in strings they become `\u…`.
pub fn json(document: &str) -> Cow<'_, str> {
    let dangerous = |byte: u8| byte >= 0x7f || byte == b'#';
    if !document.bytes().any(dangerous) {
        return Cow::Borrowed(document);
    }
    Cow::Owned(escaped(document, |character, copy| match character {
        '\n' => copy.push('\n'),
        character => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(copy, "\\u{unit:04x}");
            }
        }
    }))
}

/// Escapes a Markdown document, whose texts from outside are already in code. It keeps line breaks.
pub(super) fn document(text: &str) -> String {
    escaped(text, |character, copy| if character == '\n' { copy.push('\n') } else { visible(character, copy) })
}

/// Escapes a message of a GitHub workflow command, which is the text after `::`. GitHub shows its line breaks.
pub fn github_command(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    line(&text).into_owned()
}

/// Escapes a property of a GitHub workflow command, such as `file` or `title`.
pub fn github_property(text: &str) -> String {
    github_command(text).replace(':', "%3A").replace(',', "%2C")
}

/// Escapes text for a message in SARIF, where `[text](target)` is a link.
pub fn sarif(text: &str) -> String {
    text.replace("](", "\\](")
}

/// Escapes text for the HTML in Markdown, inside `<code>`. Everything that has a meaning in Markdown becomes a character
/// reference, because Markdown is read in HTML, too.
pub fn html_code(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in line(text).chars() {
        if character.is_ascii_punctuation() && !"-,".contains(character) {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "&#{};", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Escapes text for HTML on one line, in an element or in an attribute in quotes. The result is XML, too.
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in line(text).chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            character => escaped.push(character),
        }
    }
    escaped
}

/// Returns Markdown code that shows the text. Code is the only Markdown in which `@name` mentions no user and `#12` is no
/// reference. A text with `|` becomes HTML, because a code span with `|` ends the cell of a table.
pub fn markdown_code(text: &str) -> String {
    let text = line(text);
    if text.is_empty() || text.contains('|') {
        return format!("<code>{}</code>", html_code(&text));
    }
    let fence = markdown_fence(&text, 1);
    let needs_pad = |edge: &[char]| text.starts_with(edge) || text.ends_with(edge);
    let pad = if needs_pad(&['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Returns a fence of at least `least` backticks that is longer than every run of backticks in the text.
pub fn markdown_fence(text: &str, least: usize) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(least.max(longest + 1))
}

/// Escapes text for a cell of CSV (RFC 4180), on one line. Spreadsheets compute a cell that begins with a sign such as
/// `=`, so such a text gets an apostrophe at its start, which makes it a text. A cell with any unusual character is in
/// quotes, because some spreadsheets also separate cells at `;`.
pub fn csv_cell(text: &str) -> String {
    const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let text = line(text);
    let guard = if text.trim_start().starts_with(SIGNS) { "'" } else { "" };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
    if guard.is_empty() && text.bytes().all(is_plain) && !text.starts_with("::") {
        return text.into_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// Quotes a word for a POSIX shell if it needs quotes. A `~` needs quotes only at the start of the word, and not in
/// `HEAD~1`. A word with dangerous characters becomes `$'…'` with octal numbers, so the command can be copied.
pub fn shell_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,:/=@%+~^".contains(&byte);
    // A shell replaces `~` with a folder at the start of a word, and after `=` or `:`.
    let has_tilde_prefix = word.starts_with('~') || word.contains("=~") || word.contains(":~");
    if !word.is_empty() && !has_tilde_prefix && word.bytes().all(plain) {
        return word.to_owned();
    }
    if line(word) == word {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let quoted = word.replace('\\', r"\\").replace('\'', r"\'");
    let quoted = escaped(&quoted, |character, copy| {
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            // Writing to a string cannot fail.
            let _ = write!(copy, "\\{byte:03o}");
        }
    });
    format!("$'{quoted}'")
}

/// Escapes a path as a relative URI reference: bytes other than letters, digits and `/-._~` are percent-encoded.
pub fn uri_path(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let part = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(part).collect()
}

/// Escapes text for an XML element or an attribute in double quotes, on one line. Line breaks and other dangerous
/// characters become character references. XML 1.0 cannot hold most control characters, which become `\u{…}`.
pub fn xml(text: &str) -> String {
    let markup = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let markup = escaped(&markup, |character, copy| match character {
        '\n' | '\r' | '\t' | '#' | '\u{7f}'.. if !matches!(u32::from(character) & 0xffff, 0xfffe | 0xffff) => {
            // Writing to a string cannot fail.
            let _ = write!(copy, "&#{};", u32::from(character));
        }
        character => visible(character, copy),
    });
    if markup.trim_start().starts_with("::") { markup.replacen("::", "&#58;:", 1) } else { markup }
}

#[cfg(test)]
mod tests {
    use crate::report::escape::{
        csv_cell, github_command, github_property, html_code, json, line, line_start, markdown_code, shell_word,
        uri_path, xml,
    };

    #[test]
    fn a_line_for_people_has_no_line_breaks_control_characters_or_invisible_characters() {
        assert_eq!(line("a\u{1b}[31mb\r\n\tc\u{9b}d\u{7f}"), r"a\u{1b}[31mb\r\n\tc\u{9b}d\u{7f}");
        assert_eq!(line("a\u{202e}b\u{2069}\u{200b}\u{a0}\u{e0041}"), r"a\u{202e}b\u{2069}\u{200b}\u{a0}\u{e0041}");
        assert_eq!(line("ü → 日本 ✓ — “…”"), "ü → 日本 ✓ — “…”");
    }

    #[test]
    fn no_line_is_a_command_of_a_log() {
        assert_eq!(
            line("x ##[group] y ###[z] ##vso[task] # # ##"),
            r"x #\u{23}[group] y ##\u{23}[z] #\u{23}vso[task] # # ##"
        );
        assert_eq!(line_start("  ::add-mask::x"), r"  \u{3a}:add-mask::x");
        assert_eq!(line_start("a::b"), "a::b");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({"a": "\u{202e}\u{9b}\u{7f}\u{e0041}##[x]\n::y", "é": "日本"});
        let document = serde_json::to_string_pretty(&value).unwrap();
        let escaped = json(&document);
        assert_eq!(
            escaped,
            "{\n  \"a\": \"\\u202e\\u009b\\u007f\\udb40\\udc41#\\u0023[x]\\n::y\",\n  \"é\": \"日本\"\n}"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }

    #[test]
    fn a_github_message_keeps_its_line_breaks_inside_one_command() {
        assert_eq!(github_command("50%\r\nnext: a, b\u{1b}"), "50%25%0D%0Anext: a, b\\u{1b}");
        assert_eq!(github_property("50%\nnext: a, b"), "50%25%0Anext%3A a%2C b");
    }

    #[test]
    fn markdown_shows_texts_as_code() {
        assert_eq!(markdown_code("a\nb"), r"`a\nb`");
        assert_eq!(markdown_code("a ``b`` c"), "```a ``b`` c```");
        assert_eq!(markdown_code("`a`"), "`` `a` ``");
        assert_eq!(markdown_code(""), "<code></code>");
        assert_eq!(markdown_code("a | @b"), "<code>a &#124; &#64;b</code>");
        assert_eq!(html_code("<b>&[x](http://y)"), "&#60;b&#62;&#38;&#91;x&#93;&#40;http&#58;&#47;&#47;y&#41;");
    }

    #[test]
    fn a_cell_of_csv_is_one_line_and_never_a_formula() {
        assert_eq!(csv_cell(""), "");
        assert_eq!(csv_cell("new-cart"), "new-cart");
        assert_eq!(csv_cell("rule a: \"x\" → 1,5"), "\"rule a: \"\"x\"\" → 1,5\"");
        assert_eq!(csv_cell("a;b\r\nc"), r#""a;b\r\nc""#);
        for sign in ["=", "+", "-", "@", " =", "\t=", "＝", "\u{a0}="] {
            let cell = csv_cell(&format!("{sign}HYPERLINK(1)"));
            assert!(cell.starts_with("\"'") || cell.starts_with("\"\\"), "{cell}");
        }
    }

    #[test]
    fn a_shell_word_is_quoted_where_it_needs_quotes() {
        assert_eq!(shell_word("flags/one.yaml"), "flags/one.yaml");
        assert_eq!(shell_word("HEAD~1"), "HEAD~1");
        assert_eq!(shell_word("~me"), "'~me'");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("targetingKey=user-1"), "targetingKey=user-1");
        assert_eq!(shell_word("targetingKey=~user"), "'targetingKey=~user'");
        assert_eq!(shell_word("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell_word("it's\n\\ \u{202e}##["), r"$'it\'s\012\\ \342\200\256#\043['");
    }

    #[test]
    fn a_path_becomes_a_relative_uri_reference() {
        assert_eq!(uri_path("flags/colour ü&.yaml"), "flags/colour%20%C3%BC%26.yaml");
    }

    #[test]
    fn xml_has_only_characters_that_it_can_hold() {
        assert_eq!(
            xml("<a b=\"&\">\u{1b}\u{ffff}\n\u{202e}\u{9b}##["),
            r"&lt;a b=&quot;&amp;&quot;&gt;\u{1b}\u{ffff}&#10;&#8238;&#155;#&#35;["
        );
        assert_eq!(xml(" ::error::x"), " &#58;:error::x");
    }
}
