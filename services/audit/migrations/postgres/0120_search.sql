-- Where to look for records: made of the leaves, and made again from them once the position is set to 0. It proves nothing, and
-- narrows only. Bundles of 256 leaves are told of by runs: of 16 bundles, and of 256 when there are as many. Which runs there are
-- follows from the position; pages of others are not looked at, and go when their run is made.
CREATE TABLE record_term_page (
    -- The first bundle of its run.
    run BIGINT NOT NULL CHECK (run >= 0 AND run % 16 = 0),
    -- The first of its terms, each the first four bytes of a digest of what a statement says in one field. All that a run tells of a
    -- term stands in one page.
    first_term BIGINT NOT NULL CHECK (first_term BETWEEN 0 AND 4294967295),
    -- Terms and bundles in order, each term as its distance from the one before. As short as it is, so that no row is stored out of line.
    content BYTEA NOT NULL CHECK (octet_length(content) BETWEEN 2 AND 1984),
    PRIMARY KEY (run, first_term)
);

-- The first bundle that no run tells of.
CREATE TABLE record_term_position (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    next_bundle BIGINT NOT NULL CHECK (next_bundle >= 0 AND next_bundle % 16 = 0)
);
INSERT INTO record_term_position (id, next_bundle) VALUES (1, 0);
