-- What happens to a reward besides its state: holds, approvals, payees, what the bank said before payment, reversals and what people
-- decided by hand.

-- Compliance keeps what it names from being paid. Exactly one of the four targets is given.
CREATE TABLE hold (
    id BLOB PRIMARY KEY,
    reward_id BLOB REFERENCES reward (id),
    referral BLOB,
    beneficiary TEXT,
    plan_id TEXT,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'RELEASE_PROPOSED', 'RELEASED')),
    placed_by TEXT NOT NULL,
    placed_at TEXT NOT NULL,
    proposed_by TEXT NOT NULL DEFAULT '',
    released_by TEXT NOT NULL DEFAULT '',
    revision INTEGER NOT NULL CHECK (revision >= 1),
    updated_at TEXT NOT NULL,
    CHECK (CASE WHEN reward_id IS NULL THEN 0 ELSE 1 END + CASE WHEN referral IS NULL THEN 0 ELSE 1 END
           + CASE WHEN beneficiary IS NULL THEN 0 ELSE 1 END + CASE WHEN plan_id IS NULL THEN 0 ELSE 1 END = 1),
    -- Two people release it, whatever a program above believes.
    CHECK ((state = 'ACTIVE') = (proposed_by = '')),
    CHECK ((state = 'RELEASED') = (released_by <> '')),
    CHECK (released_by = '' OR released_by <> proposed_by)
) STRICT;
CREATE INDEX hold_newest ON hold (placed_at, id);
CREATE INDEX hold_on_reward ON hold (reward_id) WHERE state <> 'RELEASED';
CREATE INDEX hold_on_referral ON hold (referral) WHERE state <> 'RELEASED';
CREATE INDEX hold_on_beneficiary ON hold (beneficiary) WHERE state <> 'RELEASED';
CREATE INDEX hold_on_plan ON hold (plan_id) WHERE state <> 'RELEASED';

-- One row. Whoever places a hold has it alone; whoever lets payments leave shares it: so that no payment leaves past a hold.
CREATE TABLE hold_fence (
    id INTEGER PRIMARY KEY CHECK (id = 1)
) STRICT;
INSERT INTO hold_fence (id) VALUES (1);

-- One person's word for a reward. A change of payee voids it; the reward is then approved anew.
CREATE TABLE approval (
    id BLOB PRIMARY KEY,
    reward_id BLOB NOT NULL REFERENCES reward (id),
    person TEXT NOT NULL CHECK (person <> ''),
    account TEXT NOT NULL,
    -- The one of his roles in which he gave it.
    role TEXT NOT NULL,
    given_at TEXT NOT NULL,
    voided_at TEXT
) STRICT;
CREATE UNIQUE INDEX approval_once ON approval (reward_id, person) WHERE voided_at IS NULL;

-- Where a reward is paid to, where somebody named an account of the beneficiary's. The last one counts.
CREATE TABLE payee (
    reward_id BLOB NOT NULL REFERENCES reward (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    -- The bank's own reference of an account; never its number.
    account_reference TEXT NOT NULL CHECK (account_reference <> ''),
    person TEXT NOT NULL CHECK (person <> ''),
    account TEXT NOT NULL,
    set_at TEXT NOT NULL,
    PRIMARY KEY (reward_id, number)
) STRICT;

-- What the bank said last of a reward that is to be paid, check by check.
CREATE TABLE gate_answer (
    reward_id BLOB NOT NULL REFERENCES reward (id),
    gate_check TEXT NOT NULL CHECK (gate_check IN ('STANDING', 'ARREARS', 'SANCTIONS', 'ACCOUNT_STATUS')),
    verdict TEXT NOT NULL CHECK (verdict IN ('PASS', 'FAIL', 'UNKNOWN')),
    reason_code TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    PRIMARY KEY (reward_id, gate_check)
) STRICT;

-- When the bank was last asked of a reward, and what holds until when: payment on a PASS, silence on anything else.
CREATE TABLE gate_round (
    reward_id BLOB PRIMARY KEY REFERENCES reward (id),
    verdict TEXT NOT NULL CHECK (verdict IN ('PASS', 'FAIL', 'UNKNOWN')),
    asked_at TEXT NOT NULL,
    holds_until TEXT NOT NULL
) STRICT;

-- What a reward rests on fell away: what that means for it, or that this waits for an outcome.
CREATE TABLE reversal (
    id BLOB PRIMARY KEY,
    reward_id BLOB NOT NULL REFERENCES reward (id),
    reason TEXT NOT NULL,
    triggered_at TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('WAITING', 'NOTHING', 'CANCELLED', 'TAKEN_BACK')),
    reversed_minor INTEGER NOT NULL DEFAULT 0 CHECK (reversed_minor >= 0),
    tax_minor INTEGER NOT NULL DEFAULT 0 CHECK (tax_minor >= 0),
    -- Every input and step of the calculation: JSON. Empty while it waits.
    trace BLOB NOT NULL,
    decided_at TEXT,
    CHECK ((decision = 'WAITING') = (decided_at IS NULL)),
    CHECK ((decision = 'TAKEN_BACK') = (reversed_minor > 0))
) STRICT;
CREATE INDEX reversal_of_reward ON reversal (reward_id);
-- One at a time waits, and one at most takes effect.
CREATE UNIQUE INDEX reversal_takes_effect_once ON reversal (reward_id) WHERE decision <> 'NOTHING';

