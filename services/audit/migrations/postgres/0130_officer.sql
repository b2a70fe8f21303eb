-- An officer's cases, what he holds, what two people release, what the reward service has answered, and what was reconciled with it.
-- Rows are added and never changed; each points to the record that says so.

-- What somebody looks into.
CREATE TABLE case_file (
    id UUID PRIMARY KEY,
    -- What it is about: a code.
    reason TEXT NOT NULL CHECK (reason <> ''),
    opened_by TEXT NOT NULL CHECK (opened_by <> ''),
    opened_at TIMESTAMPTZ NOT NULL,
    leaf_index BIGINT NOT NULL UNIQUE REFERENCES leaf (leaf_index)
);
CREATE INDEX case_file_newest ON case_file (opened_at, id);

-- What was put into it. The text of a note is in the body of its record.
CREATE TABLE case_entry (
    case_id UUID NOT NULL REFERENCES case_file (id),
    number BIGINT NOT NULL CHECK (number >= 1),
    item TEXT NOT NULL CHECK (item IN ('RECORDS', 'FINDING', 'NOTE')),
    first_index BIGINT CHECK (first_index >= 0),
    end_index BIGINT CHECK (end_index > first_index),
    finding BIGINT REFERENCES finding (number),
    added_by TEXT NOT NULL CHECK (added_by <> ''),
    added_at TIMESTAMPTZ NOT NULL,
    leaf_index BIGINT NOT NULL UNIQUE REFERENCES leaf (leaf_index),
    PRIMARY KEY (case_id, number),
    CHECK ((item = 'RECORDS') = (first_index IS NOT NULL) AND (item = 'RECORDS') = (end_index IS NOT NULL)),
    CHECK ((item = 'FINDING') = (finding IS NOT NULL))
);

-- How it ended.
CREATE TABLE case_closing (
    case_id UUID PRIMARY KEY REFERENCES case_file (id),
    outcome TEXT NOT NULL CHECK (outcome <> ''),
    closed_by TEXT NOT NULL CHECK (closed_by <> ''),
    closed_at TIMESTAMPTZ NOT NULL,
    leaf_index BIGINT NOT NULL UNIQUE REFERENCES leaf (leaf_index)
);

-- What is kept from prune and erasure, and from payment where it says so.
CREATE TABLE hold (
    id UUID PRIMARY KEY,
    case_id UUID REFERENCES case_file (id),
    scope TEXT NOT NULL CHECK (scope IN ('PAYMENTS', 'SUBJECT', 'RECORDS', 'TYPE')),
    -- The resource as its services call it, and as statements do.
    subject TEXT,
    token TEXT,
    first_index BIGINT CHECK (first_index >= 0),
    end_index BIGINT CHECK (end_index > first_index),
    source TEXT,
    record_type TEXT,
    reason TEXT NOT NULL CHECK (reason <> ''),
    placed_by TEXT NOT NULL CHECK (placed_by <> ''),
    placed_at TIMESTAMPTZ NOT NULL,
    leaf_index BIGINT NOT NULL UNIQUE REFERENCES leaf (leaf_index),
    CHECK ((scope IN ('PAYMENTS', 'SUBJECT')) = (subject IS NOT NULL) AND (subject IS NULL) = (token IS NULL)),
    CHECK ((scope = 'RECORDS') = (first_index IS NOT NULL) AND (scope = 'RECORDS') = (end_index IS NOT NULL)),
    CHECK (source IS NULL OR scope = 'RECORDS'),
    CHECK ((scope = 'TYPE') = (record_type IS NOT NULL))
);
CREATE INDEX hold_newest ON hold (placed_at, id);
CREATE INDEX hold_of_case ON hold (case_id);

-- Two people release it: the keys see to it that they are two.
CREATE TABLE hold_release (
    hold_id UUID NOT NULL REFERENCES hold (id),
    step TEXT NOT NULL CHECK (step IN ('PROPOSED', 'CONFIRMED')),
    person TEXT NOT NULL CHECK (person <> ''),
    released_at TIMESTAMPTZ NOT NULL,
    leaf_index BIGINT NOT NULL UNIQUE REFERENCES leaf (leaf_index),
    PRIMARY KEY (hold_id, step),
    UNIQUE (hold_id, person)
);

-- What the reward service has answered to a hold on payments, and to its release.
CREATE TABLE hold_answer (
    hold_id UUID NOT NULL REFERENCES hold (id),
    step TEXT NOT NULL CHECK (step IN ('PLACED', 'RELEASED')),
    -- Why it refused; empty: it did what it was told.
    reason TEXT NOT NULL,
    answered_at TIMESTAMPTZ NOT NULL,
    leaf_index BIGINT NOT NULL UNIQUE REFERENCES leaf (leaf_index),
    PRIMARY KEY (hold_id, step)
);

-- What was compared with a source's own books, and what came of it.
CREATE TABLE reconciliation (
    id UUID PRIMARY KEY,
    source TEXT NOT NULL CHECK (source <> ''),
    from_time TIMESTAMPTZ NOT NULL,
    to_time TIMESTAMPTZ NOT NULL CHECK (to_time > from_time),
    outcome TEXT NOT NULL CHECK (outcome IN ('MATCHED', 'DIFFERENT')),
    -- Who asked; empty: nobody, it was due.
    asked_by TEXT NOT NULL,
    finding BIGINT REFERENCES finding (number),
    reconciled_at TIMESTAMPTZ NOT NULL,
    leaf_index BIGINT NOT NULL UNIQUE REFERENCES leaf (leaf_index),
    CHECK ((outcome = 'DIFFERENT') = (finding IS NOT NULL))
);
CREATE INDEX reconciliation_due ON reconciliation (source, to_time) WHERE asked_by = '';

CREATE TRIGGER case_file_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON case_file EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER case_entry_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON case_entry EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER case_closing_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON case_closing EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER hold_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON hold EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER hold_release_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON hold_release EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER hold_answer_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON hold_answer EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER reconciliation_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliation EXECUTE FUNCTION log_only_grows();
