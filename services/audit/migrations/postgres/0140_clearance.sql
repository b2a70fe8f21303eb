-- Erasures that no hold was in the way of. The SQLite twin has the same table and names.

-- Each with the record that says so.
CREATE TABLE clearance (
    erasure TEXT PRIMARY KEY CHECK (erasure <> ''),
    leaf_index BIGINT NOT NULL UNIQUE REFERENCES leaf (leaf_index)
);

CREATE TRIGGER clearance_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON clearance EXECUTE FUNCTION log_only_grows();
