-- Erasures that no hold was in the way of. The PostgreSQL twin has the same table and names.

-- Each with the record that says so.
CREATE TABLE clearance (
    erasure TEXT PRIMARY KEY CHECK (erasure <> ''),
    leaf_index INTEGER NOT NULL UNIQUE REFERENCES leaf (leaf_index)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER clearance_no_update BEFORE UPDATE ON clearance BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of clearance is refused'); END;
CREATE TRIGGER clearance_no_delete BEFORE DELETE ON clearance BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of clearance is refused'); END;
CREATE TRIGGER clearance_no_replace BEFORE INSERT ON clearance WHEN EXISTS (SELECT 1 FROM clearance WHERE erasure = NEW.erasure)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of clearance is refused'); END;
