-- The latch of settlement. Its row is locked by whoever moves it, and shared by every payout that is decided or leaves.
CREATE TABLE settlement_latch (
    id   SMALLINT PRIMARY KEY CHECK (id = 1),
    down BOOLEAN  NOT NULL
);
INSERT INTO settlement_latch (id, down) VALUES (1, FALSE);

-- What has happened to it.
CREATE TABLE latch_event (
    number      BIGINT      GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    kind        TEXT        NOT NULL CHECK (kind IN ('FELL', 'PROPOSED', 'RELEASED')),
    cause       TEXT        NOT NULL CHECK ((kind = 'FELL') = (cause <> '') AND cause IN
                    ('', 'PERSON', 'LOG_AHEAD', 'SENDER_AHEAD', 'SENDER_OUTDATED', 'UNKNOWN_PAYOUT', 'RESTORED',
                     'WITHDRAWN_FILE')),
    -- Why it fell; what was reconciled.
    detail      TEXT        NOT NULL CHECK ((kind = 'RELEASED') = (detail = '')),
    author      TEXT        NOT NULL CHECK (author <> ''),
    proposal    UUID        CHECK ((proposal IS NULL) = (kind = 'FELL')),
    recorded_at TIMESTAMPTZ NOT NULL
);
-- A proposal is made once, and confirmed once.
CREATE UNIQUE INDEX latch_event_proposal ON latch_event (proposal, kind) WHERE proposal IS NOT NULL;

-- Payouts that the bank reported under an id of ours which was not known here, for people to reconcile; each drops the latch once.
CREATE TABLE unknown_payout (
    end_to_end_id  TEXT        PRIMARY KEY,
    status         TEXT        NOT NULL,
    bank_reference TEXT        NOT NULL,
    reported_at    TIMESTAMPTZ NOT NULL
);

CREATE FUNCTION settlement_latch_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER settlement_latch_stays BEFORE DELETE ON settlement_latch
    FOR EACH ROW EXECUTE FUNCTION settlement_latch_refuse();
CREATE TRIGGER settlement_latch_is_whole BEFORE TRUNCATE ON settlement_latch
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_latch_refuse();
CREATE TRIGGER latch_event_is_final BEFORE UPDATE OR DELETE ON latch_event
    FOR EACH ROW EXECUTE FUNCTION settlement_latch_refuse();
CREATE TRIGGER latch_event_is_whole BEFORE TRUNCATE ON latch_event
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_latch_refuse();
CREATE TRIGGER unknown_payout_is_final BEFORE UPDATE OR DELETE ON unknown_payout
    FOR EACH ROW EXECUTE FUNCTION settlement_latch_refuse();
CREATE TRIGGER unknown_payout_is_whole BEFORE TRUNCATE ON unknown_payout
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_latch_refuse();
