-- Programs, codes, referrals with their evidence, customers, tiers, and the sealed subjects.

CREATE TABLE program (
  id TEXT PRIMARY KEY,
  display_name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('DRAFT', 'IN_REVIEW', 'ACTIVE')),
  version INTEGER NOT NULL CHECK (version >= 1),
  plan TEXT NOT NULL,
  plan_version INTEGER NOT NULL CHECK (plan_version >= 0),
  -- Pinned with the version; empty before. A fact in another currency meets nothing.
  plan_currency TEXT NOT NULL DEFAULT '',
  starts_at TEXT NOT NULL,
  ends_at TEXT,
  success TEXT NOT NULL,
  referrer_limit INTEGER NOT NULL CHECK (referrer_limit >= 0),
  core_hours INTEGER CHECK (core_hours >= 1),
  other_hours INTEGER CHECK (other_hours >= 1),
  maker TEXT NOT NULL CHECK (maker <> ''),
  submitter TEXT NOT NULL,
  checker TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  CHECK (ends_at IS NULL OR ends_at > starts_at),
  CHECK ((core_hours IS NULL) = (other_hours IS NULL)),
  CHECK (state = 'DRAFT' OR submitter <> ''),
  CHECK (state <> 'ACTIVE' OR (plan_version >= 1 AND plan_currency <> '' AND checker <> '' AND checker <> maker AND checker <> submitter))
) STRICT;
CREATE INDEX program_by_age ON program (created_at DESC, id DESC);

CREATE TRIGGER program_in_force BEFORE UPDATE ON program
  WHEN OLD.state = 'ACTIVE'
BEGIN
  SELECT RAISE(ABORT, 'a program in force does not change');
END;
CREATE TRIGGER program_kept BEFORE DELETE ON program
BEGIN
  SELECT RAISE(ABORT, 'program is append-only');
END;

CREATE TABLE code (
  code TEXT PRIMARY KEY CHECK (length(code) = 8),
  program_id TEXT NOT NULL REFERENCES program (id),
  referrer TEXT NOT NULL,
  branch TEXT NOT NULL,
  expires_at TEXT,
  usage_limit INTEGER NOT NULL CHECK (usage_limit >= 0),
  usage_count INTEGER NOT NULL CHECK (usage_count >= 0),
  created_at TEXT NOT NULL,
  CHECK (usage_limit = 0 OR usage_count <= usage_limit)
) STRICT;

-- The sealed part of a person. Its key lies in another database.
CREATE TABLE subject (
  id BLOB PRIMARY KEY,
  sealed_name BLOB NOT NULL,
  contact_kind TEXT NOT NULL CHECK (contact_kind IN ('PHONE', 'EMAIL')),
  sealed_contact BLOB NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE referral (
  id BLOB PRIMARY KEY,
  subject_id BLOB NOT NULL UNIQUE REFERENCES subject (id),
  program_id TEXT NOT NULL REFERENCES program (id),
  program_version INTEGER NOT NULL CHECK (program_version >= 1),
  plan TEXT NOT NULL,
  plan_version INTEGER NOT NULL CHECK (plan_version >= 0),
  branch TEXT NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('BRANCH_FORM', 'WORD_OF_MOUTH', 'CUSTOMER_CODE')),
  referrer TEXT NOT NULL,
  code TEXT REFERENCES code (code),
  contact_index BLOB NOT NULL CHECK (length(contact_index) = 32),
  state TEXT NOT NULL CHECK (state IN ('REGISTERED', 'CONVERTING', 'QUALIFIED', 'EXPIRED', 'REJECTED', 'REVERSED')),
  checks TEXT NOT NULL,
  core INTEGER NOT NULL CHECK (core IN (0, 1)),
  follow_up_due_at TEXT NOT NULL,
  qualifying_minor INTEGER CHECK (qualifying_minor > 0),
  qualifying_currency TEXT,
  registrar TEXT NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  qualified_at TEXT,
  reversed_at TEXT,
  updated_at TEXT NOT NULL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  CHECK ((state IN ('QUALIFIED', 'REVERSED')) = (qualified_at IS NOT NULL)),
  CHECK ((state = 'REVERSED') = (reversed_at IS NOT NULL)),
  CHECK ((qualifying_minor IS NULL) = (qualifying_currency IS NULL)),
  CHECK (state = 'REJECTED' OR plan_version >= 1)
) STRICT;
-- The first registered wins: one live referral a person, bank-wide.
CREATE UNIQUE INDEX referral_holds_contact ON referral (contact_index)
  WHERE state IN ('REGISTERED', 'CONVERTING', 'QUALIFIED', 'REVERSED');
