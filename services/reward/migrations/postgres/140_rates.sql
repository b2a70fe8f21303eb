-- Rates: products whose rate may become preferential, the rates that beneficiaries were offered, and what the bank was told of them.
-- Amounts are minor units of the currency beside them; instants are UTC. The SQLite twin has the same tables and names.

CREATE TABLE rate_product (
    id TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    display_name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('DRAFT', 'IN_REVIEW', 'ACTIVE')),
    currency TEXT NOT NULL,
    -- What it says, as it was checked: a format number and JSON.
    terms BYTEA NOT NULL,
    maker TEXT NOT NULL,
    submitter TEXT NOT NULL DEFAULT '',
    checker TEXT NOT NULL DEFAULT '',
    revision BIGINT NOT NULL CHECK (revision >= 1),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (id, version),
    CHECK ((state = 'ACTIVE') = (checker <> '')),
    CHECK (checker = '' OR (checker <> maker AND checker <> submitter))
);
CREATE INDEX rate_product_newest ON rate_product (created_at, id, version);

CREATE FUNCTION rate_product_in_force_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a rate product in force is never changed or deleted';
END $$;
CREATE TRIGGER rate_product_in_force_stays BEFORE UPDATE OR DELETE ON rate_product
    FOR EACH ROW WHEN (OLD.state = 'ACTIVE') EXECUTE FUNCTION rate_product_in_force_stays();

-- What a plan's rate grants have taken of its limits on rates. It changes under the plan's row of plan_budget.
CREATE TABLE plan_rate (
    plan_id TEXT PRIMARY KEY,
    grant_count BIGINT NOT NULL CHECK (grant_count >= 0),
    benefit_minor BIGINT NOT NULL CHECK (benefit_minor >= 0)
);

CREATE TABLE rate_grant (
    id UUID PRIMARY KEY,
    referral UUID NOT NULL,
    plan_id TEXT NOT NULL,
    plan_version BIGINT NOT NULL,
    role TEXT NOT NULL,
    -- Empty: the whole referral, and no milestone.
    stage TEXT NOT NULL,
    milestone TEXT NOT NULL,
    milestone_count BIGINT NOT NULL CHECK (milestone_count >= 0),
    beneficiary TEXT NOT NULL,
    branch TEXT NOT NULL,
    product_id TEXT NOT NULL,
    -- The plan's rule: a format number and JSON.
    rule BYTEA NOT NULL,
    currency TEXT NOT NULL,
    estimate_minor BIGINT NOT NULL CHECK (estimate_minor >= 0),
    -- The counter of the plan that it takes its room from.
    charge TEXT NOT NULL CHECK (charge IN ('RATE_LIMITS', 'BUDGET')),
    qualified_at TIMESTAMPTZ NOT NULL,
    offered_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('OFFERED', 'ACTIVE', 'ENDED', 'REVOKED', 'EXPIRED', 'REJECTED')),
    -- Joined by ' ', empty where there is nothing to say.
    reasons TEXT NOT NULL,
    -- The contract that has it or had it, as it was opened; absent before. Days are written YYYY-MM-DD.
    contract_reference TEXT,
    principal_minor BIGINT CHECK (principal_minor > 0),
    start_day TEXT,
    term_months BIGINT CHECK (term_months >= 1),
    maturity_day TEXT,
    product_version BIGINT,
    effective_rate NUMERIC,
    applied_bps NUMERIC,
    benefit_minor BIGINT CHECK (benefit_minor >= 0),
    starts_at TIMESTAMPTZ,
    ends_at TIMESTAMPTZ,
    activated_at TIMESTAMPTZ,
    closed_at TIMESTAMPTZ,
    closed_by TEXT NOT NULL DEFAULT '',
    revision BIGINT NOT NULL CHECK (revision >= 1),
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (referral, plan_id, stage, role, milestone, milestone_count, beneficiary),
    FOREIGN KEY (plan_id, plan_version) REFERENCES plan (id, version),
    CHECK ((state IN ('ENDED', 'REVOKED', 'EXPIRED')) = (closed_at IS NOT NULL)),
    CHECK (state NOT IN ('ACTIVE', 'ENDED') OR contract_reference IS NOT NULL),
    CHECK (state NOT IN ('OFFERED', 'EXPIRED', 'REJECTED') OR contract_reference IS NULL),
    CHECK ((contract_reference IS NULL) = (starts_at IS NULL) AND (contract_reference IS NULL) = (benefit_minor IS NULL))
);
CREATE INDEX rate_grant_newest ON rate_grant (offered_at, id);
CREATE INDEX rate_grant_by_branch ON rate_grant (branch, offered_at, id);
CREATE INDEX rate_grant_by_customer ON rate_grant (beneficiary, product_id, id);
CREATE INDEX rate_grant_by_plan ON rate_grant (plan_id, offered_at, id);
CREATE INDEX rate_grant_to_expire ON rate_grant (expires_at, id) WHERE state = 'OFFERED';
CREATE INDEX rate_grant_to_run_out ON rate_grant (ends_at, id) WHERE state = 'ACTIVE';

