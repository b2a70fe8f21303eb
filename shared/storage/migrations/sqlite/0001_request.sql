-- What a caller's request id has already led to. Kept for 40 days; natural keys guard money for ever.
CREATE TABLE request (
    caller      TEXT NOT NULL CHECK (caller <> ''),
    rpc         TEXT NOT NULL CHECK (rpc <> ''),
    request_id  BLOB NOT NULL CHECK (length(request_id) = 16),
    digest      BLOB NOT NULL CHECK (length(digest) = 32),
    resource    TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (caller, rpc, request_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX request_recorded_at ON request (recorded_at);

-- A record is written once; only the purge removes it.
CREATE TRIGGER request_is_final BEFORE UPDATE ON request
BEGIN
    SELECT RAISE(ABORT, 'a recorded request never changes');
END;
