-- What is owed and has no number yet. Written by commands, emptied by the relay.
CREATE TABLE outbox (
    -- The row id: one writer, so this order is commit order.
    ordinal     INTEGER PRIMARY KEY,
    destination TEXT    NOT NULL CHECK (destination <> ''),
    aggregate   TEXT    NOT NULL,
    content     BLOB    NOT NULL,
    body        BLOB    NOT NULL,
    body_salt   BLOB    NOT NULL CHECK (length(body_salt) IN (0, 32)),
    traceparent TEXT    NOT NULL,
    -- The business's time; the alarm goes by the database's.
    created_at  TEXT    NOT NULL,
    owed_at     TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
) STRICT;
-- The row id stands behind it: the relay's order.
CREATE INDEX outbox_by_destination ON outbox (destination);

-- The relay of a destination: its lease, its place, its chain.
CREATE TABLE outbox_relay (
    destination   TEXT    PRIMARY KEY,
    -- Whoever took the lease last knows this number; it fences everyone before.
    epoch         INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    expires_at    TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    next_sequence INTEGER NOT NULL DEFAULT 1 CHECK (next_sequence >= 1),
    -- Digest of the last statement; empty before the first, and for destinations that chain nothing.
    prev          BLOB    NOT NULL DEFAULT x'' CHECK (length(prev) IN (0, 32)),
    delivered     INTEGER NOT NULL DEFAULT 0 CHECK (delivered >= 0 AND delivered < next_sequence),
    -- The highest number ever receipted: unlike `delivered`, it does not go back while a restored receiver is told again.
    acknowledged  INTEGER NOT NULL DEFAULT 0 CHECK (acknowledged >= 0 AND acknowledged < next_sequence),
    -- How many records of the log a checkpoint covers, as it last said; 0 for destinations that are no log.
    covered_size  INTEGER NOT NULL DEFAULT 0 CHECK (covered_size >= 0)
) STRICT, WITHOUT ROWID;

-- What has its number: committed before it is sent, never changed.
CREATE TABLE outbox_sent (
    destination TEXT    NOT NULL,
    sequence    INTEGER NOT NULL CHECK (sequence >= 1),
    epoch       INTEGER NOT NULL CHECK (epoch >= 1),
    aggregate   TEXT    NOT NULL,
    bytes       BLOB    NOT NULL,
    body        BLOB    NOT NULL,
    body_salt   BLOB    NOT NULL CHECK (length(body_salt) IN (0, 32)),
    traceparent TEXT    NOT NULL,
    created_at  TEXT    NOT NULL,
    owed_at     TEXT    NOT NULL,
    sequenced_at TEXT   NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    PRIMARY KEY (destination, sequence)
) STRICT;

-- What the receiver answered. Beside the message, not in it: a wide row is not written twice.
CREATE TABLE outbox_receipt (
    destination  TEXT    NOT NULL,
    sequence     INTEGER NOT NULL,
    outcome      TEXT    NOT NULL CHECK (outcome IN ('APPLIED', 'REFUSED', 'SEALED')),
    reason       TEXT    NOT NULL CHECK ((reason <> '') = (outcome = 'REFUSED')),
    resource     TEXT    NOT NULL,
    log_index    INTEGER CHECK ((log_index IS NOT NULL) = (outcome = 'SEALED')),
    leaf         BLOB    NOT NULL,
    delivered_at TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    PRIMARY KEY (destination, sequence),
    FOREIGN KEY (destination, sequence) REFERENCES outbox_sent (destination, sequence) ON DELETE CASCADE
) STRICT;

CREATE TRIGGER outbox_sent_is_final BEFORE UPDATE ON outbox_sent
BEGIN SELECT RAISE(ABORT, 'UPDATE of outbox_sent is refused'); END;
CREATE TRIGGER outbox_receipt_is_final BEFORE UPDATE ON outbox_receipt
BEGIN SELECT RAISE(ABORT, 'UPDATE of outbox_receipt is refused'); END;

-- A message leaves only after it was answered, and takes its receipt along.
CREATE TRIGGER outbox_sent_leaves BEFORE DELETE ON outbox_sent
WHEN NOT EXISTS (SELECT 1 FROM outbox_receipt r WHERE r.destination = OLD.destination AND r.sequence = OLD.sequence)
BEGIN SELECT RAISE(ABORT, 'a message that was never answered stays'); END;
CREATE TRIGGER outbox_receipt_leaves BEFORE DELETE ON outbox_receipt
WHEN EXISTS (SELECT 1 FROM outbox_sent s WHERE s.destination = OLD.destination AND s.sequence = OLD.sequence)
BEGIN SELECT RAISE(ABORT, 'a receipt goes with its message'); END;

-- A lease never goes back, nor does a place.
CREATE TRIGGER outbox_relay_rises BEFORE UPDATE ON outbox_relay
WHEN NEW.epoch < OLD.epoch OR NEW.next_sequence < OLD.next_sequence
BEGIN SELECT RAISE(ABORT, 'a relay cannot go back'); END;
CREATE TRIGGER outbox_relay_stays BEFORE DELETE ON outbox_relay
BEGIN SELECT RAISE(ABORT, 'DELETE of outbox_relay is refused'); END;