CREATE FUNCTION rate_grant_facts_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a rate grant is never deleted, and what was offered never changes';
END $$;
CREATE TRIGGER rate_grant_is_kept BEFORE DELETE ON rate_grant FOR EACH ROW EXECUTE FUNCTION rate_grant_facts_stay();
CREATE TRIGGER rate_grant_facts_stay BEFORE UPDATE ON rate_grant FOR EACH ROW
    WHEN ((OLD.referral, OLD.plan_id, OLD.plan_version, OLD.role, OLD.stage, OLD.milestone, OLD.milestone_count, OLD.beneficiary,
           OLD.product_id, OLD.rule, OLD.currency, OLD.estimate_minor, OLD.charge, OLD.offered_at, OLD.expires_at)
          IS DISTINCT FROM
          (NEW.referral, NEW.plan_id, NEW.plan_version, NEW.role, NEW.stage, NEW.milestone, NEW.milestone_count, NEW.beneficiary,
           NEW.product_id, NEW.rule, NEW.currency, NEW.estimate_minor, NEW.charge, NEW.offered_at, NEW.expires_at))
    EXECUTE FUNCTION rate_grant_facts_stay();

-- How a grant was valued: at the offer, and anew when a contract took it. Enough to compute it again.
CREATE TABLE rate_trace (
    grant_id UUID NOT NULL REFERENCES rate_grant (id),
    event TEXT NOT NULL CHECK (event IN ('OFFER', 'ACTIVATION')),
    trace BYTEA NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (grant_id, event)
);
CREATE TRIGGER rate_trace_is_kept BEFORE UPDATE OR DELETE ON rate_trace FOR EACH ROW EXECUTE FUNCTION append_only();

-- What core banking has to be told of a grant, and what it did.
CREATE TABLE rate_instruction (
    grant_id UUID NOT NULL REFERENCES rate_grant (id),
    kind TEXT NOT NULL CHECK (kind IN ('OFFER', 'WITHDRAW')),
    instruction_id TEXT NOT NULL UNIQUE CHECK (length(instruction_id) BETWEEN 1 AND 35),
    -- VOID: taken back before it was ever handed out.
    status TEXT NOT NULL DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'TAKEN', 'REFUSED', 'VOID')),
    reason_code TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL,
    first_sent_at TIMESTAMPTZ,
    answered_at TIMESTAMPTZ,
    PRIMARY KEY (grant_id, kind),
    CHECK ((status IN ('TAKEN', 'REFUSED')) = (answered_at IS NOT NULL)),
    CHECK (status <> 'VOID' OR first_sent_at IS NULL)
);
CREATE INDEX rate_instruction_open ON rate_instruction (created_at, instruction_id) WHERE status = 'OPEN';

-- The choice between a reward, which is money, and a rate. Open while `side` is absent; it is made once.
CREATE TABLE reward_choice (
    reward_id UUID PRIMARY KEY REFERENCES reward (id),
    default_side TEXT NOT NULL CHECK (default_side IN ('CASH', 'RATE')),
    until_at TIMESTAMPTZ NOT NULL,
    currency TEXT NOT NULL,
    estimate_minor BIGINT NOT NULL CHECK (estimate_minor >= 0),
    -- What the plan's budget holds for it beyond the reward while it is open.
    extra_minor BIGINT NOT NULL CHECK (extra_minor >= 0),
    side TEXT CHECK (side IN ('CASH', 'RATE')),
    chosen_by TEXT NOT NULL DEFAULT '',
    chosen_at TIMESTAMPTZ,
    reason TEXT NOT NULL DEFAULT '',
    grant_id UUID REFERENCES rate_grant (id),
    CHECK ((side IS NULL) = (chosen_at IS NULL)),
    CHECK ((grant_id IS NOT NULL) = (side IS NOT NULL AND side = 'RATE'))
);
CREATE INDEX reward_choice_open ON reward_choice (until_at, reward_id) WHERE side IS NULL;

CREATE FUNCTION reward_choice_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a choice is made once, and never deleted';
END $$;
CREATE TRIGGER reward_choice_is_kept BEFORE DELETE ON reward_choice FOR EACH ROW EXECUTE FUNCTION reward_choice_stays();
CREATE TRIGGER reward_choice_stays BEFORE UPDATE ON reward_choice
    FOR EACH ROW WHEN (OLD.side IS NOT NULL) EXECUTE FUNCTION reward_choice_stays();
