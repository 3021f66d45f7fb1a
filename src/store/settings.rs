//! The settings of object stores, from environment variables, and the secrets among them.
//!
//! **Invariant:** the value of a secret is in no message, whatever the HTTP library or the store puts into its errors.

use crate::store::error::StoreError;

/// The maximum length of the reason in a message. A store can put a page of HTML into its error.
const MAX_REASON_CHARS: usize = 1_000;
/// Secrets that are shorter are not searched for in messages, because they occur in ordinary words.
const MIN_SECRET_BYTES: usize = 4;

/// The settings of one kind of store.
#[derive(Default)]
pub(super) struct Settings {
    values: Vec<(String, String)>,
}

impl Settings {
    /// Takes the variables with this prefix. White space around a value, such as the line break at the end of a file,
    /// is removed.
    ///
    /// # Errors
    /// Returns [`StoreError::Setting`] if a value contains other characters than visible ASCII. An HTTP header cannot
    /// contain them.
    pub(super) fn with_prefix(prefix: &str, environment: &[(String, String)]) -> Result<Self, StoreError> {
        let mut values = Vec::new();
        for (name, value) in environment.iter().filter(|(name, _)| name.starts_with(prefix)) {
            let value = value.trim();
            // Google's key is JSON, and has line breaks.
            let is_plain = |character: char| character == ' ' || character.is_ascii_graphic();
            let is_json = prefix == "GOOGLE_" && value.starts_with('{');
            if !is_json && !value.chars().all(is_plain) {
                return Err(StoreError::Setting(name.clone()));
            }
            values.push((name.clone(), value.to_owned()));
        }
        Ok(Self { values })
    }

    /// Iterates over the names, in lower case, and the values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (String, &str)> {
        self.values.iter().map(|(name, value)| (name.to_lowercase(), value.as_str()))
    }

    /// Replaces the values of secrets in the message of an error, and shortens the message.
    pub(super) fn redact(&self, message: &str) -> String {
        let mut text = message.to_owned();
        for (name, value) in
            self.values.iter().filter(|(name, value)| is_secret(name) && value.len() >= MIN_SECRET_BYTES)
        {
            let shown = format!("[{name}]");
            for form in [value.clone(), percent_encoded(value), format!("{value:?}").trim_matches('"').to_owned()] {
                text = text.replace(&form, &shown);
            }
        }
        if let Some((end, _)) = text.char_indices().nth(MAX_REASON_CHARS) {
            text.truncate(end);
            text += " …";
        }
        text
    }
}

/// Returns whether a variable with this name has a secret, judged by the words in its name.
fn is_secret(name: &str) -> bool {
    let words = ["KEY", "SECRET", "TOKEN", "SAS", "PASSWORD", "CREDENTIAL", "SERVICE_ACCOUNT"];
    words.iter().any(|word| name.contains(word))
}

/// Returns a text in the form in which it is in a URL.
fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use crate::store::error::StoreError;

    fn settings(name: &str, value: &str) -> Result<Settings, StoreError> {
        Settings::with_prefix("AWS_", &[(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn white_space_around_a_secret_is_removed_and_within_it_is_refused() {
        let read = settings("AWS_SECRET_ACCESS_KEY", " wJalr+XUt/n \r\n").unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), [("aws_secret_access_key".to_owned(), "wJalr+XUt/n")]);
        for value in ["wJalr\nXUt", "wJalr\u{e9}", "wJ\0alr"] {
            let error = settings("AWS_SECRET_ACCESS_KEY", value).err().unwrap();
            let message = error.to_string() + &format!("{error:?}");
            assert!(message.contains("AWS_SECRET_ACCESS_KEY") && !message.contains("wJ"), "{message}");
        }
    }

    #[test]
    fn secrets_are_replaced_in_messages() {
        let read = settings("AWS_SECRET_ACCESS_KEY", "wJalr+XUt/n").unwrap();
        let shown = read.redact("GET /?key=wJalr%2BXUt%2Fn: signed with `wJalr+XUt/n`");
        assert_eq!(shown, "GET /?key=[AWS_SECRET_ACCESS_KEY]: signed with `[AWS_SECRET_ACCESS_KEY]`");
        assert!(read.redact(&"x".repeat(5_000)).len() < 1_100);
    }
}
