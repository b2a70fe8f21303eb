-- Programs, codes, referrals with their evidence, customers, tiers, and the sealed subjects.

CREATE FUNCTION referral_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE TABLE program (
  id TEXT PRIMARY KEY,
  display_name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('DRAFT', 'IN_REVIEW', 'ACTIVE')),
  version BIGINT NOT NULL CHECK (version >= 1),
  plan TEXT NOT NULL,
  plan_version BIGINT NOT NULL CHECK (plan_version >= 0),
  -- Pinned with the version; empty before. A fact in another currency meets nothing.
  plan_currency TEXT NOT NULL DEFAULT '',
  starts_at TIMESTAMPTZ NOT NULL,
  ends_at TIMESTAMPTZ,
  success TEXT NOT NULL,
  referrer_limit BIGINT NOT NULL CHECK (referrer_limit >= 0),
  core_hours BIGINT CHECK (core_hours >= 1),
  other_hours BIGINT CHECK (other_hours >= 1),
  maker TEXT NOT NULL CHECK (maker <> ''),
  submitter TEXT NOT NULL,
  checker TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  revision BIGINT NOT NULL CHECK (revision >= 1),
  CHECK (ends_at IS NULL OR ends_at > starts_at),
  CHECK ((core_hours IS NULL) = (other_hours IS NULL)),
  CHECK (state = 'DRAFT' OR submitter <> ''),
  CHECK (state <> 'ACTIVE' OR (plan_version >= 1 AND plan_currency <> '' AND checker <> '' AND checker <> maker AND checker <> submitter))
);
CREATE INDEX program_by_age ON program (created_at DESC, id DESC);

CREATE FUNCTION program_in_force() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a program in force does not change';
END $$;
CREATE TRIGGER program_in_force BEFORE UPDATE ON program
  FOR EACH ROW WHEN (OLD.state = 'ACTIVE') EXECUTE FUNCTION program_in_force();
CREATE TRIGGER program_kept BEFORE DELETE ON program FOR EACH ROW EXECUTE FUNCTION referral_append_only();

CREATE TABLE code (
  code TEXT PRIMARY KEY CHECK (length(code) = 8),
  program_id TEXT NOT NULL REFERENCES program (id),
  referrer TEXT NOT NULL,
  branch TEXT NOT NULL,
  expires_at TIMESTAMPTZ,
  usage_limit BIGINT NOT NULL CHECK (usage_limit >= 0),
  usage_count BIGINT NOT NULL CHECK (usage_count >= 0),
  created_at TIMESTAMPTZ NOT NULL,
  CHECK (usage_limit = 0 OR usage_count <= usage_limit)
);

-- The sealed part of a person. Its key lies in another database.
CREATE TABLE subject (
  id UUID PRIMARY KEY,
  sealed_name BYTEA NOT NULL,
  contact_kind TEXT NOT NULL CHECK (contact_kind IN ('PHONE', 'EMAIL')),
  sealed_contact BYTEA NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE referral (
  id UUID PRIMARY KEY,
  subject_id UUID NOT NULL UNIQUE REFERENCES subject (id),
  program_id TEXT NOT NULL REFERENCES program (id),
  program_version BIGINT NOT NULL CHECK (program_version >= 1),
  plan TEXT NOT NULL,
  plan_version BIGINT NOT NULL CHECK (plan_version >= 0),
  branch TEXT NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('BRANCH_FORM', 'WORD_OF_MOUTH', 'CUSTOMER_CODE')),
  referrer TEXT NOT NULL,
  code TEXT REFERENCES code (code),
  contact_index BYTEA NOT NULL CHECK (length(contact_index) = 32),
  state TEXT NOT NULL CHECK (state IN ('REGISTERED', 'CONVERTING', 'QUALIFIED', 'EXPIRED', 'REJECTED', 'REVERSED')),
  checks TEXT NOT NULL,
  core BOOLEAN NOT NULL,
  follow_up_due_at TIMESTAMPTZ NOT NULL,
  qualifying_minor BIGINT CHECK (qualifying_minor > 0),
  qualifying_currency TEXT,
  registrar TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  qualified_at TIMESTAMPTZ,
  reversed_at TIMESTAMPTZ,
  updated_at TIMESTAMPTZ NOT NULL,
  revision BIGINT NOT NULL CHECK (revision >= 1),
  CHECK ((state IN ('QUALIFIED', 'REVERSED')) = (qualified_at IS NOT NULL)),
  CHECK ((state = 'REVERSED') = (reversed_at IS NOT NULL)),
  CHECK ((qualifying_minor IS NULL) = (qualifying_currency IS NULL)),
  CHECK (state = 'REJECTED' OR plan_version >= 1)
);
-- The first registered wins: one live referral a person, bank-wide.
CREATE UNIQUE INDEX referral_holds_contact ON referral (contact_index)
  WHERE state IN ('REGISTERED', 'CONVERTING', 'QUALIFIED', 'REVERSED');
