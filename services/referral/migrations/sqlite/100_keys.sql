-- One wrapped data key a subject. A key is bound once its subject is known to be on record; one that never is goes.
CREATE TABLE data_key (
  subject_id BLOB PRIMARY KEY,
  wrapping_key TEXT NOT NULL,
  wrapped BLOB NOT NULL,
  created_at TEXT NOT NULL,
  bound INTEGER NOT NULL CHECK (bound IN (0, 1))
) STRICT;
CREATE INDEX data_key_unbound ON data_key (created_at) WHERE NOT bound;
