-- Messages that their receiver failed at, and what follows of the same aggregate: a marker has gone in their place. The message
-- itself stays in outbox_sent.
CREATE TABLE outbox_parked (
    destination TEXT    NOT NULL,
    sequence    INTEGER NOT NULL,
    aggregate   TEXT    NOT NULL,
    -- What the marker says.
    reason      TEXT    NOT NULL CHECK (reason <> ''),
    parked_at   TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    -- The number under which it came after all.
    released_as INTEGER CHECK (released_as > sequence),
    PRIMARY KEY (destination, sequence),
    FOREIGN KEY (destination, sequence) REFERENCES outbox_sent (destination, sequence) ON DELETE CASCADE
) STRICT;
CREATE INDEX outbox_parked_waiting ON outbox_parked (destination, aggregate) WHERE released_as IS NULL;

-- It is released, once; and forgotten only after that.
CREATE TRIGGER outbox_parked_waits BEFORE UPDATE ON outbox_parked
WHEN OLD.released_as IS NOT NULL OR NEW.released_as IS NULL OR NEW.destination <> OLD.destination
    OR NEW.sequence <> OLD.sequence OR NEW.aggregate <> OLD.aggregate OR NEW.reason <> OLD.reason
    OR NEW.parked_at <> OLD.parked_at
BEGIN SELECT RAISE(ABORT, 'a parked message can only be released, once'); END;
CREATE TRIGGER outbox_parked_leaves BEFORE DELETE ON outbox_parked WHEN OLD.released_as IS NULL
BEGIN SELECT RAISE(ABORT, 'a parked message stays'); END;