-- What a beneficiary owes back of what he was paid. It is met out of his next rewards, or in money.
CREATE TABLE claim (
    id BLOB PRIMARY KEY,
    reward_id BLOB NOT NULL REFERENCES reward (id),
    beneficiary TEXT NOT NULL,
    reason TEXT NOT NULL,
    currency TEXT NOT NULL,
    claimed_minor INTEGER NOT NULL CHECK (claimed_minor > 0),
    netted_minor INTEGER NOT NULL DEFAULT 0 CHECK (netted_minor >= 0),
    recovered_minor INTEGER NOT NULL DEFAULT 0 CHECK (recovered_minor >= 0),
    revision INTEGER NOT NULL CHECK (revision >= 1),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CHECK (netted_minor + recovered_minor <= claimed_minor)
) STRICT;
CREATE INDEX claim_newest ON claim (created_at, id);
CREATE INDEX claim_open ON claim (beneficiary, created_at, id) WHERE netted_minor + recovered_minor < claimed_minor;
CREATE INDEX claim_of_reward ON claim (reward_id);

-- How a claim was met, bit by bit.
CREATE TABLE recovery (
    id BLOB PRIMARY KEY,
    claim_id BLOB NOT NULL REFERENCES claim (id),
    -- The reward that it was met out of; absent: in money.
    by_reward BLOB REFERENCES reward (id),
    -- The bank's reference of the money; empty: out of another reward.
    bank_reference TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    recorded_by TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    CHECK ((by_reward IS NULL) = (bank_reference <> ''))
) STRICT;
CREATE UNIQUE INDEX recovery_once ON recovery (bank_reference) WHERE bank_reference <> '';
CREATE INDEX recovery_of_claim ON recovery (claim_id, recorded_at);

-- What two people decide by hand: what became of an attempt, or that a reward is given up.
CREATE TABLE resolution (
    id BLOB PRIMARY KEY,
    reward_id BLOB NOT NULL REFERENCES reward (id),
    -- The attempt; empty: the reward is given up.
    end_to_end_id TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('SETTLED', 'REJECTED', 'WRITTEN_OFF')),
    bank_reference TEXT NOT NULL,
    occurred_at TEXT,
    reason TEXT NOT NULL,
    evidence TEXT NOT NULL,
    -- What was known when it was proposed: it is void once anything else is.
    seen_revision INTEGER NOT NULL,
    seen_status TEXT NOT NULL,
    seen_conflicts INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('PROPOSED', 'CONFIRMED', 'VOID')),
    proposer TEXT NOT NULL CHECK (proposer <> ''),
    proposer_account TEXT NOT NULL,
    proposed_at TEXT NOT NULL,
    checker TEXT NOT NULL DEFAULT '',
    ended_at TEXT,
    CHECK ((verdict = 'WRITTEN_OFF') = (end_to_end_id = '')),
    CHECK ((verdict = 'WRITTEN_OFF') = (occurred_at IS NULL)),
    CHECK ((verdict = 'SETTLED') = (bank_reference <> '')),
    CHECK ((state = 'CONFIRMED') = (checker <> '')),
    CHECK ((state = 'PROPOSED') = (ended_at IS NULL)),
    -- Two people decide, whatever a program above believes.
    CHECK (checker <> proposer)
) STRICT;
CREATE INDEX resolution_newest ON resolution (proposed_at, id);
CREATE UNIQUE INDEX resolution_one_at_a_time ON resolution (reward_id) WHERE state = 'PROPOSED';

