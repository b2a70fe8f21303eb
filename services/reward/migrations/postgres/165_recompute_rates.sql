-- A recomputation goes through the rewards first, and then through the valuations of preferential rates.

ALTER TABLE recomputation ADD COLUMN rewards_done BOOLEAN NOT NULL DEFAULT FALSE;
-- How far it has come with those; absent: not begun.
ALTER TABLE recomputation ADD COLUMN rate_after_id UUID;
ALTER TABLE recomputation ADD COLUMN rate_after_event TEXT
    CHECK ((rate_after_event IS NULL) = (rate_after_id IS NULL));

-- A valuation of a rate that does not come out as it is stored. Numbered with the findings of rewards.
CREATE TABLE recompute_rate_finding (
    recomputation_id UUID NOT NULL REFERENCES recomputation (id),
    number BIGINT NOT NULL CHECK (number >= 1),
    grant_id UUID NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL,
    found_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (recomputation_id, number),
    UNIQUE (recomputation_id, grant_id, event),
    FOREIGN KEY (grant_id, event) REFERENCES rate_trace (grant_id, event)
);
CREATE FUNCTION recompute_rate_finding_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER recompute_rate_finding_is_kept BEFORE UPDATE OR DELETE ON recompute_rate_finding
    FOR EACH ROW EXECUTE FUNCTION recompute_rate_finding_refuse();
CREATE TRIGGER recompute_rate_finding_is_whole BEFORE TRUNCATE ON recompute_rate_finding
    FOR EACH STATEMENT EXECUTE FUNCTION recompute_rate_finding_refuse();
