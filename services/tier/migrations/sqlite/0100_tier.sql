-- What customers do, as core banking reports it. Never changed, never deleted.
CREATE TABLE activity (
    activity_id  TEXT PRIMARY KEY,
    customer     TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    currency     TEXT NOT NULL,
    occurred_at  TEXT NOT NULL,
    received_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX activity_of_customer ON activity (customer, occurred_at);

-- By which rules customers get their tiers. Once active, only the machinery of the next versions may touch it: nothing does.
CREATE TABLE tier_policy (
    id         TEXT PRIMARY KEY,
    state      TEXT NOT NULL CHECK (state IN ('DRAFT', 'ACTIVE')),
    rules      BLOB NOT NULL,
    maker      TEXT NOT NULL,
    checker    TEXT,
    version    INTEGER NOT NULL CHECK (version >= 1),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CHECK ((state = 'ACTIVE') = (checker IS NOT NULL)),
    CHECK (checker IS NULL OR checker <> maker)
) STRICT;
CREATE INDEX tier_policy_by_age ON tier_policy (created_at, id);

-- One evaluation of every customer: how far it is, and the cut-offs that all of it uses.
CREATE TABLE evaluation (
    policy      TEXT NOT NULL REFERENCES tier_policy (id),
    as_of       TEXT NOT NULL,
    cut_offs    BLOB NOT NULL,
    total       INTEGER NOT NULL CHECK (total >= 0),
    evaluated   INTEGER NOT NULL CHECK (evaluated >= 0),
    changed     INTEGER NOT NULL CHECK (changed >= 0),
    reached     TEXT NOT NULL,
    finished    BOOLEAN NOT NULL,
    PRIMARY KEY (policy, as_of)
);

-- Which tier a customer is of from an instant on, and what made it. Never changed, never deleted.
CREATE TABLE customer_tier (
    customer        TEXT NOT NULL,
    effective_at    TEXT NOT NULL,
    tier            TEXT NOT NULL,
    core            BOOLEAN NOT NULL,
    policy          TEXT NOT NULL REFERENCES tier_policy (id),
    recency_days    INTEGER NOT NULL CHECK (recency_days >= 0),
    frequency       INTEGER NOT NULL CHECK (frequency >= 0),
    monetary_minor  INTEGER NOT NULL CHECK (monetary_minor >= 0),
    currency        TEXT NOT NULL,
    recency_score   INTEGER NOT NULL CHECK (recency_score BETWEEN 1 AND 5),
    frequency_score INTEGER NOT NULL CHECK (frequency_score BETWEEN 1 AND 5),
    monetary_score  INTEGER NOT NULL CHECK (monetary_score BETWEEN 1 AND 5),
    PRIMARY KEY (customer, effective_at)
) WITHOUT ROWID;

CREATE TRIGGER activity_no_update BEFORE UPDATE ON activity BEGIN SELECT RAISE(ABORT, 'activity is append-only'); END;
CREATE TRIGGER activity_no_delete BEFORE DELETE ON activity BEGIN SELECT RAISE(ABORT, 'activity is append-only'); END;
CREATE TRIGGER customer_tier_no_update BEFORE UPDATE ON customer_tier BEGIN SELECT RAISE(ABORT, 'customer_tier is append-only'); END;
CREATE TRIGGER customer_tier_no_delete BEFORE DELETE ON customer_tier BEGIN SELECT RAISE(ABORT, 'customer_tier is append-only'); END;
CREATE TRIGGER tier_policy_no_update BEFORE UPDATE ON tier_policy WHEN OLD.state = 'ACTIVE' BEGIN SELECT RAISE(ABORT, 'tier_policy is append-only'); END;
CREATE TRIGGER tier_policy_no_delete BEFORE DELETE ON tier_policy WHEN OLD.state = 'ACTIVE' BEGIN SELECT RAISE(ABORT, 'tier_policy is append-only'); END;
