-- The latch of settlement.
CREATE TABLE settlement_latch (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    down INTEGER NOT NULL CHECK (down IN (0, 1))
) STRICT;
INSERT INTO settlement_latch (id, down) VALUES (1, 0);

-- What has happened to it.
CREATE TABLE latch_event (
    number      INTEGER PRIMARY KEY,
    kind        TEXT    NOT NULL CHECK (kind IN ('FELL', 'PROPOSED', 'RELEASED')),
    cause       TEXT    NOT NULL CHECK ((kind = 'FELL') = (cause <> '') AND cause IN
                    ('', 'PERSON', 'LOG_AHEAD', 'SENDER_AHEAD', 'SENDER_OUTDATED', 'UNKNOWN_PAYOUT', 'RESTORED',
                     'WITHDRAWN_FILE')),
    -- Why it fell; what was reconciled.
    detail      TEXT    NOT NULL CHECK ((kind = 'RELEASED') = (detail = '')),
    author      TEXT    NOT NULL CHECK (author <> ''),
    proposal    BLOB    CHECK ((proposal IS NULL) = (kind = 'FELL')),
    recorded_at TEXT    NOT NULL
) STRICT;
-- A proposal is made once, and confirmed once.
CREATE UNIQUE INDEX latch_event_proposal ON latch_event (proposal, kind) WHERE proposal IS NOT NULL;

-- Payouts that the bank reported under an id of ours which was not known here, for people to reconcile; each drops the latch once.
CREATE TABLE unknown_payout (
    end_to_end_id  TEXT PRIMARY KEY,
    status         TEXT NOT NULL,
    bank_reference TEXT NOT NULL,
    reported_at    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER settlement_latch_stays BEFORE DELETE ON settlement_latch
BEGIN SELECT RAISE(ABORT, 'settlement_latch is never deleted'); END;
CREATE TRIGGER latch_event_is_kept_changed BEFORE UPDATE ON latch_event
BEGIN SELECT RAISE(ABORT, 'latch_event is append-only'); END;
CREATE TRIGGER latch_event_is_kept_deleted BEFORE DELETE ON latch_event
BEGIN SELECT RAISE(ABORT, 'latch_event is append-only'); END;
CREATE TRIGGER unknown_payout_is_kept_changed BEFORE UPDATE ON unknown_payout
BEGIN SELECT RAISE(ABORT, 'unknown_payout is append-only'); END;
CREATE TRIGGER unknown_payout_is_kept_deleted BEFORE DELETE ON unknown_payout
BEGIN SELECT RAISE(ABORT, 'unknown_payout is append-only'); END;
