-- Prunes, who agreed to them, and every body that was pruned. The PostgreSQL twin has the same tables and names.

-- What one person would have pruned.
CREATE TABLE prune (
    id TEXT PRIMARY KEY CHECK (id <> ''),
    -- As JSON: an array of types; with a dot at its end all that begin so.
    types TEXT NOT NULL,
    before_at TEXT NOT NULL,
    proposer TEXT NOT NULL CHECK (proposer <> ''),
    proposed_at TEXT NOT NULL,
    -- The record of it.
    leaf_index INTEGER NOT NULL UNIQUE REFERENCES leaf (leaf_index)
) STRICT, WITHOUT ROWID;

-- A second person agrees.
CREATE TABLE prune_confirmation (
    prune_id TEXT PRIMARY KEY REFERENCES prune (id),
    person TEXT NOT NULL CHECK (person <> ''),
    confirmed_at TEXT NOT NULL,
    leaf_index INTEGER NOT NULL UNIQUE REFERENCES leaf (leaf_index)
) STRICT, WITHOUT ROWID;

-- How far it is: written by the prune itself.
CREATE TABLE prune_progress (
    prune_id TEXT PRIMARY KEY REFERENCES prune_confirmation (prune_id),
    next_index INTEGER NOT NULL CHECK (next_index >= 0),
    pruned INTEGER NOT NULL CHECK (pruned >= 0),
    held INTEGER NOT NULL CHECK (held >= 0),
    done INTEGER NOT NULL CHECK (done IN (0, 1))
) STRICT, WITHOUT ROWID;

-- A body that was pruned, and the record that says so.
CREATE TABLE pruned_body (
    leaf_index INTEGER PRIMARY KEY REFERENCES leaf (leaf_index),
    record INTEGER NOT NULL REFERENCES leaf (leaf_index),
    CHECK (record > leaf_index)
) STRICT;

-- The scrubber asks what a record of a prune has taken.
CREATE INDEX pruned_body_record ON pruned_body (record);

-- A body goes only after it is on record as pruned.
DROP TRIGGER body_no_delete;
CREATE TRIGGER body_no_delete BEFORE DELETE ON body WHEN NOT EXISTS (SELECT 1 FROM pruned_body WHERE leaf_index = OLD.leaf_index)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of body is refused'); END;

CREATE TRIGGER prune_no_update BEFORE UPDATE ON prune BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of prune is refused'); END;
CREATE TRIGGER prune_no_delete BEFORE DELETE ON prune BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of prune is refused'); END;
CREATE TRIGGER prune_no_replace BEFORE INSERT ON prune WHEN EXISTS (SELECT 1 FROM prune WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of prune is refused'); END;
CREATE TRIGGER prune_confirmation_no_update BEFORE UPDATE ON prune_confirmation BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of prune_confirmation is refused'); END;
CREATE TRIGGER prune_confirmation_no_delete BEFORE DELETE ON prune_confirmation BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of prune_confirmation is refused'); END;
CREATE TRIGGER prune_confirmation_no_replace BEFORE INSERT ON prune_confirmation WHEN EXISTS (SELECT 1 FROM prune_confirmation WHERE prune_id = NEW.prune_id)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of prune_confirmation is refused'); END;
-- Nobody confirms his own.
CREATE TRIGGER prune_confirmation_by_another BEFORE INSERT ON prune_confirmation
    WHEN NEW.person = (SELECT proposer FROM prune WHERE id = NEW.prune_id)
    BEGIN SELECT RAISE(ABORT, 'whoever proposed a prune does not confirm it'); END;
CREATE TRIGGER pruned_body_no_update BEFORE UPDATE ON pruned_body BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of pruned_body is refused'); END;
CREATE TRIGGER pruned_body_no_delete BEFORE DELETE ON pruned_body BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of pruned_body is refused'); END;
CREATE TRIGGER pruned_body_no_replace BEFORE INSERT ON pruned_body WHEN EXISTS (SELECT 1 FROM pruned_body WHERE leaf_index = NEW.leaf_index)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of pruned_body is refused'); END;
