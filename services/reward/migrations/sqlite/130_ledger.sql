-- The ledger's own tables: how far the journal is complete, what was closed, alarms over clearing.
-- Amounts are minor units of the currency beside them, sums in two halves of 32 bits; instants are UTC. The Postgres twin has the same
-- tables and names.

-- How far the journal is complete: each transfer up to this ordinal is visible to everybody, or was never committed. `candidate` is
-- as far as it had been written when no transaction from `candidate_xid` on had begun. SQLite commits in order and needs neither.
CREATE TABLE ledger_horizon (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
    candidate INTEGER NOT NULL CHECK (candidate >= ordinal),
    candidate_xid TEXT NOT NULL
) STRICT;
INSERT INTO ledger_horizon (id, ordinal, candidate, candidate_xid) VALUES (1, 0, 0, '0');

-- A stretch of the journal that is summed up for good. Stretches follow each other without a gap.
CREATE TABLE ledger_closing (
    number INTEGER PRIMARY KEY CHECK (number >= 1),
    first_ordinal INTEGER NOT NULL UNIQUE CHECK (first_ordinal >= 1),
    last_ordinal INTEGER NOT NULL UNIQUE CHECK (last_ordinal >= first_ordinal),
    -- The earliest instant posted in the stretch.
    earliest_posted_at TEXT NOT NULL,
    -- The latest instant posted in it or in any before it.
    latest_posted_at TEXT NOT NULL,
    closed_at TEXT NOT NULL
) STRICT;

-- What had been debited and credited up to the end of a stretch, from the beginning of the journal.
CREATE TABLE ledger_closing_balance (
    number INTEGER NOT NULL REFERENCES ledger_closing (number),
    plan_id TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    debit_high INTEGER NOT NULL CHECK (debit_high >= 0),
    debit_low INTEGER NOT NULL CHECK (debit_low BETWEEN 0 AND 4294967295),
    credit_high INTEGER NOT NULL CHECK (credit_high >= 0),
    credit_low INTEGER NOT NULL CHECK (credit_low BETWEEN 0 AND 4294967295),
    PRIMARY KEY (number, plan_id, account, currency)
) STRICT;
CREATE TRIGGER ledger_closing_is_kept_changed BEFORE UPDATE ON ledger_closing
BEGIN SELECT RAISE(ABORT, 'ledger_closing is append-only'); END;
CREATE TRIGGER ledger_closing_is_kept_deleted BEFORE DELETE ON ledger_closing
BEGIN SELECT RAISE(ABORT, 'ledger_closing is append-only'); END;
CREATE TRIGGER ledger_closing_balance_is_kept_changed BEFORE UPDATE ON ledger_closing_balance
BEGIN SELECT RAISE(ABORT, 'ledger_closing_balance is append-only'); END;
CREATE TRIGGER ledger_closing_balance_is_kept_deleted BEFORE DELETE ON ledger_closing_balance
BEGIN SELECT RAISE(ABORT, 'ledger_closing_balance is append-only'); END;

-- What was found wrong with clearing. One alarm of a kind is up at a time for a plan and currency.
CREATE TABLE clearing_alarm (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('UNEXPLAINED', 'OVERDUE')),
    plan_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    balance_minor INTEGER NOT NULL,
    explained_minor INTEGER NOT NULL,
    raised_at TEXT NOT NULL,
    -- Absent: it is up.
    cleared_at TEXT,
    CHECK (cleared_at >= raised_at)
) STRICT;
CREATE UNIQUE INDEX clearing_alarm_up ON clearing_alarm (kind, plan_id, currency) WHERE cleared_at IS NULL;

-- Every reward computed again. `after_*` is how far it has come in the order of grants; one is under way at a time.
CREATE TABLE recomputation (
    id BLOB PRIMARY KEY,
    recomputed INTEGER NOT NULL DEFAULT 0 CHECK (recomputed >= 0),
    different INTEGER NOT NULL DEFAULT 0 CHECK (different BETWEEN 0 AND recomputed),
    after_created_at TEXT,
    after_id BLOB,
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
    -- Always 1: the key of what is unique.
    one INTEGER NOT NULL DEFAULT 1 CHECK (one = 1)
) STRICT;
CREATE UNIQUE INDEX recomputation_under_way ON recomputation (one) WHERE NOT done;

