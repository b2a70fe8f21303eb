-- An officer's cases, what he holds, what two people release, what the reward service has answered, and what was reconciled with it.
-- Rows are added and never changed; each points to the record that says so. The PostgreSQL twin
-- has the same tables and names.

-- What somebody looks into.
CREATE TABLE case_file (
    id BLOB PRIMARY KEY,
    -- What it is about: a code.
    reason TEXT NOT NULL CHECK (reason <> ''),
    opened_by TEXT NOT NULL CHECK (opened_by <> ''),
    opened_at TEXT NOT NULL,
    leaf_index INTEGER NOT NULL UNIQUE REFERENCES leaf (leaf_index)
) STRICT;
CREATE INDEX case_file_newest ON case_file (opened_at, id);

-- What was put into it. The text of a note is in the body of its record.
CREATE TABLE case_entry (
    case_id BLOB NOT NULL REFERENCES case_file (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    item TEXT NOT NULL CHECK (item IN ('RECORDS', 'FINDING', 'NOTE')),
    first_index INTEGER CHECK (first_index >= 0),
    end_index INTEGER CHECK (end_index > first_index),
    finding INTEGER REFERENCES finding (number),
    added_by TEXT NOT NULL CHECK (added_by <> ''),
    added_at TEXT NOT NULL,
    leaf_index INTEGER NOT NULL UNIQUE REFERENCES leaf (leaf_index),
    PRIMARY KEY (case_id, number),
    CHECK ((item = 'RECORDS') = (first_index IS NOT NULL) AND (item = 'RECORDS') = (end_index IS NOT NULL)),
    CHECK ((item = 'FINDING') = (finding IS NOT NULL))
) STRICT;

-- How it ended.
CREATE TABLE case_closing (
    case_id BLOB PRIMARY KEY REFERENCES case_file (id),
    outcome TEXT NOT NULL CHECK (outcome <> ''),
    closed_by TEXT NOT NULL CHECK (closed_by <> ''),
    closed_at TEXT NOT NULL,
    leaf_index INTEGER NOT NULL UNIQUE REFERENCES leaf (leaf_index)
) STRICT;

-- What is kept from prune and erasure, and from payment where it says so.
CREATE TABLE hold (
    id BLOB PRIMARY KEY,
    case_id BLOB REFERENCES case_file (id),
    scope TEXT NOT NULL CHECK (scope IN ('PAYMENTS', 'SUBJECT', 'RECORDS', 'TYPE')),
    -- The resource as its services call it, and as statements do.
    subject TEXT,
    token TEXT,
    first_index INTEGER CHECK (first_index >= 0),
    end_index INTEGER CHECK (end_index > first_index),
    source TEXT,
    record_type TEXT,
    reason TEXT NOT NULL CHECK (reason <> ''),
    placed_by TEXT NOT NULL CHECK (placed_by <> ''),
    placed_at TEXT NOT NULL,
    leaf_index INTEGER NOT NULL UNIQUE REFERENCES leaf (leaf_index),
    CHECK ((scope IN ('PAYMENTS', 'SUBJECT')) = (subject IS NOT NULL) AND (subject IS NULL) = (token IS NULL)),
    CHECK ((scope = 'RECORDS') = (first_index IS NOT NULL) AND (scope = 'RECORDS') = (end_index IS NOT NULL)),
    CHECK (source IS NULL OR scope = 'RECORDS'),
    CHECK ((scope = 'TYPE') = (record_type IS NOT NULL))
) STRICT;
CREATE INDEX hold_newest ON hold (placed_at, id);
CREATE INDEX hold_of_case ON hold (case_id);

-- Two people release it: the keys see to it that they are two.
CREATE TABLE hold_release (
    hold_id BLOB NOT NULL REFERENCES hold (id),
    step TEXT NOT NULL CHECK (step IN ('PROPOSED', 'CONFIRMED')),
    person TEXT NOT NULL CHECK (person <> ''),
    released_at TEXT NOT NULL,
    leaf_index INTEGER NOT NULL UNIQUE REFERENCES leaf (leaf_index),
    PRIMARY KEY (hold_id, step),
    UNIQUE (hold_id, person)
) STRICT;

-- What the reward service has answered to a hold on payments, and to its release.
CREATE TABLE hold_answer (
    hold_id BLOB NOT NULL REFERENCES hold (id),
    step TEXT NOT NULL CHECK (step IN ('PLACED', 'RELEASED')),
    -- Why it refused; empty: it did what it was told.
    reason TEXT NOT NULL,
    answered_at TEXT NOT NULL,
    leaf_index INTEGER NOT NULL UNIQUE REFERENCES leaf (leaf_index),
    PRIMARY KEY (hold_id, step)
) STRICT;

-- What was compared with a source's own books, and what came of it.
CREATE TABLE reconciliation (
    id BLOB PRIMARY KEY,
    source TEXT NOT NULL CHECK (source <> ''),
    from_time TEXT NOT NULL,
    to_time TEXT NOT NULL CHECK (to_time > from_time),
    outcome TEXT NOT NULL CHECK (outcome IN ('MATCHED', 'DIFFERENT')),
    -- Who asked; empty: nobody, it was due.
    asked_by TEXT NOT NULL,
    finding INTEGER REFERENCES finding (number),
    reconciled_at TEXT NOT NULL,
    leaf_index INTEGER NOT NULL UNIQUE REFERENCES leaf (leaf_index),
    CHECK ((outcome = 'DIFFERENT') = (finding IS NOT NULL))
) STRICT;
CREATE INDEX reconciliation_due ON reconciliation (source, to_time) WHERE asked_by = '';

CREATE TRIGGER case_file_no_update BEFORE UPDATE ON case_file BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of case_file is refused'); END;
CREATE TRIGGER case_file_no_delete BEFORE DELETE ON case_file BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of case_file is refused'); END;
CREATE TRIGGER case_file_no_replace BEFORE INSERT ON case_file WHEN EXISTS (SELECT 1 FROM case_file WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of case_file is refused'); END;
CREATE TRIGGER case_entry_no_update BEFORE UPDATE ON case_entry BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of case_entry is refused'); END;
CREATE TRIGGER case_entry_no_delete BEFORE DELETE ON case_entry BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of case_entry is refused'); END;
CREATE TRIGGER case_entry_no_replace BEFORE INSERT ON case_entry WHEN EXISTS (SELECT 1 FROM case_entry WHERE case_id = NEW.case_id AND number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of case_entry is refused'); END;
CREATE TRIGGER case_closing_no_update BEFORE UPDATE ON case_closing BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of case_closing is refused'); END;
CREATE TRIGGER case_closing_no_delete BEFORE DELETE ON case_closing BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of case_closing is refused'); END;
CREATE TRIGGER case_closing_no_replace BEFORE INSERT ON case_closing WHEN EXISTS (SELECT 1 FROM case_closing WHERE case_id = NEW.case_id)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of case_closing is refused'); END;
CREATE TRIGGER hold_no_update BEFORE UPDATE ON hold BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of hold is refused'); END;
CREATE TRIGGER hold_no_delete BEFORE DELETE ON hold BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of hold is refused'); END;
CREATE TRIGGER hold_no_replace BEFORE INSERT ON hold WHEN EXISTS (SELECT 1 FROM hold WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of hold is refused'); END;
CREATE TRIGGER hold_release_no_update BEFORE UPDATE ON hold_release BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of hold_release is refused'); END;
CREATE TRIGGER hold_release_no_delete BEFORE DELETE ON hold_release BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of hold_release is refused'); END;
CREATE TRIGGER hold_release_no_replace BEFORE INSERT ON hold_release WHEN EXISTS (SELECT 1 FROM hold_release WHERE hold_id = NEW.hold_id AND step = NEW.step)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of hold_release is refused'); END;
CREATE TRIGGER hold_answer_no_update BEFORE UPDATE ON hold_answer BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of hold_answer is refused'); END;
CREATE TRIGGER hold_answer_no_delete BEFORE DELETE ON hold_answer BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of hold_answer is refused'); END;
CREATE TRIGGER hold_answer_no_replace BEFORE INSERT ON hold_answer WHEN EXISTS (SELECT 1 FROM hold_answer WHERE hold_id = NEW.hold_id AND step = NEW.step)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of hold_answer is refused'); END;
CREATE TRIGGER reconciliation_no_update BEFORE UPDATE ON reconciliation BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of reconciliation is refused'); END;
CREATE TRIGGER reconciliation_no_delete BEFORE DELETE ON reconciliation BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of reconciliation is refused'); END;
CREATE TRIGGER reconciliation_no_replace BEFORE INSERT ON reconciliation WHEN EXISTS (SELECT 1 FROM reconciliation WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of reconciliation is refused'); END;
