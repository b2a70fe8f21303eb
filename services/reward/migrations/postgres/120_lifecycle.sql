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

CREATE FUNCTION is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never deleted', TG_TABLE_NAME;
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
