-- What happens to a reward besides its state: holds, approvals, payees, what the bank said before payment, reversals and what people
-- decided by hand.

-- Compliance keeps what it names from being paid. Exactly one of the four targets is given.
CREATE TABLE hold (
    id UUID PRIMARY KEY,
    reward_id UUID REFERENCES reward (id),
    referral UUID,
    beneficiary TEXT,
    plan_id TEXT,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'RELEASE_PROPOSED', 'RELEASED')),
    placed_by TEXT NOT NULL,
    placed_at TIMESTAMPTZ NOT NULL,
    proposed_by TEXT NOT NULL DEFAULT '',
    released_by TEXT NOT NULL DEFAULT '',
    revision BIGINT NOT NULL CHECK (revision >= 1),
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK (CASE WHEN reward_id IS NULL THEN 0 ELSE 1 END + CASE WHEN referral IS NULL THEN 0 ELSE 1 END
           + CASE WHEN beneficiary IS NULL THEN 0 ELSE 1 END + CASE WHEN plan_id IS NULL THEN 0 ELSE 1 END = 1),
    -- Two people release it, whatever a program above believes.
    CHECK ((state = 'ACTIVE') = (proposed_by = '')),
    CHECK ((state = 'RELEASED') = (released_by <> '')),
    CHECK (released_by = '' OR released_by <> proposed_by)
);
CREATE INDEX hold_newest ON hold (placed_at, id);
CREATE INDEX hold_on_reward ON hold (reward_id) WHERE state <> 'RELEASED';
CREATE INDEX hold_on_referral ON hold (referral) WHERE state <> 'RELEASED';
CREATE INDEX hold_on_beneficiary ON hold (beneficiary) WHERE state <> 'RELEASED';
CREATE INDEX hold_on_plan ON hold (plan_id) WHERE state <> 'RELEASED';

-- One row. Whoever places a hold has it alone; whoever lets payments leave shares it: so that no payment leaves past a hold.
CREATE TABLE hold_fence (
    id BIGINT PRIMARY KEY CHECK (id = 1)
);
INSERT INTO hold_fence (id) VALUES (1);

-- One person's word for a reward. A change of payee voids it; the reward is then approved anew.
CREATE TABLE approval (
    id UUID PRIMARY KEY,
    reward_id UUID NOT NULL REFERENCES reward (id),
    person TEXT NOT NULL CHECK (person <> ''),
    account TEXT NOT NULL,
    -- The one of his roles in which he gave it.
    role TEXT NOT NULL,
    given_at TIMESTAMPTZ NOT NULL,
    voided_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX approval_once ON approval (reward_id, person) WHERE voided_at IS NULL;

-- Where a reward is paid to, where somebody named an account of the beneficiary's. The last one counts.
CREATE TABLE payee (
    reward_id UUID NOT NULL REFERENCES reward (id),
    number BIGINT NOT NULL CHECK (number >= 1),
    -- The bank's own reference of an account; never its number.
    account_reference TEXT NOT NULL CHECK (account_reference <> ''),
    person TEXT NOT NULL CHECK (person <> ''),
    account TEXT NOT NULL,
    set_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (reward_id, number)
);

-- What the bank said last of a reward that is to be paid, check by check.
CREATE TABLE gate_answer (
    reward_id UUID NOT NULL REFERENCES reward (id),
    gate_check TEXT NOT NULL CHECK (gate_check IN ('STANDING', 'ARREARS', 'SANCTIONS', 'ACCOUNT_STATUS')),
    verdict TEXT NOT NULL CHECK (verdict IN ('PASS', 'FAIL', 'UNKNOWN')),
    reason_code TEXT NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (reward_id, gate_check)
);

-- When the bank was last asked of a reward, and what holds until when: payment on a PASS, silence on anything else.
CREATE TABLE gate_round (
    reward_id UUID PRIMARY KEY REFERENCES reward (id),
    verdict TEXT NOT NULL CHECK (verdict IN ('PASS', 'FAIL', 'UNKNOWN')),
    asked_at TIMESTAMPTZ NOT NULL,
    holds_until TIMESTAMPTZ NOT NULL
);

-- What a reward rests on fell away: what that means for it, or that this waits for an outcome.
CREATE TABLE reversal (
    id UUID PRIMARY KEY,
    reward_id UUID NOT NULL REFERENCES reward (id),
    reason TEXT NOT NULL,
    triggered_at TIMESTAMPTZ NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at TIMESTAMPTZ NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('WAITING', 'NOTHING', 'CANCELLED', 'TAKEN_BACK')),
    reversed_minor BIGINT NOT NULL DEFAULT 0 CHECK (reversed_minor >= 0),
    tax_minor BIGINT NOT NULL DEFAULT 0 CHECK (tax_minor >= 0),
    -- Every input and step of the calculation: JSON. Empty while it waits.
    trace BYTEA NOT NULL,
    decided_at TIMESTAMPTZ,
    CHECK ((decision = 'WAITING') = (decided_at IS NULL)),
    CHECK ((decision = 'TAKEN_BACK') = (reversed_minor > 0))
);
CREATE INDEX reversal_of_reward ON reversal (reward_id);
-- One at a time waits, and one at most takes effect.
CREATE UNIQUE INDEX reversal_takes_effect_once ON reversal (reward_id) WHERE decision <> 'NOTHING';

