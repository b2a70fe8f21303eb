-- A recomputation goes through the rewards first, and then through the valuations of preferential rates.

ALTER TABLE recomputation ADD COLUMN rewards_done INTEGER NOT NULL DEFAULT 0 CHECK (rewards_done IN (0, 1));
-- How far it has come with those; absent: not begun.
ALTER TABLE recomputation ADD COLUMN rate_after_id BLOB;
ALTER TABLE recomputation ADD COLUMN rate_after_event TEXT
    CHECK ((rate_after_event IS NULL) = (rate_after_id IS NULL));

-- A valuation of a rate that does not come out as it is stored. Numbered with the findings of rewards.
CREATE TABLE recompute_rate_finding (
    recomputation_id BLOB NOT NULL REFERENCES recomputation (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    grant_id BLOB NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL,
    found_at TEXT NOT NULL,
    PRIMARY KEY (recomputation_id, number),
    UNIQUE (recomputation_id, grant_id, event),
    FOREIGN KEY (grant_id, event) REFERENCES rate_trace (grant_id, event)
) STRICT;
CREATE TRIGGER recompute_rate_finding_is_kept_changed BEFORE UPDATE ON recompute_rate_finding
BEGIN SELECT RAISE(ABORT, 'recompute_rate_finding is append-only'); END;
CREATE TRIGGER recompute_rate_finding_is_kept_deleted BEFORE DELETE ON recompute_rate_finding
BEGIN SELECT RAISE(ABORT, 'recompute_rate_finding is append-only'); END;
