-- Where to look for records: made of the leaves, and made again from them if it is ever lost. It proves nothing, and narrows only.
CREATE TABLE record_term (
    -- The first eight bytes of a digest of what a statement says in one field.
    term BIGINT NOT NULL,
    -- A run of 256 leaves in which some statement says so.
    bundle BIGINT NOT NULL CHECK (bundle >= 0),
    PRIMARY KEY (term, bundle)
);

-- How far the leaves have been looked through.
CREATE TABLE record_term_position (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    next_index BIGINT NOT NULL CHECK (next_index >= 0)
);
INSERT INTO record_term_position (id, next_index) VALUES (1, 0);
