-- Tier: what customers do, the policies that score it, and the dated tiers that come of it.
-- Amounts are minor units of the currency beside them; instants are UTC. The SQLite twin has the same tables and names.
-- Keys compare byte by byte (COLLATE "C"), as SQLite's do: customers come in the same order everywhere.

-- What customers do, as core banking reports it.
CREATE TABLE activity (
    activity_id  TEXT COLLATE "C" PRIMARY KEY,
    customer     TEXT COLLATE "C" NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    currency     TEXT NOT NULL,
    occurred_at  TIMESTAMPTZ NOT NULL,
    received_at  TIMESTAMPTZ NOT NULL
);

-- By which rules customers get their tiers.
CREATE TABLE tier_policy (
    id         TEXT COLLATE "C" PRIMARY KEY,
    state      TEXT NOT NULL CHECK (state IN ('DRAFT', 'ACTIVE')),
    -- As they were checked: a format number and JSON.
    rules      BYTEA NOT NULL,
    maker      TEXT NOT NULL,
    checker    TEXT,
    version    BIGINT NOT NULL CHECK (version >= 1),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK ((state = 'ACTIVE') = (checker IS NOT NULL)),
    -- Whatever a program above believes.
    CHECK (checker IS NULL OR checker <> maker)
);
CREATE INDEX tier_policy_by_age ON tier_policy (created_at, id);

-- One evaluation of every customer: the cut-offs that all of it uses, and how far it is.
CREATE TABLE evaluation (
    policy    TEXT COLLATE "C" NOT NULL REFERENCES tier_policy (id),
    -- One evaluation an instant: a customer has one tier at a time.
    as_of     TIMESTAMPTZ PRIMARY KEY,
    cut_offs  BYTEA NOT NULL,
    total     BIGINT NOT NULL CHECK (total >= 0),
    evaluated BIGINT NOT NULL CHECK (evaluated BETWEEN 0 AND total),
    changed   BIGINT NOT NULL CHECK (changed BETWEEN 0 AND evaluated),
    -- The last customer evaluated; empty before the first.
    reached   TEXT COLLATE "C" NOT NULL,
    finished  BOOLEAN NOT NULL CHECK (finished = (evaluated = total))
);
-- Nor is a second one begun before the first has ended.
CREATE UNIQUE INDEX evaluation_unfinished ON evaluation (finished) WHERE NOT finished;

-- Whoever begins an evaluation or goes on with it locks this one row: among all processes, one at a time.
CREATE TABLE evaluation_turn (id BIGINT PRIMARY KEY CHECK (id = 1));
INSERT INTO evaluation_turn (id) VALUES (1);

-- What each customer had done when the evaluation began: what arrives later changes nothing in it. A row goes with its turn.
CREATE TABLE evaluation_customer (
    as_of          TIMESTAMPTZ NOT NULL,
    customer       TEXT COLLATE "C" NOT NULL,
    last_at        TIMESTAMPTZ NOT NULL,
    frequency      BIGINT NOT NULL CHECK (frequency >= 0),
    monetary_minor BIGINT NOT NULL CHECK (monetary_minor >= 0),
    PRIMARY KEY (as_of, customer)
);

-- Which tier a customer is of from an instant on, and what made it.
CREATE TABLE customer_tier (
    customer        TEXT COLLATE "C" NOT NULL,
    effective_at    TIMESTAMPTZ NOT NULL,
    tier            TEXT NOT NULL,
    core            BOOLEAN NOT NULL,
    policy          TEXT COLLATE "C" NOT NULL REFERENCES tier_policy (id),
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
BEGIN
    RAISE EXCEPTION 'what % holds is never changed or deleted', TG_TABLE_NAME;
END $$;
CREATE TRIGGER activity_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON activity EXECUTE FUNCTION refuse_change();
CREATE TRIGGER customer_tier_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON customer_tier EXECUTE FUNCTION refuse_change();
-- What a policy says never changes; its standing does, once.
CREATE TRIGGER tier_policy_stays BEFORE UPDATE OF id, rules, maker, created_at OR DELETE OR TRUNCATE ON tier_policy
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tier_policy_in_force_stays BEFORE UPDATE ON tier_policy
    FOR EACH ROW WHEN (OLD.state = 'ACTIVE') EXECUTE FUNCTION refuse_change();
-- What an evaluation goes by never changes; how far it is does, until it has ended.
CREATE TRIGGER evaluation_stays BEFORE UPDATE OF policy, as_of, cut_offs, total OR DELETE OR TRUNCATE ON evaluation
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER evaluation_finished_stays BEFORE UPDATE ON evaluation
    FOR EACH ROW WHEN (OLD.finished) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER evaluation_turn_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON evaluation_turn EXECUTE FUNCTION refuse_change();
