//! Where the data is: a folder of SQLite files, or a PostgreSQL database.
use std::{fmt, path::PathBuf};

/// The two engines a statement may meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL 15 or later: production.
    Postgres,
    /// SQLite, compiled in: the embedded default.
    Sqlite,
}

/// Where the data of all services is. Each service has its own schema there.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// One file a service in this folder, which is created where it is missing and belongs to one process at a time.
    Sqlite {
        /// The data folder.
        folder: PathBuf,
    },
    /// One schema a service in this database.
    Postgres {
        /// `postgres://user:password@host:port/database?sslmode=verify-full`.
        url: String,
    },
}

impl Location {
    /// The engine that serves this place.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres { .. } => Engine::Postgres,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { folder } => write!(f, "{}", folder.display()),
            Self::Postgres { url } => f.write_str(&without_secrets(url)),
        }
    }
}

/// As [`Display`](fmt::Display): a place never shows its password.
impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {self}", self.engine())
    }
}

/// The address without its password and without its query, where a password may stand too.
fn without_secrets(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return "(not an address)".to_owned() };
    // The last `@` ends the user information; a password may contain one.
    match rest.rsplit_once('@') {
        Some((user, host)) => format!("{scheme}://{}@{host}", user.split(':').next().unwrap_or_default()),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://bank:s3c@ret@db:5432/handsel", "postgres://bank@db:5432/handsel"),
            ("postgres://db/handsel?user=bank&password=secret", "postgres://db/handsel"),
            ("postgres://bank@db/handsel", "postgres://bank@db/handsel"),
            ("host=db password=secret", "(not an address)"),
        ] {
            let location = Location::Postgres { url: url.to_owned() };
            assert_eq!(location.to_string(), shown);
            assert_eq!(format!("{location:?}"), format!("Postgres at {shown}"));
        }
    }
}
