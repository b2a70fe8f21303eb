-- The log: leaves with their bodies, tiles, heads, checkpoints; and what each source has handed in.
-- Rows are added and never changed; the triggers at the end say so to every role. The SQLite twin has the same tables and names.

CREATE TABLE leaf (
    leaf_index BIGINT PRIMARY KEY CHECK (leaf_index >= 0),
    -- What is hashed, packed: its first byte says how, the service's README how to read it.
    content BYTEA NOT NULL CHECK (octet_length(content) BETWEEN 2 AND 65536),
    -- SHA-256(0x00 leaf), of the leaf unpacked.
    hash BYTEA NOT NULL CHECK (octet_length(hash) = 32)
);

-- What a statement's body digest commits to. Apart from the leaf, because retention will take bodies away and leave leaves.
CREATE TABLE body (
    leaf_index BIGINT PRIMARY KEY REFERENCES leaf (leaf_index),
    content BYTEA NOT NULL CHECK (octet_length(content) BETWEEN 2 AND 262145),
    salt BYTEA NOT NULL CHECK (octet_length(salt) = 32)
);

-- A full tile of 256 hashes (C2SP tlog-tiles): leaf hashes at level 0, roots of the tiles of the level below above that.
CREATE TABLE tile (
    level BIGINT NOT NULL CHECK (level BETWEEN 0 AND 7),
    number BIGINT NOT NULL CHECK (number >= 0),
    hashes BYTEA NOT NULL CHECK (octet_length(hashes) = 8192),
    -- The root over them: the tile's one hash in the level above.
    root BYTEA NOT NULL CHECK (octet_length(root) = 32),
    PRIMARY KEY (level, number)
);

-- The tree after each commit. The key is the compare-and-swap: two writers cannot both extend the same tree.
CREATE TABLE head (
    size BIGINT PRIMARY KEY CHECK (size >= 1),
    root BYTEA NOT NULL CHECK (octet_length(root) = 32),
    -- The writer's lease.
    epoch BIGINT NOT NULL CHECK (epoch >= 1),
    -- Of its last leaf; later leaves are never dated earlier.
    logged_at TIMESTAMPTZ NOT NULL
);

-- A head that was signed, after it was committed.
CREATE TABLE checkpoint (
    size BIGINT PRIMARY KEY REFERENCES head (size),
    note TEXT NOT NULL,
    signed_at TIMESTAMPTZ NOT NULL
);

-- Where the statements of each source lie: runs of consecutive numbers under consecutive leaves. A quarantined one lies at the leaf that
-- fills its place.
CREATE TABLE place (
    source TEXT NOT NULL,
    first_sequence BIGINT NOT NULL CHECK (first_sequence >= 1),
    statements BIGINT NOT NULL CHECK (statements BETWEEN 1 AND 256),
    first_leaf BIGINT NOT NULL REFERENCES leaf (leaf_index),
    -- SHA-256 of the last one's bytes as they came: the next one carries it as `prev`. Those of the others are made from their leaves.
    last_digest BYTEA NOT NULL CHECK (octet_length(last_digest) = 32),
    PRIMARY KEY (source, first_sequence)
);

-- Every lease under which a source has come.
CREATE TABLE source_epoch (
    source TEXT NOT NULL,
    epoch BIGINT NOT NULL CHECK (epoch >= 1),
    PRIMARY KEY (source, epoch)
);

-- Other bytes under a number taken before: one leaf for each such bytes, however often they come.
CREATE TABLE conflict (
    source TEXT NOT NULL,
    source_sequence BIGINT NOT NULL,
    statement_digest BYTEA NOT NULL CHECK (octet_length(statement_digest) = 32),
    leaf_index BIGINT NOT NULL REFERENCES leaf (leaf_index),
    PRIMARY KEY (source, source_sequence, statement_digest)
);

-- Who writes: one row, leased by the database's own time. The epoch rises with every take-over and fences the one before.
CREATE TABLE sequencer (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    holder TEXT NOT NULL,
    epoch BIGINT NOT NULL CHECK (epoch >= 0),
    -- Milliseconds since 1970 by the database's clock.
    expires_millis BIGINT NOT NULL
);
INSERT INTO sequencer (id, holder, epoch, expires_millis) VALUES (1, '', 0, 0);

CREATE FUNCTION log_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log only grows: % of % is refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER leaf_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON leaf EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER body_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON body EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER tile_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON tile EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER head_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON head EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER checkpoint_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER place_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON place EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER source_epoch_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON source_epoch EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER conflict_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON conflict EXECUTE FUNCTION log_only_grows();
CREATE TRIGGER sequencer_stays BEFORE DELETE OR TRUNCATE ON sequencer EXECUTE FUNCTION log_only_grows();

CREATE FUNCTION sequencer_epoch_never_falls() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the sequencer''s epoch never falls';
END $$;
CREATE TRIGGER sequencer_epoch_never_falls BEFORE UPDATE ON sequencer
    FOR EACH ROW WHEN (NEW.epoch < OLD.epoch) EXECUTE FUNCTION sequencer_epoch_never_falls();