CREATE INDEX referral_by_age ON referral (created_at DESC, id DESC);
CREATE INDEX referral_by_branch ON referral (branch, created_at DESC, id DESC);
CREATE INDEX referral_by_referrer ON referral (referrer, created_at DESC, id DESC);
CREATE INDEX referral_by_program ON referral (program_id, branch, state, channel);
CREATE INDEX referral_due ON referral (expires_at) WHERE state IN ('REGISTERED', 'CONVERTING');
CREATE TRIGGER referral_kept BEFORE DELETE ON referral
BEGIN
  SELECT RAISE(ABORT, 'referral is append-only');
END;

CREATE TRIGGER referral_decided BEFORE UPDATE ON referral
  WHEN OLD.state IN ('QUALIFIED', 'EXPIRED', 'REJECTED', 'REVERSED') AND NEW.state <> OLD.state
    AND NOT (OLD.state = 'QUALIFIED' AND NEW.state = 'REVERSED')
BEGIN
  SELECT RAISE(ABORT, 'a decided referral keeps its state, but for a reversal');
END;

CREATE TABLE consent (
  referral_id BLOB PRIMARY KEY REFERENCES referral (id),
  text_version TEXT NOT NULL,
  given_at TEXT NOT NULL,
  means TEXT NOT NULL CHECK (means IN ('SIGNED', 'SPOKEN', 'ONLINE'))
) STRICT;
CREATE TRIGGER consent_kept_update BEFORE UPDATE ON consent
BEGIN
  SELECT RAISE(ABORT, 'consent is append-only');
END;
CREATE TRIGGER consent_kept_delete BEFORE DELETE ON consent
BEGIN
  SELECT RAISE(ABORT, 'consent is append-only');
END;

-- How many referrals a referrer has in a program with a limit, rejected ones not counted.
CREATE TABLE referrer_count (
  program_id TEXT NOT NULL REFERENCES program (id),
  referrer TEXT NOT NULL,
  referral_count INTEGER NOT NULL CHECK (referral_count >= 1),
  PRIMARY KEY (program_id, referrer)
) STRICT;

CREATE TABLE evidence (
  fact_id TEXT PRIMARY KEY,
  referral_id BLOB NOT NULL REFERENCES referral (id),
  kind TEXT NOT NULL CHECK (kind IN ('ACCOUNT_OPENED', 'FIRST_DEPOSIT', 'CARD_ISSUED', 'LOAN_DRAWN', 'ACCOUNT_CLOSED')),
  amount_minor INTEGER CHECK (amount_minor > 0),
  amount_currency TEXT,
  occurred_at TEXT NOT NULL,
  received_at TEXT NOT NULL,
  counted INTEGER NOT NULL CHECK (counted IN (0, 1)),
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  CHECK ((amount_minor IS NULL) = (amount_currency IS NULL))
) STRICT;
CREATE INDEX evidence_by_referral ON evidence (referral_id, occurred_at, fact_id);
CREATE TRIGGER evidence_kept_update BEFORE UPDATE ON evidence
BEGIN
  SELECT RAISE(ABORT, 'evidence is append-only');
END;
CREATE TRIGGER evidence_kept_delete BEFORE DELETE ON evidence
BEGIN
  SELECT RAISE(ABORT, 'evidence is append-only');
END;

-- Facts that match nothing: keyed digests of their id and their content, for a while.
CREATE TABLE unmatched_fact (
  id_digest BLOB PRIMARY KEY CHECK (length(id_digest) = 32),
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  received_at TEXT NOT NULL
) STRICT;
CREATE INDEX unmatched_fact_by_age ON unmatched_fact (received_at);

-- A customer who was a referee: one referral each, one customer each.
CREATE TABLE referee_customer (
  customer TEXT PRIMARY KEY,
  referral_id BLOB NOT NULL UNIQUE REFERENCES referral (id),
  contact_index BLOB NOT NULL,
  bound_at TEXT NOT NULL,
  opened_at TEXT
) STRICT;
CREATE INDEX referee_customer_by_contact ON referee_customer (contact_index) WHERE opened_at IS NOT NULL;

CREATE TABLE customer_tier (
  customer TEXT NOT NULL,
  effective_at TEXT NOT NULL,
  tier TEXT NOT NULL,
  core INTEGER NOT NULL CHECK (core IN (0, 1)),
  PRIMARY KEY (customer, effective_at)
) STRICT;
