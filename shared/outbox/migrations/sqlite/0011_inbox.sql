-- Who hands messages in, and how far each has come.
CREATE TABLE inbox_source (
    source        TEXT    PRIMARY KEY CHECK (source <> ''),
    epoch         INTEGER NOT NULL CHECK (epoch >= 1),
    -- 0: it has greeted, and sent nothing yet.
    last_sequence INTEGER NOT NULL CHECK (last_sequence >= 0)
) STRICT, WITHOUT ROWID;

-- What was answered, to be answered again; and the digest of the bytes that it was answered for.
CREATE TABLE inbox_receipt (
    source      TEXT    NOT NULL,
    sequence    INTEGER NOT NULL CHECK (sequence >= 1),
    digest      BLOB    NOT NULL CHECK (length(digest) = 32),
    outcome     TEXT    NOT NULL CHECK (outcome IN ('APPLIED', 'REFUSED')),
    reason      TEXT    NOT NULL CHECK ((reason <> '') = (outcome = 'REFUSED')),
    resource    TEXT    NOT NULL,
    received_at TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    PRIMARY KEY (source, sequence)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER inbox_receipt_is_final BEFORE UPDATE ON inbox_receipt
BEGIN SELECT RAISE(ABORT, 'UPDATE of inbox_receipt is refused'); END;
CREATE TRIGGER inbox_receipt_stays BEFORE DELETE ON inbox_receipt
BEGIN SELECT RAISE(ABORT, 'DELETE of inbox_receipt is refused'); END;

CREATE TRIGGER inbox_source_rises BEFORE UPDATE ON inbox_source
WHEN NEW.epoch < OLD.epoch OR NEW.last_sequence < OLD.last_sequence
BEGIN SELECT RAISE(ABORT, 'the place of a source cannot go back'); END;
CREATE TRIGGER inbox_source_stays BEFORE DELETE ON inbox_source
BEGIN SELECT RAISE(ABORT, 'DELETE of inbox_source is refused'); END;
