-- One wrapped data key a subject. A key is bound once its subject is known to be on record; one that never is goes.
CREATE TABLE data_key (
  subject_id UUID PRIMARY KEY,
  wrapping_key TEXT NOT NULL,
  wrapped BYTEA NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  bound BOOLEAN NOT NULL
);
CREATE INDEX data_key_unbound ON data_key (created_at) WHERE NOT bound;
