-- The log: leaves with their bodies, tiles, heads, checkpoints; and what each source has handed in.
-- Rows are added and never changed; the triggers at the end say so. The PostgreSQL twin has the same tables and names.

CREATE TABLE leaf (
    leaf_index INTEGER PRIMARY KEY CHECK (leaf_index >= 0),
    -- What is hashed, packed: its first byte says how, the service's README how to read it.
    content BLOB NOT NULL CHECK (length(content) BETWEEN 2 AND 65536),
    -- SHA-256(0x00 leaf), of the leaf unpacked.
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- What a statement's body digest commits to. Apart from the leaf, because retention will take bodies away and leave leaves.
CREATE TABLE body (
    leaf_index INTEGER PRIMARY KEY REFERENCES leaf (leaf_index),
    content BLOB NOT NULL CHECK (length(content) BETWEEN 2 AND 262145),
    salt BLOB NOT NULL CHECK (length(salt) = 32)
) STRICT;

-- A full tile of 256 hashes (C2SP tlog-tiles): leaf hashes at level 0, roots of the tiles of the level below above that.
CREATE TABLE tile (
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 7),
    number INTEGER NOT NULL CHECK (number >= 0),
    hashes BLOB NOT NULL CHECK (length(hashes) = 8192),
    -- The root over them: the tile's one hash in the level above.
    root BLOB NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (level, number)
) STRICT;

-- The tree after each commit. The key is the compare-and-swap: two writers cannot both extend the same tree.
CREATE TABLE head (
    size INTEGER PRIMARY KEY CHECK (size >= 1),
    root BLOB NOT NULL CHECK (length(root) = 32),
    -- The writer's lease.
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    -- Of its last leaf; later leaves are never dated earlier.
    logged_at TEXT NOT NULL
) STRICT;

-- A head that was signed, after it was committed.
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY REFERENCES head (size),
    note TEXT NOT NULL,
    signed_at TEXT NOT NULL
) STRICT;

-- Where the statements of each source lie: runs of consecutive numbers under consecutive leaves. A quarantined one lies at the leaf that
-- fills its place.
CREATE TABLE place (
    source TEXT NOT NULL,
    first_sequence INTEGER NOT NULL CHECK (first_sequence >= 1),
    statements INTEGER NOT NULL CHECK (statements BETWEEN 1 AND 256),
    first_leaf INTEGER NOT NULL REFERENCES leaf (leaf_index),
    -- SHA-256 of the last one's bytes as they came: the next one carries it as `prev`. Those of the others are made from their leaves.
    last_digest BLOB NOT NULL CHECK (length(last_digest) = 32),
    PRIMARY KEY (source, first_sequence)
) STRICT, WITHOUT ROWID;

-- Every lease under which a source has come.
CREATE TABLE source_epoch (
    source TEXT NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    PRIMARY KEY (source, epoch)
) STRICT, WITHOUT ROWID;

-- Other bytes under a number taken before: one leaf for each such bytes, however often they come.
CREATE TABLE conflict (
    source TEXT NOT NULL,
    source_sequence INTEGER NOT NULL,
    statement_digest BLOB NOT NULL CHECK (length(statement_digest) = 32),
    leaf_index INTEGER NOT NULL REFERENCES leaf (leaf_index),
    PRIMARY KEY (source, source_sequence, statement_digest)
) STRICT, WITHOUT ROWID;

-- Who writes: one row, leased by the database's own time. The epoch rises with every take-over and fences the one before.
CREATE TABLE sequencer (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    holder TEXT NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    -- Milliseconds since 1970 by the database's clock.
    expires_millis INTEGER NOT NULL
) STRICT;
INSERT INTO sequencer (id, holder, epoch, expires_millis) VALUES (1, '', 0, 0);

