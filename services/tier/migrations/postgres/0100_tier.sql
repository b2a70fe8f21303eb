-- What customers do, as core banking reports it. Never changed, never deleted.
CREATE TABLE activity (
    activity_id  TEXT PRIMARY KEY,
    customer     TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    currency     TEXT NOT NULL,
    occurred_at  TIMESTAMPTZ NOT NULL,
    received_at  TIMESTAMPTZ NOT NULL
);
CREATE INDEX activity_of_customer ON activity (customer, occurred_at);

-- By which rules customers get their tiers. Once active, only the machinery of the next versions may touch it: nothing does.
CREATE TABLE tier_policy (
    id         TEXT PRIMARY KEY,
    state      TEXT NOT NULL CHECK (state IN ('DRAFT', 'ACTIVE')),
    rules      BYTEA NOT NULL,
    maker      TEXT NOT NULL,
    checker    TEXT,
    version    BIGINT NOT NULL CHECK (version >= 1),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK ((state = 'ACTIVE') = (checker IS NOT NULL)),
    CHECK (checker IS NULL OR checker <> maker)
);
CREATE INDEX tier_policy_by_age ON tier_policy (created_at, id);

-- One evaluation of every customer: how far it is, and the cut-offs that all of it uses.
CREATE TABLE evaluation (
    policy      TEXT NOT NULL REFERENCES tier_policy (id),
    as_of       TIMESTAMPTZ NOT NULL,
    cut_offs    BYTEA NOT NULL,
    total       BIGINT NOT NULL CHECK (total >= 0),
    evaluated   BIGINT NOT NULL CHECK (evaluated >= 0),
    changed     BIGINT NOT NULL CHECK (changed >= 0),
    reached     TEXT NOT NULL,
    finished    BOOLEAN NOT NULL,
    PRIMARY KEY (policy, as_of)
);

-- Which tier a customer is of from an instant on, and what made it. Never changed, never deleted.
CREATE TABLE customer_tier (
    customer        TEXT NOT NULL,
    effective_at    TIMESTAMPTZ NOT NULL,
    tier            TEXT NOT NULL,
    core            BOOLEAN NOT NULL,
    policy          TEXT NOT NULL REFERENCES tier_policy (id),
    recency_days    BIGINT NOT NULL CHECK (recency_days >= 0),
    frequency       BIGINT NOT NULL CHECK (frequency >= 0),
    monetary_minor  BIGINT NOT NULL CHECK (monetary_minor >= 0),
    currency        TEXT NOT NULL,
    recency_score   BIGINT NOT NULL CHECK (recency_score BETWEEN 1 AND 5),
    frequency_score BIGINT NOT NULL CHECK (frequency_score BETWEEN 1 AND 5),
    monetary_score  BIGINT NOT NULL CHECK (monetary_score BETWEEN 1 AND 5),
    PRIMARY KEY (customer, effective_at)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER activity_append_only BEFORE UPDATE OR DELETE ON activity FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER customer_tier_append_only BEFORE UPDATE OR DELETE ON customer_tier FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tier_policy_fixed BEFORE UPDATE OR DELETE ON tier_policy FOR EACH ROW WHEN (OLD.state = 'ACTIVE') EXECUTE FUNCTION refuse_change();
