-- One wrapped data key a subject and purpose. A key is bound once its subject is known to be on record; one that never is goes.
-- A destroyed key leaves a tombstone, and is never made again.
CREATE TABLE data_key (
  subject_id BLOB NOT NULL,
  purpose TEXT NOT NULL CHECK (purpose IN ('MARKETING', 'CONTRACT', 'TAX')),
  wrapping_key TEXT NOT NULL,
  wrapped BLOB NOT NULL,
  created_at TEXT NOT NULL,
  bound INTEGER NOT NULL CHECK (bound IN (0, 1)),
  destroyed_at TEXT,
  -- The erasure that it was destroyed by.
  erasure_id BLOB,
  PRIMARY KEY (subject_id, purpose),
  CHECK ((destroyed_at IS NULL) = (length(wrapped) > 0)),
  CHECK ((destroyed_at IS NULL) = (erasure_id IS NULL)),
  CHECK (destroyed_at IS NULL OR bound)
) STRICT;
CREATE INDEX data_key_unbound ON data_key (created_at) WHERE NOT bound;
CREATE INDEX data_key_destroyed ON data_key (destroyed_at) WHERE destroyed_at IS NOT NULL;

CREATE TRIGGER data_key_stays_destroyed BEFORE UPDATE ON data_key WHEN OLD.destroyed_at IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'a destroyed key is never made again');
END;
CREATE TRIGGER data_key_kept BEFORE DELETE ON data_key WHEN OLD.bound
BEGIN
  SELECT RAISE(ABORT, 'a key on record is destroyed, not deleted');
END;
CREATE TRIGGER data_key_no_replace BEFORE INSERT ON data_key
  WHEN EXISTS (SELECT 1 FROM data_key WHERE subject_id = NEW.subject_id AND purpose = NEW.purpose AND destroyed_at IS NOT NULL)
BEGIN
  SELECT RAISE(ABORT, 'a destroyed key is never made again');
END;