CREATE INDEX referral_by_age ON referral (created_at DESC, id DESC);
CREATE INDEX referral_by_branch ON referral (branch, created_at DESC, id DESC);
CREATE INDEX referral_by_referrer ON referral (referrer, created_at DESC, id DESC);
CREATE INDEX referral_by_program ON referral (program_id, branch, state, channel);
CREATE INDEX referral_due ON referral (expires_at) WHERE state IN ('REGISTERED', 'CONVERTING');
CREATE TRIGGER referral_kept BEFORE DELETE ON referral FOR EACH ROW EXECUTE FUNCTION referral_append_only();

CREATE FUNCTION referral_decided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a decided referral keeps its state, but for a reversal';
END $$;
CREATE TRIGGER referral_decided BEFORE UPDATE ON referral FOR EACH ROW
  WHEN (OLD.state IN ('QUALIFIED', 'EXPIRED', 'REJECTED', 'REVERSED') AND NEW.state <> OLD.state
    AND NOT (OLD.state = 'QUALIFIED' AND NEW.state = 'REVERSED'))
  EXECUTE FUNCTION referral_decided();

CREATE TABLE consent (
  referral_id UUID PRIMARY KEY REFERENCES referral (id),
  text_version TEXT NOT NULL,
  given_at TIMESTAMPTZ NOT NULL,
  means TEXT NOT NULL CHECK (means IN ('SIGNED', 'SPOKEN', 'ONLINE'))
);
CREATE TRIGGER consent_kept BEFORE UPDATE OR DELETE ON consent FOR EACH ROW EXECUTE FUNCTION referral_append_only();

-- How many referrals a referrer has in a program with a limit, rejected ones not counted.
CREATE TABLE referrer_count (
  program_id TEXT NOT NULL REFERENCES program (id),
  referrer TEXT NOT NULL,
  referral_count BIGINT NOT NULL CHECK (referral_count >= 1),
  PRIMARY KEY (program_id, referrer)
);

CREATE TABLE evidence (
  fact_id TEXT PRIMARY KEY,
  referral_id UUID NOT NULL REFERENCES referral (id),
  kind TEXT NOT NULL CHECK (kind IN ('ACCOUNT_OPENED', 'FIRST_DEPOSIT', 'CARD_ISSUED', 'LOAN_DRAWN', 'ACCOUNT_CLOSED')),
  amount_minor BIGINT CHECK (amount_minor > 0),
  amount_currency TEXT,
  occurred_at TIMESTAMPTZ NOT NULL,
  received_at TIMESTAMPTZ NOT NULL,
  counted BOOLEAN NOT NULL,
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  CHECK ((amount_minor IS NULL) = (amount_currency IS NULL))
);
CREATE INDEX evidence_by_referral ON evidence (referral_id, occurred_at, fact_id);
CREATE TRIGGER evidence_kept BEFORE UPDATE OR DELETE ON evidence FOR EACH ROW EXECUTE FUNCTION referral_append_only();

-- Facts that match nothing: keyed digests of their id and their content, for a while.
CREATE TABLE unmatched_fact (
  id_digest BYTEA PRIMARY KEY CHECK (length(id_digest) = 32),
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  received_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX unmatched_fact_by_age ON unmatched_fact (received_at);

-- A customer who was a referee: one referral each, one customer each.
CREATE TABLE referee_customer (
  customer TEXT PRIMARY KEY,
  referral_id UUID NOT NULL UNIQUE REFERENCES referral (id),
  contact_index BYTEA NOT NULL,
  bound_at TIMESTAMPTZ NOT NULL,
  opened_at TIMESTAMPTZ
);
CREATE INDEX referee_customer_by_contact ON referee_customer (contact_index) WHERE opened_at IS NOT NULL;

CREATE TABLE customer_tier (
  customer TEXT NOT NULL,
  effective_at TIMESTAMPTZ NOT NULL,
  tier TEXT NOT NULL,
  core BOOLEAN NOT NULL,
  PRIMARY KEY (customer, effective_at)
);
