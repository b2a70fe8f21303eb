-- What witnesses have said of checkpoints, what was found wrong with the log, and what people decided about it.

-- A witness's signature beneath a checkpoint.
CREATE TABLE cosignature (
    size BIGINT NOT NULL REFERENCES checkpoint (size),
    -- The cosigner's name.
    witness TEXT NOT NULL CHECK (witness <> ''),
    -- The signature line, without its newline.
    line TEXT NOT NULL CHECK (line <> ''),
    -- By the witness's clock, in seconds since 1970: part of what is signed.
    cosigned_seconds BIGINT NOT NULL CHECK (cosigned_seconds > 0),
    PRIMARY KEY (size, witness)
);

-- Something that is not as it should be. The same thing found again is the same finding.
CREATE TABLE finding (
    number BIGINT PRIMARY KEY CHECK (number >= 1),
    fingerprint BYTEA NOT NULL UNIQUE CHECK (octet_length(fingerprint) = 32),
    kind TEXT NOT NULL CHECK (kind IN (
        'LEAF_TAMPERED', 'LEAF_MISSING', 'LEAF_BEYOND', 'BODY_TAMPERED', 'BODY_MISSING', 'TILE_TAMPERED', 'ROOT_MISMATCH',
        'HEAD_TAMPERED', 'CHECKPOINT_FORGED', 'COSIGNATURE_FORGED', 'FORK', 'ROLLBACK', 'INDEX_TAMPERED', 'SEQUENCE_BROKEN',
        'STATEMENTS_LOST', 'CLOCK_FAULT', 'LEDGER_MISMATCH')),
    -- No foreign key: a finding may be about a record that is gone.
    leaf_index BIGINT CHECK (leaf_index >= 0),
    place TEXT NOT NULL,
    expected TEXT NOT NULL,
    actual TEXT NOT NULL,
    -- Signed notes, as JSON: an array of strings.
    checkpoints TEXT NOT NULL,
    -- Whether nothing is appended until two people resume.
    freezes BOOLEAN NOT NULL,
    found_at TIMESTAMPTZ NOT NULL
);
-- Whether the log is frozen is asked before each append.
CREATE INDEX finding_freezes ON finding (number) WHERE freezes;
-- Whether a record's body is withheld is asked for each record that is read.
CREATE INDEX finding_body ON finding (leaf_index) WHERE kind IN ('BODY_TAMPERED', 'BODY_MISSING');

-- What people say of a finding: one acknowledges it, two resume over one that froze the log.
CREATE TABLE decision (
    finding BIGINT NOT NULL REFERENCES finding (number),
    person TEXT NOT NULL CHECK (person <> ''),
    comment TEXT NOT NULL CHECK (comment <> ''),
    decided_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (finding, person)
);

-- How far the scrubber is: one row, of its own making and of no value to anybody else.
CREATE TABLE scrub (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    -- The round under way, as JSON; empty between rounds.
    round TEXT NOT NULL,
    began_at TIMESTAMPTZ NOT NULL,
    -- Of the last whole round, and the records it read; the beginning of time and 0 before the first.
    ended_at TIMESTAMPTZ NOT NULL,
    checked BIGINT NOT NULL CHECK (checked >= 0)
);

-- The scrubber asks what points to the leaves it reads.
CREATE INDEX place_leaf ON place (first_leaf);

CREATE TRIGGER cosignature_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON cosignature EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER finding_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON finding EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER decision_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON decision EXECUTE FUNCTION log_only_grows();
