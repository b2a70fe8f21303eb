-- One wrapped data key a subject and purpose. A key is bound once its subject is known to be on record; one that never is goes.
-- A destroyed key leaves a tombstone, and is never made again.
CREATE TABLE data_key (
  subject_id UUID NOT NULL,
  purpose TEXT NOT NULL CHECK (purpose IN ('MARKETING', 'CONTRACT', 'TAX')),
  wrapping_key TEXT NOT NULL,
  wrapped BYTEA NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  bound BOOLEAN NOT NULL,
  destroyed_at TIMESTAMPTZ,
  -- The erasure that it was destroyed by.
  erasure_id UUID,
  PRIMARY KEY (subject_id, purpose),
  CHECK ((destroyed_at IS NULL) = (length(wrapped) > 0)),
  CHECK ((destroyed_at IS NULL) = (erasure_id IS NULL)),
  CHECK (destroyed_at IS NULL OR bound)
);
CREATE INDEX data_key_unbound ON data_key (created_at) WHERE NOT bound;
CREATE INDEX data_key_destroyed ON data_key (destroyed_at) WHERE destroyed_at IS NOT NULL;

CREATE FUNCTION data_key_stays_destroyed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a destroyed key is never made again';
END $$;
CREATE TRIGGER data_key_stays_destroyed BEFORE UPDATE ON data_key FOR EACH ROW
  WHEN (OLD.destroyed_at IS NOT NULL) EXECUTE FUNCTION data_key_stays_destroyed();
CREATE FUNCTION data_key_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a key on record is destroyed, not deleted';
END $$;
CREATE TRIGGER data_key_kept BEFORE DELETE ON data_key FOR EACH ROW
  WHEN (OLD.bound) EXECUTE FUNCTION data_key_kept();
