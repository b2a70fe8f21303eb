-- Reward: plans, what they owe to whom, the attempts to pay it, and the ledger.
-- Amounts are minor units of the currency beside them; instants are UTC. The SQLite twin has the same tables and names.

CREATE TABLE plan (
    id TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    display_name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('DRAFT', 'IN_REVIEW', 'ACTIVE', 'PAUSED', 'ENDED')),
    currency TEXT NOT NULL,
    -- What it pays, as it was checked: a format number and JSON, read again byte for byte by every grant.
    terms BYTEA NOT NULL,
    maker TEXT NOT NULL,
    submitter TEXT NOT NULL DEFAULT '',
    checker TEXT NOT NULL DEFAULT '',
    -- Why its grants are stopped, who asked for it, and who else stopped them; empty: nobody.
    suspend_reason TEXT NOT NULL DEFAULT '',
    suspend_asked_by TEXT NOT NULL DEFAULT '',
    suspended_by TEXT NOT NULL DEFAULT '',
    revision BIGINT NOT NULL CHECK (revision >= 1),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (id, version),
    -- Maker is never checker, nor is whoever submitted it, whatever a program above believes.
    CHECK ((state IN ('ACTIVE', 'PAUSED', 'ENDED')) = (checker <> '')),
    CHECK ((suspend_reason = '') = (suspend_asked_by = '')),
    CHECK (suspended_by = '' OR (suspended_by <> suspend_asked_by AND suspend_asked_by <> '')),
    CHECK (checker = '' OR (checker <> maker AND checker <> submitter))
);
CREATE INDEX plan_newest ON plan (created_at, id, version);
-- One version pins new referrals, one is being made.
CREATE UNIQUE INDEX plan_in_force ON plan (id) WHERE state IN ('ACTIVE', 'PAUSED');
CREATE UNIQUE INDEX plan_in_making ON plan (id) WHERE state IN ('DRAFT', 'IN_REVIEW');

CREATE FUNCTION plan_in_force_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a plan in force is never deleted, and what it pays never changes';
END $$;
CREATE TRIGGER plan_in_force_is_kept BEFORE DELETE ON plan
    FOR EACH ROW WHEN (OLD.state NOT IN ('DRAFT', 'IN_REVIEW')) EXECUTE FUNCTION plan_in_force_stays();
CREATE TRIGGER plan_in_force_stays BEFORE UPDATE ON plan FOR EACH ROW
    WHEN (OLD.state NOT IN ('DRAFT', 'IN_REVIEW') AND (
          OLD.suspended_by <> '' AND NEW.suspended_by <> OLD.suspended_by OR NEW.state IN ('DRAFT', 'IN_REVIEW') OR
          (OLD.id, OLD.version, OLD.display_name, OLD.currency, OLD.terms, OLD.maker, OLD.submitter, OLD.checker, OLD.created_at)
          IS DISTINCT FROM
          (NEW.id, NEW.version, NEW.display_name, NEW.currency, NEW.terms, NEW.maker, NEW.submitter, NEW.checker, NEW.created_at)))
    EXECUTE FUNCTION plan_in_force_stays();

-- What a plan has granted. Its row is the lock under which every counter of the plan changes.
CREATE TABLE plan_budget (
    plan_id TEXT PRIMARY KEY,
    granted_minor BIGINT NOT NULL DEFAULT 0 CHECK (granted_minor >= 0),
    -- The highest that a version put in force ever had; absent: one had none.
    limit_minor BIGINT CHECK (limit_minor >= 0),
    -- When it first reached four fifths and all of the budget.
    warned_80_at TIMESTAMPTZ,
    warned_100_at TIMESTAMPTZ,
    -- The same of what the rewards cost, with the tax that the bank bears on top.
    cost_minor BIGINT NOT NULL DEFAULT 0 CHECK (cost_minor >= 0),
    cost_limit_minor BIGINT CHECK (cost_limit_minor >= 0),
    cost_warned_80_at TIMESTAMPTZ,
    cost_warned_100_at TIMESTAMPTZ,
    -- Versions that two people have stopped, joined by ' '.
    suspended TEXT NOT NULL DEFAULT '',
    CHECK (limit_minor IS NULL OR granted_minor <= limit_minor),
    CHECK (cost_limit_minor IS NULL OR cost_minor <= cost_limit_minor)
);

