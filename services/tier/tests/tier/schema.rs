//! The schema defends itself, and is the same on both engines.

use crate::stage::Stage;
use crate::words::{activity, by_bands};
use expect_test::expect;
use handsel_storage::{Command, Fault, Tx};
use handsel_testkit::{Engine, Lab, on_both_engines};

/// A statement that no program of ours makes.
struct Tamper(&'static str);

impl Command for Tamper {
    const NAME: &'static str = "test.tamper";
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, Fault> {
        tx.exec(self.0, ()).await
    }
}

on_both_engines! {
    async fn what_was_written_stays(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.activated("value", by_bands()).await;
        stage.create("draft", by_bands()).await.unwrap();
        stage.ingest(&[activity("A1", "1", "5 CZK", "2026-01-01T00:00:00Z")]).await;
        stage.evaluate("value", "2026-01-04T00:00:00Z").await.unwrap();
        for sql in [
            "UPDATE activity SET amount_minor = 1",
            "DELETE FROM activity",
            "UPDATE customer_tier SET tier = 'CORE'",
            "DELETE FROM customer_tier",
            "UPDATE tier_policy SET state = 'DRAFT', checker = NULL WHERE id = 'value'",
            "UPDATE tier_policy SET version = 9 WHERE id = 'value'",
            "UPDATE tier_policy SET rules = maker_rules FROM (SELECT rules AS maker_rules FROM tier_policy) AS one WHERE id = 'draft'",
            "UPDATE tier_policy SET maker = 'eva' WHERE id = 'draft'",
            "DELETE FROM tier_policy WHERE id = 'draft'",
            "UPDATE evaluation SET changed = 0",
            "UPDATE evaluation SET total = 2",
            "DELETE FROM evaluation",
            "DELETE FROM evaluation_turn",
        ] {
            let refused = stage.db.transact(&Tamper(sql)).await.unwrap_err().to_string();
            assert!(refused.contains("never changed or deleted"), "{sql}: {refused}");
        }
        if lab.engine() == Engine::Postgres {
            for sql in ["TRUNCATE activity", "TRUNCATE customer_tier", "TRUNCATE evaluation"] {
                let refused = stage.db.transact(&Tamper(sql)).await.unwrap_err().to_string();
                assert!(refused.contains("never changed or deleted"), "{sql}: {refused}");
            }
        }
    }

    async fn what_cannot_be_true_cannot_be_written(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.create("draft", by_bands()).await.unwrap();
        for sql in [
            // Four eyes, whatever a program above believes.
            "UPDATE tier_policy SET state = 'ACTIVE', checker = maker",
            "UPDATE tier_policy SET state = 'ACTIVE'",
            "UPDATE tier_policy SET state = 'PAUSED'",
            "INSERT INTO evaluation_turn (id) VALUES (2)",
        ] {
            let refused = stage.db.transact(&Tamper(sql)).await.unwrap_err().to_string();
            assert!(refused.to_lowercase().contains("check constraint"), "{sql}: {refused}");
        }
    }

    async fn both_engines_have_the_same_tables_and_columns(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let sql = match lab.engine() {
            Engine::Postgres => {
                "SELECT table_name::text, string_agg(column_name::text, ' ' ORDER BY ordinal_position)
                 FROM information_schema.columns WHERE table_schema = 'tier' GROUP BY table_name ORDER BY table_name"
            }
            Engine::Sqlite => {
                "SELECT name, columns FROM (
                     SELECT one.name, group_concat(of_one.name, ' ') AS columns
                     FROM sqlite_schema AS one JOIN pragma_table_info(one.name) AS of_one
                     WHERE one.type = 'table' GROUP BY one.name) ORDER BY name"
            }
        };
        let tables: Vec<(String, String)> = stage.db.all(sql, ()).await.unwrap();
        let own = ["activity", "customer_tier", "evaluation", "evaluation_customer", "evaluation_turn", "tier_policy"];
        let named: Vec<&str> = tables.iter().map(|(table, _)| table.as_str()).collect();
        let shared: Vec<&str> = named.iter().copied().filter(|table| !own.contains(table)).collect();
        expect!["_sqlx_migrations inbox_receipt inbox_source outbox outbox_parked outbox_receipt outbox_relay outbox_sent request"].assert_eq(&shared.join(" "));
        let lines: Vec<String> = tables
            .iter()
            .filter(|(table, _)| own.contains(&table.as_str()))
            .map(|(table, columns)| format!("{table}: {columns}"))
            .collect();
        expect![[r#"
            activity: activity_id customer amount_minor currency occurred_at received_at
            customer_tier: customer effective_at tier core policy recency_days frequency monetary_minor currency recency_score frequency_score monetary_score
            evaluation: policy as_of cut_offs total evaluated changed reached finished
            evaluation_customer: as_of customer last_at frequency monetary_minor
            evaluation_turn: id
            tier_policy: id state rules maker checker version created_at updated_at"#]].assert_eq(&lines.join("\n"));
    }
}