-- Contradictions that people have resolved.
CREATE TABLE conflict_resolved (
    conflict_id BLOB PRIMARY KEY REFERENCES outcome_conflict (id),
    resolution_id BLOB NOT NULL REFERENCES resolution (id)
) STRICT;

CREATE TRIGGER hold_is_kept BEFORE DELETE ON hold
BEGIN SELECT RAISE(ABORT, 'hold is never deleted'); END;
CREATE TRIGGER hold_fence_is_kept BEFORE DELETE ON hold_fence
BEGIN SELECT RAISE(ABORT, 'hold_fence is never deleted'); END;
CREATE TRIGGER hold_stays BEFORE UPDATE ON hold WHEN
    OLD.state = 'RELEASED'
    OR (OLD.reward_id, OLD.referral, OLD.beneficiary, OLD.plan_id, OLD.reason, OLD.placed_by, OLD.placed_at)
       IS NOT
       (NEW.reward_id, NEW.referral, NEW.beneficiary, NEW.plan_id, NEW.reason, NEW.placed_by, NEW.placed_at)
BEGIN SELECT RAISE(ABORT, 'what a hold names never changes, and a released one never again'); END;
CREATE TRIGGER approval_is_kept BEFORE DELETE ON approval
BEGIN SELECT RAISE(ABORT, 'approval is never deleted'); END;
CREATE TRIGGER payee_is_kept BEFORE DELETE ON payee
BEGIN SELECT RAISE(ABORT, 'payee is never deleted'); END;
CREATE TRIGGER gate_answer_is_kept BEFORE DELETE ON gate_answer
BEGIN SELECT RAISE(ABORT, 'gate_answer is never deleted'); END;
CREATE TRIGGER gate_round_is_kept BEFORE DELETE ON gate_round
BEGIN SELECT RAISE(ABORT, 'gate_round is never deleted'); END;
CREATE TRIGGER reversal_is_kept BEFORE DELETE ON reversal
BEGIN SELECT RAISE(ABORT, 'reversal is never deleted'); END;
CREATE TRIGGER claim_is_kept BEFORE DELETE ON claim
BEGIN SELECT RAISE(ABORT, 'claim is never deleted'); END;
CREATE TRIGGER resolution_is_kept BEFORE DELETE ON resolution
BEGIN SELECT RAISE(ABORT, 'resolution is never deleted'); END;
CREATE TRIGGER resolution_stays BEFORE UPDATE ON resolution WHEN
    OLD.state <> 'PROPOSED'
    OR (OLD.reward_id, OLD.end_to_end_id, OLD.verdict, OLD.bank_reference, OLD.occurred_at, OLD.reason, OLD.evidence,
        OLD.seen_revision, OLD.seen_status, OLD.seen_conflicts, OLD.proposer, OLD.proposer_account, OLD.proposed_at)
       IS NOT
       (NEW.reward_id, NEW.end_to_end_id, NEW.verdict, NEW.bank_reference, NEW.occurred_at, NEW.reason, NEW.evidence,
        NEW.seen_revision, NEW.seen_status, NEW.seen_conflicts, NEW.proposer, NEW.proposer_account, NEW.proposed_at)
BEGIN SELECT RAISE(ABORT, 'what a resolution says never changes, and one that has ended never again'); END;
CREATE TRIGGER recovery_is_appended BEFORE UPDATE ON recovery
BEGIN SELECT RAISE(ABORT, 'recovery is append-only'); END;
CREATE TRIGGER recovery_is_kept BEFORE DELETE ON recovery
BEGIN SELECT RAISE(ABORT, 'recovery is append-only'); END;
CREATE TRIGGER conflict_resolved_is_appended BEFORE UPDATE ON conflict_resolved
BEGIN SELECT RAISE(ABORT, 'conflict_resolved is append-only'); END;
CREATE TRIGGER conflict_resolved_is_kept BEFORE DELETE ON conflict_resolved
BEGIN SELECT RAISE(ABORT, 'conflict_resolved is append-only'); END;
CREATE TRIGGER payee_is_appended BEFORE UPDATE ON payee
BEGIN SELECT RAISE(ABORT, 'payee is append-only'); END;
