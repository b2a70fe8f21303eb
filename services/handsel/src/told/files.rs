//! `[settlement.files]`: from which account payouts leave in files, and where files lie.

use anyhow::{Context as _, Result};
use handsel_iso20022::{Account, CharacterSet, ChargeBearer, Debtor, Identifier, Limits, Line};
use handsel_reward::{FileSettlement, domain::reconciliation::SettledBy};
use handsel_service::Peer;
use serde::Deserialize;
use std::path::PathBuf;

/// `[settlement.files]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FilesConfig {
    /// Where the bank finds files. Only the service and whoever fetches them may read it.
    folder: PathBuf,
    /// Where the bank's files lie while they are read; a folder beside `folder` where it is not said.
    spool: Option<PathBuf>,
    /// Whose account it is, at most 70 characters.
    debtor_name: String,
    /// The account, as an IBAN; or `debtor_account`.
    debtor_iban: Option<String>,
    /// The account's number, where it has no IBAN.
    debtor_account: Option<String>,
    /// Who keeps the account; absent where the scheme goes by the account alone.
    debtor_bic: Option<String>,
    /// The scheme's service level, e.g. `SEPA`.
    service_level: Option<String>,
    /// Who bears charges: `SLEV`, `SHAR`, `DEBT`. As the scheme says where there is a service level, else each his own.
    charges: Option<String>,
    /// Which characters names may have: `sepa` or `unicode`.
    characters: Characters,
    /// Whose days execution dates are, and whose clock an instant without an offset is by.
    time_zone: String,
    /// What settles a payout: `statement`, or `status_report` too.
    settled_by: Settles,
    /// Payouts of one file, and transactions of one of the bank's, at most.
    entries: Option<u64>,
}

/// Which characters names may have.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Characters {
    /// What every bank in SEPA carries.
    #[default]
    Sepa,
    /// Any, by agreement.
    Unicode,
}

/// What settles a payout.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Settles {
    /// The booked entry alone.
    #[default]
    Statement,
    /// A status report too.
    StatusReport,
}

impl FilesConfig {
    /// As the reward service wants it; `core_bank` says where beneficiaries are paid, `bank` begins every file's id.
    ///
    /// # Errors
    /// What is missing, or cannot stand in a file.
    pub(crate) fn settlement(&self, bank: &str, core_bank: Peer) -> Result<FileSettlement> {
        const SECTION: &str = "[settlement.files]";
        anyhow::ensure!(!self.folder.as_os_str().is_empty(), "{SECTION}: `folder` is missing");
        // Ten digits and a hyphen follow it.
        Identifier::new(format!("{bank}-0000000000"))
            .with_context(|| format!("{SECTION}: [bank] `id` begins a file's id"))?;
        let characters = match self.characters {
            Characters::Sepa => CharacterSet::Sepa,
            Characters::Unicode => CharacterSet::Unicode,
        };
        let account = match (&self.debtor_iban, &self.debtor_account) {
            (Some(iban), None) => Account::Iban(iban.parse().with_context(|| format!("{SECTION}: `debtor_iban`"))?),
            (None, Some(number)) => Account::other(number).with_context(|| format!("{SECTION}: `debtor_account`"))?,
            _ => anyhow::bail!("{SECTION}: one of `debtor_iban` and `debtor_account` is required"),
        };
        let agent = self.debtor_bic.as_deref().map(str::parse).transpose();
        let level = self.service_level.as_deref().map(Identifier::new).transpose();
        let by_rule = if self.service_level.is_some() { ChargeBearer::ServiceLevel } else { ChargeBearer::Shared };
        let charges = match self.charges.as_deref() {
            None => by_rule,
            Some(code) => ChargeBearer::from_code(code)
                .with_context(|| format!("{SECTION}: `charges` is one of SLEV, SHAR, DEBT"))?,
        };
        let spool = self.spool.clone().unwrap_or_else(|| self.folder.with_extension("spool"));
        anyhow::ensure!(spool != self.folder, "{SECTION}: `spool` is another folder than `folder`");
        Ok(FileSettlement {
            bank: core_bank,
            folder: self.folder.clone(),
            spool,
            debtor: Debtor {
                name: Line::new(self.debtor_name.as_str(), characters)
                    .with_context(|| format!("{SECTION}: `debtor_name`"))?,
                account,
                agent: agent.with_context(|| format!("{SECTION}: `debtor_bic`"))?,
                service_level: level.with_context(|| format!("{SECTION}: `service_level`"))?,
                charges,
            },
            characters,
            zone: self.time_zone.parse().with_context(|| format!("{SECTION}: `time_zone`"))?,
            settled_by: match self.settled_by {
                Settles::Statement => SettledBy::Statement,
                Settles::StatusReport => SettledBy::StatusReport,
            },
            limits: Limits { entries: self.entries.unwrap_or(Limits::default().entries), ..Limits::default() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handsel_service::TokenSource;

    const WHOLE: &str = r#"
        folder = "files/out"
        debtor_name = "Banka"
        debtor_iban = "CZ6508000000192000145399"
        debtor_bic = "GIBACZPX"
        service_level = "SEPA"
        time_zone = "Europe/Prague"
    "#;

    fn read(text: &str) -> Result<FileSettlement> {
        let config: FilesConfig = toml(text)?;
        config.settlement("BANKCZPP", Peer::at("http://127.0.0.1:1", TokenSource::none())?)
    }

    fn toml(text: &str) -> Result<FilesConfig> {
        let mut document = handsel_service::config::Document::parse(&format!("[files]\n{text}"))?;
        let config = document.section("files")?;
        document.finish()?;
        Ok(config)
    }

    #[tokio::test]
    async fn what_files_need_is_said_or_refused() {
        let told = read(WHOLE).unwrap();
        assert_eq!(told.spool, PathBuf::from("files/out.spool"));
        assert_eq!(told.debtor.charges, ChargeBearer::ServiceLevel);
        let wrong = [
            ("files/out", ""),
            ("CZ6508", "CZ6608"),
            ("GIBACZPX", "GIBA"),
            ("Banka", "Bánka"),
            ("Europe/Prague", "Prague"),
            ("folder", "folders"),
            ("service_level = \"SEPA\"", "charges = \"OURS\""),
        ];
        for (from, to) in wrong {
            assert!(read(&WHOLE.replace(from, to)).is_err(), "{to}");
        }
    }
}