-- What a beneficiary owes back of what he was paid. It is met out of his next rewards, or in money.
CREATE TABLE claim (
    id UUID PRIMARY KEY,
    reward_id UUID NOT NULL REFERENCES reward (id),
    beneficiary TEXT NOT NULL,
    reason TEXT NOT NULL,
    currency TEXT NOT NULL,
    claimed_minor BIGINT NOT NULL CHECK (claimed_minor > 0),
    netted_minor BIGINT NOT NULL DEFAULT 0 CHECK (netted_minor >= 0),
    recovered_minor BIGINT NOT NULL DEFAULT 0 CHECK (recovered_minor >= 0),
    revision BIGINT NOT NULL CHECK (revision >= 1),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK (netted_minor + recovered_minor <= claimed_minor)
);
CREATE INDEX claim_newest ON claim (created_at, id);
CREATE INDEX claim_open ON claim (beneficiary, created_at, id) WHERE netted_minor + recovered_minor < claimed_minor;
CREATE INDEX claim_of_reward ON claim (reward_id);

-- How a claim was met, bit by bit.
CREATE TABLE recovery (
    id UUID PRIMARY KEY,
    claim_id UUID NOT NULL REFERENCES claim (id),
    -- The reward that it was met out of; absent: in money.
    by_reward UUID REFERENCES reward (id),
    -- The bank's reference of the money; empty: out of another reward.
    bank_reference TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    CHECK ((by_reward IS NULL) = (bank_reference <> ''))
);
CREATE UNIQUE INDEX recovery_once ON recovery (bank_reference) WHERE bank_reference <> '';
CREATE INDEX recovery_of_claim ON recovery (claim_id, recorded_at);

-- What two people decide by hand: what became of an attempt, or that a reward is given up.
CREATE TABLE resolution (
    id UUID PRIMARY KEY,
    reward_id UUID NOT NULL REFERENCES reward (id),
    -- The attempt; empty: the reward is given up.
    end_to_end_id TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('SETTLED', 'REJECTED', 'WRITTEN_OFF')),
    bank_reference TEXT NOT NULL,
    occurred_at TIMESTAMPTZ,
    reason TEXT NOT NULL,
    evidence TEXT NOT NULL,
    -- What was known when it was proposed: it is void once anything else is.
    seen_revision BIGINT NOT NULL,
    seen_status TEXT NOT NULL,
    seen_conflicts BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('PROPOSED', 'CONFIRMED', 'VOID')),
    proposer TEXT NOT NULL CHECK (proposer <> ''),
    proposer_account TEXT NOT NULL,
    proposed_at TIMESTAMPTZ NOT NULL,
    checker TEXT NOT NULL DEFAULT '',
    ended_at TIMESTAMPTZ,
    CHECK ((verdict = 'WRITTEN_OFF') = (end_to_end_id = '')),
    CHECK ((verdict = 'WRITTEN_OFF') = (occurred_at IS NULL)),
    CHECK ((verdict = 'SETTLED') = (bank_reference <> '')),
    CHECK ((state = 'CONFIRMED') = (checker <> '')),
    CHECK ((state = 'PROPOSED') = (ended_at IS NULL)),
    -- Two people decide, whatever a program above believes.
    CHECK (checker <> proposer)
);
CREATE INDEX resolution_newest ON resolution (proposed_at, id);
CREATE UNIQUE INDEX resolution_one_at_a_time ON resolution (reward_id) WHERE state = 'PROPOSED';

