-- Prunes, who agreed to them, and every body that was pruned. The SQLite twin has the same tables and names.

-- What one person would have pruned.
CREATE TABLE prune (
    id TEXT PRIMARY KEY CHECK (id <> ''),
    -- As JSON: an array of types; with a dot at its end all that begin so.
    types TEXT NOT NULL,
    before_at TIMESTAMPTZ NOT NULL,
    proposer TEXT NOT NULL CHECK (proposer <> ''),
    proposed_at TIMESTAMPTZ NOT NULL,
    -- The record of it.
    leaf_index BIGINT NOT NULL UNIQUE REFERENCES leaf (leaf_index)
);

-- A second person agrees.
CREATE TABLE prune_confirmation (
    prune_id TEXT PRIMARY KEY REFERENCES prune (id),
    person TEXT NOT NULL CHECK (person <> ''),
    confirmed_at TIMESTAMPTZ NOT NULL,
    leaf_index BIGINT NOT NULL UNIQUE REFERENCES leaf (leaf_index)
);

-- How far it is: written by the prune itself.
CREATE TABLE prune_progress (
    prune_id TEXT PRIMARY KEY REFERENCES prune_confirmation (prune_id),
    next_index BIGINT NOT NULL CHECK (next_index >= 0),
    pruned BIGINT NOT NULL CHECK (pruned >= 0),
    held BIGINT NOT NULL CHECK (held >= 0),
    done BOOLEAN NOT NULL
);

-- A body that was pruned, and the record that says so.
CREATE TABLE pruned_body (
    leaf_index BIGINT PRIMARY KEY REFERENCES leaf (leaf_index),
    record BIGINT NOT NULL REFERENCES leaf (leaf_index),
    CHECK (record > leaf_index)
);

-- The scrubber asks what a record of a prune has taken.
CREATE INDEX pruned_body_record ON pruned_body (record);

-- A body goes only after it is on record as pruned.
DROP TRIGGER body_only_grows ON body;
CREATE TRIGGER body_only_grows BEFORE UPDATE OR TRUNCATE ON body EXECUTE FUNCTION log_only_grows();
CREATE FUNCTION body_goes_by_prune() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pruned_body WHERE leaf_index = OLD.leaf_index) THEN
        RAISE EXCEPTION 'the audit log only grows: % of % is refused', TG_OP, TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER body_goes_by_prune BEFORE DELETE ON body FOR EACH ROW EXECUTE FUNCTION body_goes_by_prune();

CREATE TRIGGER prune_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON prune EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER prune_confirmation_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON prune_confirmation EXECUTE FUNCTION log_only_grows();
-- Nobody confirms his own.
CREATE FUNCTION prune_confirmation_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.person = (SELECT proposer FROM prune WHERE id = NEW.prune_id) THEN
        RAISE EXCEPTION 'whoever proposed a prune does not confirm it';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER prune_confirmation_by_another BEFORE INSERT ON prune_confirmation FOR EACH ROW
    EXECUTE FUNCTION prune_confirmation_by_another();
CREATE TRIGGER pruned_body_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON pruned_body EXECUTE FUNCTION log_only_grows();