-- REPLACE would delete without a DELETE trigger, so a key that is there already is refused as well.
CREATE TRIGGER leaf_no_update BEFORE UPDATE ON leaf BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of leaf is refused'); END;
CREATE TRIGGER leaf_no_delete BEFORE DELETE ON leaf BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of leaf is refused'); END;
CREATE TRIGGER leaf_no_replace BEFORE INSERT ON leaf WHEN EXISTS (SELECT 1 FROM leaf WHERE leaf_index = NEW.leaf_index)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of leaf is refused'); END;
CREATE TRIGGER body_no_update BEFORE UPDATE ON body BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of body is refused'); END;
CREATE TRIGGER body_no_delete BEFORE DELETE ON body BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of body is refused'); END;
CREATE TRIGGER body_no_replace BEFORE INSERT ON body WHEN EXISTS (SELECT 1 FROM body WHERE leaf_index = NEW.leaf_index)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of body is refused'); END;
CREATE TRIGGER tile_no_update BEFORE UPDATE ON tile BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of tile is refused'); END;
CREATE TRIGGER tile_no_delete BEFORE DELETE ON tile BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of tile is refused'); END;
CREATE TRIGGER tile_no_replace BEFORE INSERT ON tile WHEN EXISTS (SELECT 1 FROM tile WHERE level = NEW.level AND number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of tile is refused'); END;
CREATE TRIGGER head_no_update BEFORE UPDATE ON head BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of head is refused'); END;
CREATE TRIGGER head_no_delete BEFORE DELETE ON head BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of head is refused'); END;
CREATE TRIGGER head_no_replace BEFORE INSERT ON head WHEN EXISTS (SELECT 1 FROM head WHERE size = NEW.size)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of head is refused'); END;
CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of checkpoint is refused'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of checkpoint is refused'); END;
CREATE TRIGGER checkpoint_no_replace BEFORE INSERT ON checkpoint WHEN EXISTS (SELECT 1 FROM checkpoint WHERE size = NEW.size)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of checkpoint is refused'); END;
CREATE TRIGGER place_no_update BEFORE UPDATE ON place BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of place is refused'); END;
CREATE TRIGGER place_no_delete BEFORE DELETE ON place BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of place is refused'); END;
CREATE TRIGGER place_no_replace BEFORE INSERT ON place WHEN EXISTS (SELECT 1 FROM place WHERE source = NEW.source AND first_sequence = NEW.first_sequence)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of place is refused'); END;
CREATE TRIGGER source_epoch_no_update BEFORE UPDATE ON source_epoch BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of source_epoch is refused'); END;
CREATE TRIGGER source_epoch_no_delete BEFORE DELETE ON source_epoch BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of source_epoch is refused'); END;
CREATE TRIGGER source_epoch_no_replace BEFORE INSERT ON source_epoch WHEN EXISTS (SELECT 1 FROM source_epoch WHERE source = NEW.source AND epoch = NEW.epoch)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of source_epoch is refused'); END;
CREATE TRIGGER conflict_no_update BEFORE UPDATE ON conflict BEGIN SELECT RAISE(ABORT, 'the audit log only grows: UPDATE of conflict is refused'); END;
CREATE TRIGGER conflict_no_delete BEFORE DELETE ON conflict BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of conflict is refused'); END;
CREATE TRIGGER conflict_no_replace BEFORE INSERT ON conflict WHEN EXISTS (SELECT 1 FROM conflict WHERE source = NEW.source AND source_sequence = NEW.source_sequence AND statement_digest = NEW.statement_digest)
    BEGIN SELECT RAISE(ABORT, 'the audit log only grows: REPLACE of conflict is refused'); END;
CREATE TRIGGER sequencer_stays BEFORE DELETE ON sequencer BEGIN SELECT RAISE(ABORT, 'the audit log only grows: DELETE of sequencer is refused'); END;
CREATE TRIGGER sequencer_epoch_never_falls BEFORE UPDATE ON sequencer WHEN NEW.epoch < OLD.epoch
    BEGIN SELECT RAISE(ABORT, 'the sequencer''s epoch never falls'); END;