-- What a plan has granted in one season. `id` is plan and season, joined by '/'.
CREATE TABLE plan_season (
    id TEXT PRIMARY KEY,
    plan_id TEXT NOT NULL,
    season TEXT NOT NULL,
    granted_minor BIGINT NOT NULL DEFAULT 0 CHECK (granted_minor >= 0),
    limit_minor BIGINT NOT NULL CHECK (limit_minor >= 0),
    warned_80_at TIMESTAMPTZ,
    warned_100_at TIMESTAMPTZ,
    UNIQUE (plan_id, season),
    CHECK (granted_minor <= limit_minor)
);

-- How many referrals of one introducer count in one window of a plan's milestones. `id` is plan, window and beneficiary, joined by '/'.
CREATE TABLE milestone_progress (
    id TEXT PRIMARY KEY,
    plan_id TEXT NOT NULL,
    window_key TEXT NOT NULL,
    beneficiary TEXT NOT NULL,
    referral_count BIGINT NOT NULL CHECK (referral_count >= 0),
    -- The highest count there ever was: nothing fires twice for one that is reached again.
    highest_count BIGINT NOT NULL CHECK (highest_count >= referral_count),
    UNIQUE (plan_id, window_key, beneficiary)
);

-- What one beneficiary has been granted of one plan in one window. `id` is plan, window and beneficiary, joined by '/'.
CREATE TABLE beneficiary_window (
    id TEXT PRIMARY KEY,
    plan_id TEXT NOT NULL,
    window_key TEXT NOT NULL,
    beneficiary TEXT NOT NULL,
    reward_count BIGINT NOT NULL CHECK (reward_count >= 0),
    granted_minor BIGINT NOT NULL CHECK (granted_minor >= 0),
    UNIQUE (plan_id, window_key, beneficiary)
);

-- A referral that counts towards milestones: once ever, in one window, until it is reversed.
CREATE TABLE milestone_referral (
    referral UUID PRIMARY KEY,
    -- Of `milestone_progress`; empty: it was reversed before it was counted, and never counts.
    progress_id TEXT NOT NULL,
    reversed_at TIMESTAMPTZ,
    CHECK (progress_id <> '' OR reversed_at IS NOT NULL)
);

-- A customer's tier from an instant on, as the tier service told it.
CREATE TABLE beneficiary_tier (
    customer TEXT NOT NULL,
    effective_at TIMESTAMPTZ NOT NULL,
    tier TEXT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (customer, effective_at)
);

-- A qualified referral, or a stage of one, once for ever: the guard against granting twice.
CREATE TABLE qualification (
    referral UUID NOT NULL,
    -- Empty: the whole referral.
    stage TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    plan_version BIGINT NOT NULL,
    branch TEXT NOT NULL,
    referrer TEXT NOT NULL,
    referee TEXT NOT NULL,
    currency TEXT NOT NULL,
    qualifying_minor BIGINT NOT NULL CHECK (qualifying_minor >= 0),
    qualified_at TIMESTAMPTZ NOT NULL,
    registrar TEXT NOT NULL,
    -- Who shares a team's award, `staff/7=1.5` joined by ' '; the first is rewarded as STAFF.
    staff TEXT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (referral, stage),
    FOREIGN KEY (plan_id, plan_version) REFERENCES plan (id, version)
);