-- Contradictions that people have resolved.
CREATE TABLE conflict_resolved (
    conflict_id UUID PRIMARY KEY REFERENCES outcome_conflict (id),
    resolution_id UUID NOT NULL REFERENCES resolution (id)
);

CREATE FUNCTION is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never deleted', TG_TABLE_NAME;
END $$;
CREATE FUNCTION resolution_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a resolution says never changes, and one that has ended never again';
END $$;
CREATE FUNCTION hold_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a hold names never changes, and a released one never again';
END $$;
CREATE TRIGGER hold_is_kept BEFORE DELETE ON hold FOR EACH ROW EXECUTE FUNCTION is_kept();
CREATE TRIGGER hold_fence_is_kept BEFORE DELETE ON hold_fence FOR EACH ROW EXECUTE FUNCTION is_kept();
CREATE TRIGGER hold_stays BEFORE UPDATE ON hold FOR EACH ROW
    WHEN (OLD.state = 'RELEASED'
          OR (OLD.reward_id, OLD.referral, OLD.beneficiary, OLD.plan_id, OLD.reason, OLD.placed_by, OLD.placed_at)
             IS DISTINCT FROM
             (NEW.reward_id, NEW.referral, NEW.beneficiary, NEW.plan_id, NEW.reason, NEW.placed_by, NEW.placed_at))
    EXECUTE FUNCTION hold_stays();
CREATE TRIGGER approval_is_kept BEFORE DELETE ON approval FOR EACH ROW EXECUTE FUNCTION is_kept();
CREATE TRIGGER payee_is_kept BEFORE DELETE ON payee FOR EACH ROW EXECUTE FUNCTION is_kept();
CREATE TRIGGER gate_answer_is_kept BEFORE DELETE ON gate_answer FOR EACH ROW EXECUTE FUNCTION is_kept();
CREATE TRIGGER gate_round_is_kept BEFORE DELETE ON gate_round FOR EACH ROW EXECUTE FUNCTION is_kept();
CREATE TRIGGER reversal_is_kept BEFORE DELETE ON reversal FOR EACH ROW EXECUTE FUNCTION is_kept();
CREATE TRIGGER claim_is_kept BEFORE DELETE ON claim FOR EACH ROW EXECUTE FUNCTION is_kept();
CREATE TRIGGER resolution_is_kept BEFORE DELETE ON resolution FOR EACH ROW EXECUTE FUNCTION is_kept();
CREATE TRIGGER resolution_stays BEFORE UPDATE ON resolution FOR EACH ROW
    WHEN (OLD.state <> 'PROPOSED'
          OR (OLD.reward_id, OLD.end_to_end_id, OLD.verdict, OLD.bank_reference, OLD.occurred_at, OLD.reason, OLD.evidence,
              OLD.seen_revision, OLD.seen_status, OLD.seen_conflicts, OLD.proposer, OLD.proposer_account, OLD.proposed_at)
             IS DISTINCT FROM
             (NEW.reward_id, NEW.end_to_end_id, NEW.verdict, NEW.bank_reference, NEW.occurred_at, NEW.reason, NEW.evidence,
              NEW.seen_revision, NEW.seen_status, NEW.seen_conflicts, NEW.proposer, NEW.proposer_account, NEW.proposed_at))
    EXECUTE FUNCTION resolution_stays();
CREATE TRIGGER recovery_is_appended BEFORE UPDATE OR DELETE ON recovery FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER conflict_resolved_is_appended BEFORE UPDATE OR DELETE ON conflict_resolved FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER payee_is_appended BEFORE UPDATE OR DELETE ON payee FOR EACH ROW EXECUTE FUNCTION append_only();
