//! Withdrawals of `SettlementFileService`: two people take a sealed file off its way to the bank.

use super::{
    Api,
    call::{Again, Call},
    file::{ended, number_from},
};
use crate::{
    commands::withdraw_file::{ConfirmWithdrawal, ProposeWithdrawal},
    domain::{
        payment_file::FileState,
        withdrawal::{Confirmer, Effect, Withdrawal},
    },
    files::{self, FILES},
    queries,
};
use handsel_proto::handsel::reward::v1::{ConfirmFileWithdrawalRequest, PaymentFile, ProposeFileWithdrawalRequest};
use handsel_service::{
    status::{Violation, fault},
    wire::request_id_from,
};
use tonic::{Request, Response, Status};

impl Api {
    pub(super) async fn proposed_withdrawal(
        &self,
        request: Request<ProposeFileWithdrawalRequest>,
    ) -> Result<Response<PaymentFile>, Status> {
        let call = Call::of(request)?;
        let file = number_from(&call.message.name)?;
        let command = ProposeWithdrawal {
            means: self.service.means.clone(),
            withdrawal: Withdrawal {
                id: self.service.means.next_id(),
                file,
                number: 0,
                // Found out when it is proposed; what may be with the bank is the safe side.
                effect: Effect::Kept,
                note: call.message.note.clone(),
                proposed_by: call.by(),
                proposer_account: call.person().account,
                proposed_at: self.now(),
                confirmation: None,
            },
            actor: call.actor(),
            now: self.now(),
        };
        let content = ProposeFileWithdrawalRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ProposeFileWithdrawal", request_id: &call.message.request_id, content };
        self.once(FILES, &call, again, command).await?;
        self.payment_file(file).await.map(Response::new)
    }

    /// What lies where the bank finds it is looked at before, and what was written beside it goes after.
    pub(super) async fn confirmed_withdrawal(
        &self,
        request: Request<ConfirmFileWithdrawalRequest>,
    ) -> Result<Response<PaymentFile>, Status> {
        let call = Call::of(request)?;
        let settlement = self.file_settlement()?;
        let number = number_from(&call.message.name)?;
        let found = queries::files::payment_file(&self.service.db, number).await.map_err(fault)?;
        if let Some(file) = found.as_ref().filter(|file| file.state == FileState::Sealed) {
            files::must_not_lie(&settlement, file).await.map_err(ended)?;
        }
        let command = ConfirmWithdrawal {
            means: self.service.means.clone(),
            file: number,
            by: Confirmer {
                read: request_id_from(&call.message.withdrawal)
                    .map_err(|violation| Violation { field: "withdrawal".into(), ..violation })?,
                person: call.by(),
                account: call.person().account,
            },
            actor: call.actor(),
            now: self.now(),
        };
        let content = ConfirmFileWithdrawalRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ConfirmFileWithdrawal", request_id: &call.message.request_id, content };
        self.once(FILES, &call, again, command).await?;
        if let Some(file) = &found {
            files::forget(&settlement, file).await.map_err(ended)?;
        }
        self.payment_file(number).await.map(Response::new)
    }
}
