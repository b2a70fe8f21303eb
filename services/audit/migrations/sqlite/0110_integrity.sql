-- What witnesses have said of checkpoints, what was found wrong with the log, and what people decided about it. The PostgreSQL twin
-- has the same tables and names.

-- A witness's signature beneath a checkpoint.
CREATE TABLE cosignature (
    size INTEGER NOT NULL REFERENCES checkpoint (size),
    -- The cosigner's name.
    witness TEXT NOT NULL CHECK (witness <> ''),
    -- The signature line, without its newline.
    line TEXT NOT NULL CHECK (line <> ''),
    -- By the witness's clock, in seconds since 1970: part of what is signed.
    cosigned_seconds INTEGER NOT NULL CHECK (cosigned_seconds > 0),
    PRIMARY KEY (size, witness)
) STRICT, WITHOUT ROWID;

-- Something that is not as it should be. The same thing found again is the same finding.
CREATE TABLE finding (
    number INTEGER PRIMARY KEY CHECK (number >= 1),
    fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
    kind TEXT NOT NULL CHECK (kind IN (
        'LEAF_TAMPERED', 'LEAF_MISSING', 'LEAF_BEYOND', 'BODY_TAMPERED', 'BODY_MISSING', 'TILE_TAMPERED', 'ROOT_MISMATCH',
        'HEAD_TAMPERED', 'CHECKPOINT_FORGED', 'COSIGNATURE_FORGED', 'FORK', 'ROLLBACK', 'INDEX_TAMPERED', 'SEQUENCE_BROKEN',
        'STATEMENTS_LOST', 'CLOCK_FAULT', 'LEDGER_MISMATCH')),
    -- No foreign key: a finding may be about a record that is gone.
    leaf_index INTEGER CHECK (leaf_index >= 0),
    place TEXT NOT NULL,
    expected TEXT NOT NULL,
    actual TEXT NOT NULL,
    -- Signed notes, as JSON: an array of strings.
    checkpoints TEXT NOT NULL,
    -- Whether nothing is appended until two people resume.
    freezes INTEGER NOT NULL CHECK (freezes IN (0, 1)),
    found_at TEXT NOT NULL
) STRICT;
-- Whether the log is frozen is asked before each append.
CREATE INDEX finding_freezes ON finding (number) WHERE freezes;
-- Whether a record's body is withheld is asked for each record that is read.
CREATE INDEX finding_body ON finding (leaf_index) WHERE kind IN ('BODY_TAMPERED', 'BODY_MISSING');

-- What people say of a finding: one acknowledges it, two resume over one that froze the log.
CREATE TABLE decision (
    finding INTEGER NOT NULL REFERENCES finding (number),
    person TEXT NOT NULL CHECK (person <> ''),
    comment TEXT NOT NULL CHECK (comment <> ''),
    decided_at TEXT NOT NULL,
    PRIMARY KEY (finding, person)
) STRICT, WITHOUT ROWID;

-- How far the scrubber is: one row, of its own making and of no value to anybody else.
CREATE TABLE scrub (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- The round under way, as JSON; empty between rounds.
    round TEXT NOT NULL,
    began_at TEXT NOT NULL,
    -- Of the last whole round, and the records it read; the beginning of time and 0 before the first.
    ended_at TEXT NOT NULL,
    checked INTEGER NOT NULL CHECK (checked >= 0)
) STRICT;

-- The scrubber asks what points to the leaves it reads.
CREATE INDEX place_leaf ON place (first_leaf);

CREATE TRIGGER cosignature_no_update BEFORE UPDATE ON cosignature BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of cosignature is refused'); END;
CREATE TRIGGER cosignature_no_delete BEFORE DELETE ON cosignature BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of cosignature is refused'); END;
CREATE TRIGGER cosignature_no_replace BEFORE INSERT ON cosignature WHEN EXISTS (SELECT 1 FROM cosignature WHERE size = NEW.size AND witness = NEW.witness)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of cosignature is refused'); END;
CREATE TRIGGER finding_no_update BEFORE UPDATE ON finding BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of finding is refused'); END;
CREATE TRIGGER finding_no_delete BEFORE DELETE ON finding BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of finding is refused'); END;
CREATE TRIGGER finding_no_replace BEFORE INSERT ON finding WHEN EXISTS (SELECT 1 FROM finding WHERE number = NEW.number OR fingerprint = NEW.fingerprint)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of finding is refused'); END;
CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of decision is refused'); END;
CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of decision is refused'); END;
CREATE TRIGGER decision_no_replace BEFORE INSERT ON decision WHEN EXISTS (SELECT 1 FROM decision WHERE finding = NEW.finding AND person = NEW.person)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of decision is refused'); END;
