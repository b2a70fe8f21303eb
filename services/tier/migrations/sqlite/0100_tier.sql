-- Tier: what customers do, the policies that score it, and the dated tiers that come of it.
-- Amounts are minor units of the currency beside them; instants are UTC. The Postgres twin has the same tables and names.

-- What customers do, as core banking reports it.
CREATE TABLE activity (
    activity_id  TEXT PRIMARY KEY,
    customer     TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    currency     TEXT NOT NULL,
    occurred_at  TEXT NOT NULL,
    received_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- By which rules customers get their tiers.
CREATE TABLE tier_policy (
    id         TEXT PRIMARY KEY,
    state      TEXT NOT NULL CHECK (state IN ('DRAFT', 'ACTIVE')),
    -- As they were checked: a format number and JSON.
    rules      BLOB NOT NULL,
    maker      TEXT NOT NULL,
    checker    TEXT,
    version    INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CHECK ((state = 'ACTIVE') = (checker IS NOT NULL)),
    -- Whatever a program above believes.
    CHECK (checker IS NULL OR checker <> maker)
) STRICT, WITHOUT ROWID;
CREATE INDEX tier_policy_by_age ON tier_policy (created_at, id);

-- One evaluation of every customer: the cut-offs that all of it uses, and how far it is.
CREATE TABLE evaluation (
    policy    TEXT NOT NULL REFERENCES tier_policy (id),
    -- One evaluation an instant: a customer has one tier at a time.
    as_of     TEXT PRIMARY KEY,
    cut_offs  BLOB NOT NULL,
    total     INTEGER NOT NULL CHECK (total >= 0),
    evaluated INTEGER NOT NULL CHECK (evaluated BETWEEN 0 AND total),
    changed   INTEGER NOT NULL CHECK (changed BETWEEN 0 AND evaluated),
    -- The last customer evaluated; empty before the first.
    reached   TEXT NOT NULL,
    finished  INTEGER NOT NULL CHECK (finished = (evaluated = total))
) STRICT, WITHOUT ROWID;
-- Nor is a second one begun before the first has ended.
CREATE UNIQUE INDEX evaluation_unfinished ON evaluation (finished) WHERE NOT finished;

-- Whoever begins an evaluation or goes on with it locks this one row: among all processes, one at a time.
CREATE TABLE evaluation_turn (id INTEGER PRIMARY KEY CHECK (id = 1)) STRICT;
INSERT INTO evaluation_turn (id) VALUES (1);

-- What each customer had done when the evaluation began: what arrives later changes nothing in it. A row goes with its turn.
CREATE TABLE evaluation_customer (
    as_of          TEXT NOT NULL,
    customer       TEXT NOT NULL,
    last_at        TEXT NOT NULL,
    frequency      INTEGER NOT NULL CHECK (frequency >= 0),
    monetary_minor INTEGER NOT NULL CHECK (monetary_minor >= 0),
    PRIMARY KEY (as_of, customer)
) STRICT, WITHOUT ROWID;

-- Which tier a customer is of from an instant on, and what made it.
CREATE TABLE customer_tier (
    customer        TEXT NOT NULL,
    effective_at    TEXT NOT NULL,
    tier            TEXT NOT NULL,
    core            INTEGER NOT NULL CHECK (core IN (0, 1)),
    policy          TEXT NOT NULL REFERENCES tier_policy (id),
    recency_days    INTEGER NOT NULL CHECK (recency_days >= 0),
    frequency       INTEGER NOT NULL CHECK (frequency >= 0),
    monetary_minor  INTEGER NOT NULL CHECK (monetary_minor >= 0),
    currency        TEXT NOT NULL,
    recency_score   INTEGER NOT NULL CHECK (recency_score BETWEEN 1 AND 5),
    frequency_score INTEGER NOT NULL CHECK (frequency_score BETWEEN 1 AND 5),
    monetary_score  INTEGER NOT NULL CHECK (monetary_score BETWEEN 1 AND 5),
    PRIMARY KEY (customer, effective_at)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER activity_stays_unchanged BEFORE UPDATE ON activity
BEGIN SELECT RAISE(ABORT, 'what activity holds is never changed or deleted'); END;
CREATE TRIGGER activity_stays BEFORE DELETE ON activity
BEGIN SELECT RAISE(ABORT, 'what activity holds is never changed or deleted'); END;
CREATE TRIGGER customer_tier_stays_unchanged BEFORE UPDATE ON customer_tier
BEGIN SELECT RAISE(ABORT, 'what customer_tier holds is never changed or deleted'); END;
CREATE TRIGGER customer_tier_stays BEFORE DELETE ON customer_tier
BEGIN SELECT RAISE(ABORT, 'what customer_tier holds is never changed or deleted'); END;
-- What a policy says never changes; its standing does, once.
CREATE TRIGGER tier_policy_stays_unchanged BEFORE UPDATE OF id, rules, maker, created_at ON tier_policy
BEGIN SELECT RAISE(ABORT, 'what tier_policy holds is never changed or deleted'); END;
CREATE TRIGGER tier_policy_stays BEFORE DELETE ON tier_policy
BEGIN SELECT RAISE(ABORT, 'what tier_policy holds is never changed or deleted'); END;
CREATE TRIGGER tier_policy_in_force_stays BEFORE UPDATE ON tier_policy WHEN OLD.state = 'ACTIVE'
BEGIN SELECT RAISE(ABORT, 'what tier_policy holds is never changed or deleted'); END;
-- What an evaluation goes by never changes; how far it is does, until it has ended.
CREATE TRIGGER evaluation_stays_unchanged BEFORE UPDATE OF policy, as_of, cut_offs, total ON evaluation
BEGIN SELECT RAISE(ABORT, 'what evaluation holds is never changed or deleted'); END;
CREATE TRIGGER evaluation_stays BEFORE DELETE ON evaluation
BEGIN SELECT RAISE(ABORT, 'what evaluation holds is never changed or deleted'); END;
CREATE TRIGGER evaluation_finished_stays BEFORE UPDATE ON evaluation WHEN OLD.finished
BEGIN SELECT RAISE(ABORT, 'what evaluation holds is never changed or deleted'); END;
CREATE TRIGGER evaluation_turn_stays_unchanged BEFORE UPDATE ON evaluation_turn
BEGIN SELECT RAISE(ABORT, 'what evaluation_turn holds is never changed or deleted'); END;
CREATE TRIGGER evaluation_turn_stays BEFORE DELETE ON evaluation_turn
BEGIN SELECT RAISE(ABORT, 'what evaluation_turn holds is never changed or deleted'); END;
