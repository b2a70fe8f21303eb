//! Adds openings of personal data to an export, for an officer who says why: asked of the service that has the keys, and checked
//! against the log before they are written.

use crate::{bearer::Caller, cli::Why, paint::good, progress::Progress};
use anstream::println;
use anyhow::{Context as _, Result, bail};
use handsel_audit::client::{
    export::{FieldOfRecord, Unsealer},
    personal::{self, Opening},
};
use handsel_proto::handsel::referral::v1::{
    OpenPersonalDataRequest, RevealReason, SealedField, open_personal_data_response::Outcome,
    subject_service_client::SubjectServiceClient,
};
use handsel_service::World;
use std::path::Path;

/// Fields of one call: the contract's limit.
const FIELDS: usize = 200;

/// What came of it.
#[derive(Debug, Default)]
struct Told {
    opened: usize,
    erased: usize,
}

/// Opens what may be opened in a finished export.
///
/// # Errors
/// The server refuses, or hands out what the log does not hold.
pub(crate) async fn open(caller: &Caller, folder: &Path, why: Why, progress: &Progress) -> Result<()> {
    let world = World::real();
    let mut client = SubjectServiceClient::new(caller.clone());
    let mut unsealer = Unsealer::of(folder).context("the export")?;
    let mut told = Told::default();
    for bundle in 0..unsealer.bundles() {
        let fields = unsealer.fields(bundle)?;
        let mut openings = Vec::new();
        for some in fields.chunks(FIELDS) {
            let request = OpenPersonalDataRequest {
                request_id: world.ids.next().to_string(),
                reason: reason(why).into(),
                fields: some.iter().map(sealed).collect::<Result<_>>()?,
            };
            let answer = client.open_personal_data(request).await?.into_inner().openings;
            for (field, opening) in some.iter().zip(answer) {
                match opening.outcome() {
                    Outcome::Open => {
                        let blind = opening.blind.as_slice().try_into().context("an opening of another form")?;
                        let given = Opening { blind, plain: opening.plain };
                        openings.push((field.clone(), personal::open(&field.field, |_| Some(given))?));
                    }
                    Outcome::Erased => told.erased += 1,
                    Outcome::NotOurs | Outcome::Unspecified => {
                        bail!("record {}: the service does not know what it sealed", field.index);
                    }
                }
            }
        }
        told.opened += openings.len();
        unsealer.put(bundle, &openings)?;
        progress.at(bundle + 1, unsealer.bundles());
    }
    unsealer.finish()?;
    let Told { opened, erased } = told;
    println!("{} {opened} fields are open under {}; {erased} were erased", good("opened:"), folder.display());
    Ok(())
}

fn reason(why: Why) -> RevealReason {
    match why {
        Why::Complaint => RevealReason::Complaint,
        Why::DataSubjectRequest => RevealReason::DataSubjectRequest,
        Why::Investigation => RevealReason::Investigation,
    }
}

fn sealed(one: &FieldOfRecord) -> Result<SealedField> {
    let field = &one.field;
    Ok(SealedField {
        subject: field.subject.clone(),
        purpose: field.purpose.clone(),
        field: field.field.clone(),
        commitment: field.c.clone(),
        sealed: hex::decode(&field.sealed)?,
    })
}
