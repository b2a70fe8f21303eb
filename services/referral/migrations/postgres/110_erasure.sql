-- Erasures on their course, whom they are about, and what erased people are still known by.

CREATE TABLE erasure (
  id UUID PRIMARY KEY,
  referral_id UUID NOT NULL REFERENCES referral (id),
  -- What for the data is kept that goes, as JSON: an array of words.
  purposes TEXT NOT NULL,
  reason TEXT NOT NULL CHECK (reason IN ('DATA_SUBJECT_REQUEST', 'CONSENT_WITHDRAWN', 'RETENTION_OVER', 'UNLAWFUL_PROCESSING')),
  stage TEXT NOT NULL CHECK (stage IN ('PROPOSED', 'DECIDED', 'CLEARED', 'DESTROYED', 'ERASED', 'HELD')),
  proposer TEXT NOT NULL CHECK (proposer <> ''),
  proposed_at TIMESTAMPTZ NOT NULL,
  confirmer TEXT CHECK (confirmer <> proposer),
  decided_at TIMESTAMPTZ,
  clearance BIGINT,
  cleared_at TIMESTAMPTZ,
  keys_destroyed BIGINT,
  destroyed_at TIMESTAMPTZ,
  ended_at TIMESTAMPTZ,
  hold TEXT,
  -- Nothing is decided by one person; what the retention periods end, they have decided.
  CHECK ((stage = 'PROPOSED') = (decided_at IS NULL)),
  CHECK (stage = 'PROPOSED' OR confirmer IS NOT NULL),
  CHECK ((stage IN ('CLEARED', 'DESTROYED', 'ERASED')) = (clearance IS NOT NULL)),
  CHECK ((clearance IS NULL) = (cleared_at IS NULL)),
  CHECK ((stage IN ('DESTROYED', 'ERASED')) = (destroyed_at IS NOT NULL)),
  CHECK ((destroyed_at IS NULL) = (keys_destroyed IS NULL)),
  CHECK ((stage IN ('ERASED', 'HELD')) = (ended_at IS NOT NULL)),
  CHECK ((stage = 'HELD') = (hold IS NOT NULL))
);
CREATE INDEX erasure_under_way ON erasure (decided_at) WHERE stage IN ('DECIDED', 'CLEARED', 'DESTROYED');
CREATE INDEX erasure_of_referral ON erasure (referral_id, proposed_at);
CREATE FUNCTION erasure_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an erasure that has ended does not change';
END $$;
CREATE TRIGGER erasure_ended BEFORE UPDATE ON erasure FOR EACH ROW
  WHEN (OLD.stage IN ('ERASED', 'HELD')) EXECUTE FUNCTION erasure_ended();
CREATE FUNCTION erasure_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER erasure_kept BEFORE DELETE ON erasure FOR EACH ROW EXECUTE FUNCTION erasure_kept();

-- Whom a decided erasure is about: one person may be on record more than once.
CREATE TABLE erasure_subject (
  erasure_id UUID NOT NULL REFERENCES erasure (id),
  subject_id UUID NOT NULL REFERENCES subject (id),
  PRIMARY KEY (erasure_id, subject_id)
);
CREATE INDEX erasure_subject_by_subject ON erasure_subject (subject_id);
CREATE TRIGGER erasure_subject_kept BEFORE UPDATE OR DELETE ON erasure_subject
  FOR EACH ROW EXECUTE FUNCTION erasure_kept();

-- What a blind index has given way to, under a key of its own, for a while: fraud and legal duty.
CREATE TABLE suppression (
  digest BYTEA PRIMARY KEY CHECK (length(digest) = 32),
  since TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL CHECK (expires_at > since)
);
CREATE INDEX suppression_by_age ON suppression (expires_at);

-- Whom an erasure is about is asked by blind index, whatever has become of the referral; retention asks for old consents.
CREATE INDEX referral_by_contact ON referral (contact_index);
CREATE INDEX consent_by_age ON consent (given_at);
