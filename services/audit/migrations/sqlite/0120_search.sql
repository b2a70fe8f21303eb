-- Where to look for records: made of the leaves, and made again from them if it is ever lost. It proves nothing, and narrows only.
CREATE TABLE record_term (
    -- The first eight bytes of a digest of what a statement says in one field.
    term INTEGER NOT NULL,
    -- A run of 256 leaves in which some statement says so.
    bundle INTEGER NOT NULL CHECK (bundle >= 0),
    PRIMARY KEY (term, bundle)
) STRICT, WITHOUT ROWID;

-- How far the leaves have been looked through.
CREATE TABLE record_term_position (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    next_index INTEGER NOT NULL CHECK (next_index >= 0)
) STRICT;
INSERT INTO record_term_position (id, next_index) VALUES (1, 0);
