-- The ledger's own tables: how far the journal is complete, what was closed, alarms over clearing.
-- Amounts are minor units of the currency beside them, sums in two halves of 32 bits; instants are UTC. The SQLite twin has the same
-- tables and names.

-- How far the journal is complete: each transfer up to this ordinal is visible to everybody, or was never committed. `candidate` is
-- as far as it had been written when no transaction from `candidate_xid` on had begun. SQLite commits in order and needs neither.
CREATE TABLE ledger_horizon (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    ordinal BIGINT NOT NULL CHECK (ordinal >= 0),
    candidate BIGINT NOT NULL CHECK (candidate >= ordinal),
    candidate_xid TEXT NOT NULL
);
INSERT INTO ledger_horizon (id, ordinal, candidate, candidate_xid) VALUES (1, 0, 0, '0');

-- A stretch of the journal that is summed up for good. Stretches follow each other without a gap.
CREATE TABLE ledger_closing (
    number BIGINT PRIMARY KEY CHECK (number >= 1),
    first_ordinal BIGINT NOT NULL UNIQUE CHECK (first_ordinal >= 1),
    last_ordinal BIGINT NOT NULL UNIQUE CHECK (last_ordinal >= first_ordinal),
    -- The earliest instant posted in the stretch.
    earliest_posted_at TIMESTAMPTZ NOT NULL,
    -- The latest instant posted in it or in any before it.
    latest_posted_at TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ NOT NULL
);

-- What had been debited and credited up to the end of a stretch, from the beginning of the journal.
CREATE TABLE ledger_closing_balance (
    number BIGINT NOT NULL REFERENCES ledger_closing (number),
    plan_id TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    debit_high BIGINT NOT NULL CHECK (debit_high >= 0),
    debit_low BIGINT NOT NULL CHECK (debit_low BETWEEN 0 AND 4294967295),
    credit_high BIGINT NOT NULL CHECK (credit_high >= 0),
    credit_low BIGINT NOT NULL CHECK (credit_low BETWEEN 0 AND 4294967295),
    PRIMARY KEY (number, plan_id, account, currency)
);
CREATE TRIGGER ledger_closing_is_kept BEFORE UPDATE OR DELETE ON ledger_closing
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_closing_balance_is_kept BEFORE UPDATE OR DELETE ON ledger_closing_balance
    FOR EACH ROW EXECUTE FUNCTION append_only();

-- What was found wrong with clearing. One alarm of a kind is up at a time for a plan and currency.
CREATE TABLE clearing_alarm (
    id UUID PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('UNEXPLAINED', 'OVERDUE')),
    plan_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    balance_minor BIGINT NOT NULL,
    explained_minor BIGINT NOT NULL,
    raised_at TIMESTAMPTZ NOT NULL,
    -- Absent: it is up.
    cleared_at TIMESTAMPTZ,
    CHECK (cleared_at >= raised_at)
);
CREATE UNIQUE INDEX clearing_alarm_up ON clearing_alarm (kind, plan_id, currency) WHERE cleared_at IS NULL;

-- Every reward computed again. `after_*` is how far it has come in the order of grants; one is under way at a time.
CREATE TABLE recomputation (
    id UUID PRIMARY KEY,
    recomputed BIGINT NOT NULL DEFAULT 0 CHECK (recomputed >= 0),
    different BIGINT NOT NULL DEFAULT 0 CHECK (different BETWEEN 0 AND recomputed),
    after_created_at TIMESTAMPTZ,
    after_id UUID,
    started_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    done BOOLEAN NOT NULL DEFAULT FALSE,
    -- Always 1: the key of what is unique.
    one BIGINT NOT NULL DEFAULT 1 CHECK (one = 1)
);
CREATE UNIQUE INDEX recomputation_under_way ON recomputation (one) WHERE NOT done;

