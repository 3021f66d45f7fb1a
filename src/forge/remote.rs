//! The web address of a remote repository, and of the page that opens a pull request.

/// The program that hosts a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forge {
    /// GitHub.
    Github,
    /// GitLab.
    Gitlab,
    /// Gitea or Forgejo.
    Gitea,
    /// Bitbucket's cloud.
    Bitbucket,
    /// Another program, or one whose address does not tell.
    Unknown,
}

/// A repository at a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRepository {
    /// The forge.
    pub forge: Forge,
    /// `http` or `https`.
    scheme: &'static str,
    /// The host, with a port if the address has one.
    host: String,
    /// The path, such as `acme/flags`.
    path: String,
}

impl RemoteRepository {
    /// Reads the address of a remote: `https://HOST/PATH`, `ssh://USER@HOST/PATH` or `USER@HOST:PATH`. Returns `None` for
    /// another address, such as that of a folder.
    pub fn parse(address: &str) -> Option<Self> {
        let (scheme, rest) = match address.split_once("://") {
            Some(("https", rest)) => ("https", rest),
            Some(("http", rest)) => ("http", rest),
            Some(("ssh" | "git" | "git+ssh" | "ssh+git", rest)) => ("https", rest),
            Some(_) => return None,
            None => ("https", ""),
        };
        let is_web = address.starts_with("http");
        let (host, path) = match address.contains("://") {
            true => rest.split_once('/')?,
            false => address.split_once(':').filter(|(host, _)| !host.contains('/'))?,
        };
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        if !name.bytes().all(is_name) || !name.contains('.') || !port.is_none_or(is_port) {
            return None;
        }
        // The port of ssh is not that of the web page.
        let port = port.filter(|_| is_web).map_or(String::new(), |port| format!(":{port}"));
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let is_complete = path.contains('/') && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        is_complete.then(|| Self {
            forge: Forge::of(name),
            scheme,
            host: format!("{}{port}", name.to_ascii_lowercase()),
            path: path.to_owned(),
        })
    }

    /// Returns the name that `gh` accepts: `HOST/OWNER/NAME`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.host, self.path)
    }

    /// Returns the options with which a push opens a merge request.
    pub fn push_options(&self) -> &'static [&'static str] {
        match self.forge {
            Forge::Gitlab => &["merge_request.create"],
            Forge::Github | Forge::Gitea | Forge::Bitbucket | Forge::Unknown => &[],
        }
    }

    /// Returns the address of the page that opens a pull request from a branch to the default branch.
    pub fn new_request(&self, default_branch: Option<&str>, branch: &str) -> String {
        let repository = format!("{}://{}/{}", self.scheme, self.host, encoded(&self.path));
        let branch = encoded(branch);
        match (self.forge, default_branch.map(encoded)) {
            (Forge::Github, Some(base)) => format!("{repository}/compare/{base}...{branch}?expand=1"),
            (Forge::Github, None) => format!("{repository}/pull/new/{branch}"),
            (Forge::Gitlab, _) => {
                format!("{repository}/-/merge_requests/new?merge_request%5Bsource_branch%5D={branch}")
            }
            (Forge::Gitea, Some(base)) => format!("{repository}/compare/{base}...{branch}"),
            (Forge::Gitea, None) => format!("{repository}/compare/{branch}"),
            (Forge::Bitbucket, _) => format!("{repository}/pull-requests/new?source={branch}"),
            (Forge::Unknown, _) => repository,
        }
    }
}

impl Forge {
    fn of(host: &str) -> Self {
        let host = host.to_ascii_lowercase();
        let has = |word: &str| host.split('.').any(|label| label == word);
        if has("github") || host.ends_with(".ghe.com") {
            Self::Github
        } else if has("gitlab") {
            Self::Gitlab
        } else if has("gitea") || has("forgejo") || host == "codeberg.org" {
            Self::Gitea
        } else if host == "bitbucket.org" {
            Self::Bitbucket
        } else {
            Self::Unknown
        }
    }
}

/// Percent-encodes all bytes but unreserved ones and `/`.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