CREATE TABLE reward (
    id UUID PRIMARY KEY,
    referral UUID NOT NULL,
    plan_id TEXT NOT NULL,
    plan_version BIGINT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('REFERRER', 'REFEREE', 'STAFF', 'TEAM')),
    -- Empty: the whole referral.
    stage TEXT NOT NULL,
    -- Empty and 0: an ordinary reward, no milestone's.
    milestone TEXT NOT NULL,
    milestone_count BIGINT NOT NULL CHECK (milestone_count >= 0),
    -- `customers/` and the bank's customer number, or `staff/` and the staff number.
    beneficiary TEXT NOT NULL
        CHECK (beneficiary LIKE CASE WHEN role IN ('STAFF', 'TEAM') THEN 'staff/_%' ELSE 'customers/_%' END),
    branch TEXT NOT NULL,
    tier TEXT NOT NULL,
    currency TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('CASH', 'POINTS', 'ITEM', 'RATE')),
    -- How many points or items; 0 for what is counted in money alone.
    quantity BIGINT NOT NULL CHECK (quantity >= 0),
    -- What the item or the points are; empty for money.
    item TEXT NOT NULL,
    -- Of points and items, what they are declared to be worth.
    gross_minor BIGINT NOT NULL CHECK (gross_minor >= 0),
    reward_minor BIGINT NOT NULL CHECK (reward_minor BETWEEN 0 AND gross_minor),
    tax_minor BIGINT NOT NULL CHECK (tax_minor >= 0),
    net_minor BIGINT NOT NULL CHECK (net_minor BETWEEN 0 AND reward_minor),
    cost_minor BIGINT NOT NULL CHECK (cost_minor = net_minor + tax_minor),
    -- Joined by ' ', empty where nothing cut it.
    reasons TEXT NOT NULL,
    window_key TEXT NOT NULL,
    -- The season whose budget it counts against; empty: the plan has none.
    season TEXT NOT NULL,
    -- Where the beneficiary may choose between money and a rate: what he gets if he does not, and until when he may.
    choice_default TEXT NOT NULL CHECK (choice_default IN ('', 'CASH', 'RATE')),
    choice_until TIMESTAMPTZ,
    -- Every input and step of the calculation: a format number and JSON, to compute it again.
    trace BYTEA NOT NULL,
    qualified_at TIMESTAMPTZ NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('ACCRUED', 'DUE', 'PENDING_APPROVAL', 'APPROVED', 'PAYING', 'PAID', 'FAILED', 'RETURNED',
                         'WRITTEN_OFF', 'REJECTED', 'CANCELLED', 'EXPIRED', 'REVERSED')),
    -- Who approved or rejected it; empty: nobody.
    approver TEXT NOT NULL DEFAULT '',
    -- Number of the newest attempt; 0: none yet.
    attempts BIGINT NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    revision BIGINT NOT NULL CHECK (revision >= 1),
    updated_at TIMESTAMPTZ NOT NULL,
    -- When the money arrived, as the bank says it.
    settled_at TIMESTAMPTZ,
    -- What is taken back of a paid reward, and the share of its tax.
    reversed_minor BIGINT NOT NULL DEFAULT 0 CHECK (reversed_minor BETWEEN 0 AND reward_minor),
    reversed_tax_minor BIGINT NOT NULL DEFAULT 0 CHECK (reversed_tax_minor BETWEEN 0 AND tax_minor),
    -- What of the net amount was kept here for claims on the beneficiary, instead of being paid.
    netted_minor BIGINT NOT NULL DEFAULT 0 CHECK (netted_minor BETWEEN 0 AND net_minor),
    CHECK ((state IN ('PAID', 'REVERSED')) = (settled_at IS NOT NULL)),
    CHECK (reversed_minor = 0 OR state IN ('PAID', 'REVERSED')),
    CHECK ((state = 'REVERSED') = (reversed_minor = reward_minor AND reward_minor > 0)),
    UNIQUE (referral, plan_id, stage, role, milestone, milestone_count, beneficiary),
    FOREIGN KEY (referral, stage) REFERENCES qualification (referral, stage),
    CHECK ((milestone = '') = (milestone_count = 0)),
    CHECK ((kind IN ('POINTS', 'ITEM')) = (item <> '')),
    CHECK (kind IN ('POINTS', 'ITEM') OR quantity = 0),
    CHECK ((choice_default = '') = (choice_until IS NULL)),
    CHECK (reward_minor > 0 OR quantity > 0 OR state = 'REJECTED')
);
-- A trace is text of two kilobytes that repeats itself: lz4 takes a third of the time of the default, where the server has it.
DO $$ BEGIN
    ALTER TABLE reward ALTER COLUMN trace SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END $$;
CREATE INDEX reward_newest ON reward (created_at, id);
CREATE INDEX reward_by_branch ON reward (branch, created_at, id);
CREATE INDEX reward_by_beneficiary ON reward (beneficiary, created_at, id);
CREATE INDEX reward_by_plan ON reward (plan_id, created_at, id);
-- What of a plan's budgets is used.
CREATE INDEX reward_paid_by_plan ON reward (plan_id, season, reward_minor, reversed_minor, cost_minor, reversed_tax_minor)
    WHERE state = 'PAID';
CREATE INDEX reward_to_fall_due ON reward (due_at, id) WHERE state = 'ACCRUED';
CREATE INDEX reward_to_go_on ON reward (due_at, id) WHERE state = 'DUE';
CREATE INDEX reward_to_expire ON reward (due_at, id) WHERE state IN ('DUE', 'PENDING_APPROVAL', 'APPROVED');
CREATE INDEX reward_to_approve ON reward (created_at, id) WHERE state = 'PENDING_APPROVAL';
CREATE INDEX reward_to_instruct ON reward (updated_at, id) WHERE state = 'APPROVED';

