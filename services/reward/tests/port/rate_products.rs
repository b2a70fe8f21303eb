//! Rate products: from draft to force by two people, version after version, and every fault at once.

use crate::{
    bank::{Bank, decimal, request_id},
    rate_desk::{date, term_deposit},
};
use expect_test::expect;
use handsel_proto::handsel::reward::v1 as wire;
use handsel_testkit::{Lab, Role, on_both_engines, reason, violated_fields};
use tonic::Code;

on_both_engines! {
    async fn a_product_takes_two_people(lab: Lab) {
        let bank = Bank::open(lab).await;
        let draft = bank.create_product("mia", 1, "term", term_deposit()).await.unwrap();
        assert_eq!((draft.name.as_str(), draft.version), ("rate-products/term", 1));
        assert_eq!((draft.maker.as_str(), draft.checker.as_str(), draft.etag.as_str()), ("mia", "", "1"));
        let early = bank.activate_product("chen", 2, "term").await.unwrap_err();
        assert_eq!((early.code(), reason(&early).as_str()), (Code::FailedPrecondition, "STATE_CONFLICT"));
        bank.submit_product("sue", 3, "term").await.unwrap();
        for person in ["mia", "sue"] {
            let own = bank.activate_product(person, 4, "term").await.unwrap_err();
            assert_eq!((own.code(), reason(&own).as_str()), (Code::PermissionDenied, "MAKER_IS_CHECKER"), "{person}");
        }
        let active = bank.activate_product("chen", 5, "term").await.unwrap();
        assert_eq!((active.state(), active.checker.as_str()), (wire::rate_product::State::Active, "chen"));
        // What was proposed is what is in force, output fields apart.
        let outputs = wire::RateProduct {
            name: active.name.clone(),
            state: active.state,
            version: 1,
            etag: active.etag.clone(),
            maker: "mia".into(),
            checker: "chen".into(),
            create_time: active.create_time,
            update_time: active.update_time,
            ..term_deposit()
        };
        assert_eq!(active, outputs);
        let again = bank.create_product("mia", 1, "term", term_deposit()).await.unwrap();
        assert_eq!(again.etag, active.etag);
    }

    async fn versions_follow_each_other_and_the_kind_stays(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.product_in_force("term", term_deposit()).await;
        let next = wire::RateProduct { effective_date: date(2026, 7, 1), ..term_deposit() };
        let loan = wire::rate_product::LoanTerms {
            interest_basis: wire::InterestBasis::Twelfth.into(),
            method: wire::RepaymentMethod::EqualInstalment.into(),
        };
        let other = wire::RateProduct {
            currency_code: "EUR".into(),
            time_zone: "Europe/Prague".into(),
            effective_date: date(2026, 1, 1),
            kind: Some(wire::rate_product::Kind::Loan(loan)),
            ..term_deposit()
        };
        let refused = bank.create_product("mia", 11, "term", other).await.unwrap_err();
        assert_eq!(violated_fields(&refused), ["currency_code", "time_zone", "kind", "effective_from"]);
        let second = bank.create_product("mia", 12, "term", next.clone()).await.unwrap();
        assert_eq!(second.version, 2);
        let pending = bank.create_product("mia", 13, "term", next).await.unwrap_err();
        assert_eq!((pending.code(), reason(&pending).as_str()), (Code::AlreadyExists, "ALREADY_EXISTS"));
        assert_eq!(bank.product("term", 1).await.unwrap().state(), wire::rate_product::State::Active);
        assert_eq!(bank.product("term", 0).await.unwrap().version, 2);
        let none = bank.product("term", 3).await.unwrap_err();
        assert_eq!((none.code(), reason(&none).as_str()), (Code::NotFound, "NOT_FOUND"));
        let token = bank.lab.token(Role::InternalAuditor, "*", None);
        let (mut versions, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = wire::ListRateProductsRequest { page_size: 1, page_token };
            let page = bank.rate_products().list_rate_products(bank.lab.call(request, &token)).await.unwrap();
            let page = page.into_inner();
            versions.extend(page.rate_products.into_iter().map(|one| one.version));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        versions.sort_unstable();
        assert_eq!(versions, [1, 2]);
    }

    async fn every_fault_of_a_product_is_found_at_once(lab: Lab) {
        let bank = Bank::open(lab).await;
        let mut product = term_deposit();
        product.base_rates[0].terms[1].from_months = 3;
        product.base_rates[0].terms[0].rate = decimal("0.123456789");
        product.base_rates[1].from_date = date(2026, 1, 1);
        product.effective_date = date(2025, 12, 31);
        product.max_change_bps = decimal("0.000000001");
        product.rate_limit = decimal("11");
        let group = wire::rate_product::Group {
            name: "A".into(),
            within: wire::rate_product::Within::AddUp.into(),
            excludes: vec!["A".into()],
        };
        product.stacking = Some(wire::rate_product::Stacking { groups: vec![group.clone(), group] });
        let refused = bank.create_product("mia", 1, "term", product).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
        expect![[r#"
            rate_product.base_rates[0].terms[0].rate
            rate_product.base_rates[0].terms[1].from_months
            rate_product.base_rates[1].from
            rate_product.base_rates
            rate_product.max_change_bps
            rate_product.rate_limit
            rate_product.stacking.groups[0].excludes[0]
            rate_product.stacking.groups[1].name
            rate_product.stacking.groups[1].excludes[0]"#]]
        .assert_eq(&violated_fields(&refused).join("\n"));
    }

    async fn an_unreadable_product_is_refused_field_by_field(lab: Lab) {
        let bank = Bank::open(lab).await;
        let mut product = term_deposit();
        product.time_zone = "Asia/Nowhere".into();
        product.base_rates[0].from_date = date(2026, 2, 30);
        product.base_rates[1].terms[0].rate = decimal("x");
        let refused = bank.create_product("mia", 1, "term", product).await.unwrap_err();
        assert_eq!(violated_fields(&refused), [
            "rate_product.time_zone",
            "rate_product.base_rates[0].from_date",
            "rate_product.base_rates[1].terms[0].rate.value",
        ]);
    }

    async fn a_stale_etag_and_a_reused_request_id_are_refused(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.create_product("mia", 1, "term", term_deposit()).await.unwrap();
        let other = wire::RateProduct { display_name: "Another".into(), ..term_deposit() };
        let reused = bank.create_product("mia", 1, "term", other).await.unwrap_err();
        assert_eq!(reason(&reused), "REQUEST_ID_REUSED");
        let token = bank.lab.token(Role::ProgramAdmin, "*", "mia");
        let request = wire::SubmitRateProductRequest {
            request_id: request_id(2),
            name: "rate-products/term".into(),
            etag: "7".into(),
        };
        let stale = bank.rate_products().submit_rate_product(bank.lab.call(request, &token)).await.unwrap_err();
        assert_eq!((stale.code(), reason(&stale).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    }
}