-- A reward that does not come out as it is stored.
CREATE TABLE recompute_finding (
    recomputation_id UUID NOT NULL REFERENCES recomputation (id),
    number BIGINT NOT NULL CHECK (number >= 1),
    reward_id UUID NOT NULL REFERENCES reward (id),
    detail TEXT NOT NULL,
    found_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (recomputation_id, number),
    UNIQUE (recomputation_id, reward_id)
);
CREATE TRIGGER recompute_finding_is_kept BEFORE UPDATE OR DELETE ON recompute_finding
    FOR EACH ROW EXECUTE FUNCTION append_only();

-- How far the journal has been read for taxes. One row.
CREATE TABLE tax_horizon (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    ordinal BIGINT NOT NULL CHECK (ordinal >= 0)
);
INSERT INTO tax_horizon (id, ordinal) VALUES (1, 0);

-- What a beneficiary was paid, or what of it came back: below zero then. Named by the last line of the journal it rests on.
CREATE TABLE tax_entry (
    ordinal BIGINT PRIMARY KEY,
    reward_id UUID NOT NULL REFERENCES reward (id),
    beneficiary TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    jurisdiction TEXT NOT NULL,
    year BIGINT NOT NULL,
    currency TEXT NOT NULL,
    reward_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    net_minor BIGINT NOT NULL,
    -- Whether the year's rewards first exceeded the plan's reporting threshold with it.
    flagged BOOLEAN NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX tax_entry_of_reward ON tax_entry (reward_id, ordinal);
CREATE INDEX tax_entry_of_beneficiary ON tax_entry (beneficiary, year, occurred_at, ordinal);
CREATE INDEX tax_entry_of_plan ON tax_entry (plan_id, currency);
CREATE TRIGGER tax_entry_is_kept BEFORE UPDATE OR DELETE ON tax_entry
    FOR EACH ROW EXECUTE FUNCTION append_only();

-- The sum of a beneficiary's entries of a year, by jurisdiction and currency. A flag never goes away.
CREATE TABLE tax_year (
    beneficiary TEXT NOT NULL,
    year BIGINT NOT NULL,
    jurisdiction TEXT NOT NULL,
    currency TEXT NOT NULL,
    reward_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    net_minor BIGINT NOT NULL,
    flagged_reward UUID REFERENCES reward (id),
    threshold_minor BIGINT,
    exceeded_at TIMESTAMPTZ,
    PRIMARY KEY (beneficiary, year, jurisdiction, currency),
    CHECK ((flagged_reward IS NULL) = (threshold_minor IS NULL) AND (flagged_reward IS NULL) = (exceeded_at IS NULL))
);
CREATE INDEX tax_year_reportable ON tax_year (year, beneficiary, jurisdiction, currency) WHERE flagged_reward IS NOT NULL;

-- Tax that a person says was paid to the state. A proposal moves nothing.
CREATE TABLE tax_remittance (
    id UUID PRIMARY KEY,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    period TEXT NOT NULL CHECK (period <> ''),
    reference TEXT NOT NULL CHECK (reference <> ''),
    proposed_by TEXT NOT NULL CHECK (proposed_by <> ''),
    proposed_at TIMESTAMPTZ NOT NULL,
    UNIQUE (id, currency, reference)
);
CREATE INDEX tax_remittance_newest ON tax_remittance (proposed_at, id);

-- What another person has confirmed: its transfer has the same id. A payment is confirmed once, whoever proposed it how often.
CREATE TABLE tax_remittance_confirmation (
    remittance_id UUID PRIMARY KEY,
    currency TEXT NOT NULL,
    reference TEXT NOT NULL,
    confirmed_by TEXT NOT NULL CHECK (confirmed_by <> ''),
    confirmed_at TIMESTAMPTZ NOT NULL,
    UNIQUE (currency, reference),
    FOREIGN KEY (remittance_id, currency, reference) REFERENCES tax_remittance (id, currency, reference)
);
CREATE TRIGGER tax_remittance_is_kept BEFORE UPDATE OR DELETE ON tax_remittance
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER tax_remittance_confirmation_is_kept BEFORE UPDATE OR DELETE ON tax_remittance_confirmation
    FOR EACH ROW EXECUTE FUNCTION append_only();