-- A reward that does not come out as it is stored.
CREATE TABLE recompute_finding (
    recomputation_id BLOB NOT NULL REFERENCES recomputation (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    reward_id BLOB NOT NULL REFERENCES reward (id),
    detail TEXT NOT NULL,
    found_at TEXT NOT NULL,
    PRIMARY KEY (recomputation_id, number),
    UNIQUE (recomputation_id, reward_id)
) STRICT;
CREATE TRIGGER recompute_finding_is_kept_changed BEFORE UPDATE ON recompute_finding
BEGIN SELECT RAISE(ABORT, 'recompute_finding is append-only'); END;
CREATE TRIGGER recompute_finding_is_kept_deleted BEFORE DELETE ON recompute_finding
BEGIN SELECT RAISE(ABORT, 'recompute_finding is append-only'); END;

-- How far the journal has been read for taxes. One row.
CREATE TABLE tax_horizon (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    ordinal INTEGER NOT NULL CHECK (ordinal >= 0)
) STRICT;
INSERT INTO tax_horizon (id, ordinal) VALUES (1, 0);

-- What a beneficiary was paid, or what of it came back: below zero then. Named by the last line of the journal it rests on.
CREATE TABLE tax_entry (
    ordinal INTEGER PRIMARY KEY,
    reward_id BLOB NOT NULL REFERENCES reward (id),
    beneficiary TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    jurisdiction TEXT NOT NULL,
    year INTEGER NOT NULL,
    currency TEXT NOT NULL,
    reward_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    net_minor INTEGER NOT NULL,
    -- Whether the year's rewards first exceeded the plan's reporting threshold with it.
    flagged INTEGER NOT NULL CHECK (flagged IN (0, 1)),
    occurred_at TEXT NOT NULL,
    recorded_at TEXT NOT NULL
) STRICT;
CREATE INDEX tax_entry_of_reward ON tax_entry (reward_id, ordinal);
CREATE INDEX tax_entry_of_beneficiary ON tax_entry (beneficiary, year, occurred_at, ordinal);
CREATE INDEX tax_entry_of_plan ON tax_entry (plan_id, currency);
CREATE TRIGGER tax_entry_is_kept_changed BEFORE UPDATE ON tax_entry
BEGIN SELECT RAISE(ABORT, 'tax_entry is append-only'); END;
CREATE TRIGGER tax_entry_is_kept_deleted BEFORE DELETE ON tax_entry
BEGIN SELECT RAISE(ABORT, 'tax_entry is append-only'); END;

-- The sum of a beneficiary's entries of a year, by jurisdiction and currency. A flag never goes away.
CREATE TABLE tax_year (
    beneficiary TEXT NOT NULL,
    year INTEGER NOT NULL,
    jurisdiction TEXT NOT NULL,
    currency TEXT NOT NULL,
    reward_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    net_minor INTEGER NOT NULL,
    flagged_reward BLOB REFERENCES reward (id),
    threshold_minor INTEGER,
    exceeded_at TEXT,
    PRIMARY KEY (beneficiary, year, jurisdiction, currency),
    CHECK ((flagged_reward IS NULL) = (threshold_minor IS NULL) AND (flagged_reward IS NULL) = (exceeded_at IS NULL))
) STRICT;
CREATE INDEX tax_year_reportable ON tax_year (year, beneficiary, jurisdiction, currency) WHERE flagged_reward IS NOT NULL;

-- Tax that a person says was paid to the state. A proposal moves nothing.
CREATE TABLE tax_remittance (
    id BLOB PRIMARY KEY,
    currency TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    period TEXT NOT NULL CHECK (period <> ''),
    reference TEXT NOT NULL CHECK (reference <> ''),
    proposed_by TEXT NOT NULL CHECK (proposed_by <> ''),
    proposed_at TEXT NOT NULL,
    UNIQUE (id, currency, reference)
) STRICT;
CREATE INDEX tax_remittance_newest ON tax_remittance (proposed_at, id);

-- What another person has confirmed: its transfer has the same id. A payment is confirmed once, whoever proposed it how often.
CREATE TABLE tax_remittance_confirmation (
    remittance_id BLOB PRIMARY KEY,
    currency TEXT NOT NULL,
    reference TEXT NOT NULL,
    confirmed_by TEXT NOT NULL CHECK (confirmed_by <> ''),
    confirmed_at TEXT NOT NULL,
    UNIQUE (currency, reference),
    FOREIGN KEY (remittance_id, currency, reference) REFERENCES tax_remittance (id, currency, reference)
) STRICT;
CREATE TRIGGER tax_remittance_is_kept_changed BEFORE UPDATE ON tax_remittance
BEGIN SELECT RAISE(ABORT, 'tax_remittance is append-only'); END;
CREATE TRIGGER tax_remittance_is_kept_deleted BEFORE DELETE ON tax_remittance
BEGIN SELECT RAISE(ABORT, 'tax_remittance is append-only'); END;
CREATE TRIGGER tax_remittance_confirmation_is_kept_changed BEFORE UPDATE ON tax_remittance_confirmation
BEGIN SELECT RAISE(ABORT, 'tax_remittance_confirmation is append-only'); END;
CREATE TRIGGER tax_remittance_confirmation_is_kept_deleted BEFORE DELETE ON tax_remittance_confirmation
BEGIN SELECT RAISE(ABORT, 'tax_remittance_confirmation is append-only'); END;