CREATE FUNCTION reward_facts_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a reward is never deleted, and what it was granted for and how much never changes';
END $$;
CREATE TRIGGER reward_is_kept BEFORE DELETE ON reward FOR EACH ROW EXECUTE FUNCTION reward_facts_stay();
CREATE TRIGGER reward_facts_stay BEFORE UPDATE ON reward FOR EACH ROW
    WHEN ((OLD.referral, OLD.plan_id, OLD.plan_version, OLD.stage, OLD.role, OLD.milestone, OLD.milestone_count,
           OLD.beneficiary, OLD.currency, OLD.kind, OLD.quantity, OLD.item, OLD.gross_minor, OLD.reward_minor,
           OLD.tax_minor, OLD.net_minor, OLD.cost_minor, OLD.trace, OLD.window_key, OLD.season)
          IS DISTINCT FROM
          (NEW.referral, NEW.plan_id, NEW.plan_version, NEW.stage, NEW.role, NEW.milestone, NEW.milestone_count,
           NEW.beneficiary, NEW.currency, NEW.kind, NEW.quantity, NEW.item, NEW.gross_minor, NEW.reward_minor,
           NEW.tax_minor, NEW.net_minor, NEW.cost_minor, NEW.trace, NEW.window_key, NEW.season))
    EXECUTE FUNCTION reward_facts_stay();

CREATE TABLE attempt (
    reward_id UUID NOT NULL REFERENCES reward (id),
    number BIGINT NOT NULL CHECK (number >= 1),
    end_to_end_id TEXT NOT NULL UNIQUE CHECK (length(end_to_end_id) BETWEEN 1 AND 35),
    status TEXT NOT NULL DEFAULT 'UNKNOWN' CHECK (status IN ('UNKNOWN', 'ACCEPTED', 'SETTLED', 'REJECTED', 'RETURNED')),
    currency TEXT NOT NULL,
    -- What the bank was told to pay, or what is given in kind is worth.
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    reason_code TEXT NOT NULL DEFAULT '',
    bank_reference TEXT NOT NULL DEFAULT '',
    instructed_at TIMESTAMPTZ NOT NULL,
    first_sent_at TIMESTAMPTZ,
    outcome_at TIMESTAMPTZ,
    -- By which way it left, for ever: no attempt leaves by two. Empty: it has not.
    channel TEXT NOT NULL DEFAULT '' CHECK (channel IN ('', 'PULL', 'PUSH', 'FILE')),
    CHECK ((channel = '') = (first_sent_at IS NULL)),
    PRIMARY KEY (reward_id, number)
);
CREATE INDEX attempt_open ON attempt (instructed_at, end_to_end_id) WHERE status IN ('UNKNOWN', 'ACCEPTED');

