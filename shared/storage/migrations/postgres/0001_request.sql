-- What a caller's request id has already led to. Kept for 40 days; natural keys guard money for ever.
CREATE TABLE request (
    caller      TEXT        NOT NULL CHECK (caller <> ''),
    rpc         TEXT        NOT NULL CHECK (rpc <> ''),
    request_id  UUID        NOT NULL,
    digest      BYTEA       NOT NULL CHECK (octet_length(digest) = 32),
    resource    TEXT        NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (caller, rpc, request_id)
);

CREATE INDEX request_recorded_at ON request (recorded_at);

-- A record is written once; only the purge removes it.
CREATE FUNCTION request_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a recorded request never changes';
END
$$;

CREATE TRIGGER request_is_final BEFORE UPDATE ON request
    FOR EACH ROW EXECUTE FUNCTION request_is_final();