-- What the bank said that cannot be true beside what it said before: for people to resolve.
CREATE TABLE outcome_conflict (
    id UUID PRIMARY KEY,
    end_to_end_id TEXT NOT NULL REFERENCES attempt (end_to_end_id),
    reward_id UUID NOT NULL REFERENCES reward (id),
    known_status TEXT NOT NULL,
    status TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    bank_reference TEXT NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX outcome_conflict_said ON outcome_conflict (end_to_end_id, status, bank_reference);

CREATE TABLE transfer (
    -- In order of insertion, which is not that of commit: readers stop at `ledger_horizon`.
    ordinal BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE,
    id UUID PRIMARY KEY,
    -- Absent: it belongs to no reward, but to the remittance of the same id.
    reward_id UUID REFERENCES reward (id),
    event TEXT NOT NULL,
    -- What it is the n-th of: 0 for what happens once, the attempt, or the revision of the reward that it came with.
    number BIGINT NOT NULL CHECK (number >= 0),
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    plan_id TEXT NOT NULL,
    customer TEXT NOT NULL,
    posted_at TIMESTAMPTZ NOT NULL,
    UNIQUE (reward_id, event, number),
    CHECK ((reward_id IS NULL) = (event = 'TAX_REMITTANCE')),
    -- Each event moves its own two accounts and no others, the most frequent first.
    CONSTRAINT transfer_follows_the_chart CHECK (
        (event = 'ACCRUAL' AND debit = 'PLAN_EXPENSE' AND credit = 'CUSTOMER_PAYABLE')
        OR (event = 'ACCRUAL_TAX' AND debit = 'PLAN_EXPENSE' AND credit = 'TAX_PAYABLE')
        OR (event = 'REJECTION' AND debit = 'CUSTOMER_PAYABLE' AND credit = 'PLAN_EXPENSE')
        OR (event = 'REJECTION_TAX' AND debit = 'TAX_PAYABLE' AND credit = 'PLAN_EXPENSE')
        OR (event = 'CANCELLATION' AND debit = 'CUSTOMER_PAYABLE' AND credit = 'PLAN_EXPENSE')
        OR (event = 'CANCELLATION_TAX' AND debit = 'TAX_PAYABLE' AND credit = 'PLAN_EXPENSE')
        OR (event = 'EXPIRY' AND debit = 'CUSTOMER_PAYABLE' AND credit = 'PLAN_EXPENSE')
        OR (event = 'EXPIRY_TAX' AND debit = 'TAX_PAYABLE' AND credit = 'PLAN_EXPENSE')
        OR (event = 'WRITE_OFF' AND debit = 'CUSTOMER_PAYABLE' AND credit = 'RECOVERIES')
        OR (event = 'WRITE_OFF_TAX' AND debit = 'TAX_PAYABLE' AND credit = 'RECOVERIES')
        OR (event = 'WRITE_OFF_UNDONE' AND debit = 'RECOVERIES' AND credit = 'CUSTOMER_PAYABLE')
        OR (event = 'WRITE_OFF_UNDONE_TAX' AND debit = 'RECOVERIES' AND credit = 'TAX_PAYABLE')
        OR (event = 'INSTRUCTION' AND debit = 'CUSTOMER_PAYABLE' AND credit = 'CLEARING')
        OR (event = 'SETTLEMENT' AND debit = 'CLEARING' AND credit = 'SETTLED')
        OR (event = 'DELIVERY' AND debit = 'CLEARING' AND credit = 'FULFILLED')
        OR (event = 'REFUSAL' AND debit = 'CLEARING' AND credit = 'CUSTOMER_PAYABLE')
        OR (event = 'LATE_SETTLEMENT' AND debit = 'CUSTOMER_PAYABLE' AND credit = 'SETTLED')
        OR (event = 'LATE_DELIVERY' AND debit = 'CUSTOMER_PAYABLE' AND credit = 'FULFILLED')
        OR (event = 'RETURN' AND debit = 'SETTLED' AND credit = 'CUSTOMER_PAYABLE')
        OR (event = 'DELIVERY_RETURN' AND debit = 'FULFILLED' AND credit = 'CUSTOMER_PAYABLE')
        OR (event = 'REVERSAL' AND debit = 'CUSTOMER_PAYABLE' AND credit = 'PLAN_EXPENSE')
        OR (event = 'REVERSAL_TAX' AND debit = 'TAX_PAYABLE' AND credit = 'PLAN_EXPENSE')
        OR (event = 'CLAIM' AND debit = 'CLAWBACK_RECEIVABLE' AND credit = 'CUSTOMER_PAYABLE')
        OR (event = 'NETTING' AND debit = 'CUSTOMER_PAYABLE' AND credit = 'NETTING')
        OR (event = 'CLAIM_NETTED' AND debit = 'NETTING' AND credit = 'CLAWBACK_RECEIVABLE')
        OR (event = 'RECOVERY' AND debit = 'SETTLED' AND credit = 'CLAWBACK_RECEIVABLE')
        OR (event = 'CLAIM_WRITE_OFF' AND debit = 'WRITE_OFF' AND credit = 'CLAWBACK_RECEIVABLE')
        OR (event = 'LATE_RECOVERY' AND debit = 'SETTLED' AND credit = 'RECOVERIES')
        OR (event = 'TAX_REMITTANCE' AND debit = 'TAX_PAYABLE' AND credit = 'SETTLED'))
);
-- An attempt pays once, in time or late; a reward ends once.
CREATE UNIQUE INDEX transfer_paid_once ON transfer (reward_id, number)
    WHERE event IN ('SETTLEMENT', 'DELIVERY', 'LATE_SETTLEMENT', 'LATE_DELIVERY');
CREATE UNIQUE INDEX transfer_ended_once ON transfer (reward_id)
    WHERE event IN ('REJECTION', 'CANCELLATION', 'EXPIRY', 'WRITE_OFF');
CREATE UNIQUE INDEX transfer_tax_ended_once ON transfer (reward_id)
    WHERE event IN ('REJECTION_TAX', 'CANCELLATION_TAX', 'EXPIRY_TAX', 'WRITE_OFF_TAX');

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER transfer_is_kept BEFORE UPDATE OR DELETE ON transfer FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER qualification_is_kept BEFORE UPDATE OR DELETE ON qualification
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER outcome_conflict_is_kept BEFORE UPDATE OR DELETE ON outcome_conflict
    FOR EACH ROW EXECUTE FUNCTION append_only();
