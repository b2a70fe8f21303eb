-- Who hands messages in, and how far each has come.
CREATE TABLE inbox_source (
    source        TEXT   PRIMARY KEY CHECK (source <> ''),
    epoch         BIGINT NOT NULL CHECK (epoch >= 1),
    -- 0: it has greeted, and sent nothing yet.
    last_sequence BIGINT NOT NULL CHECK (last_sequence >= 0)
) WITH (fillfactor = 50);

-- What was answered, to be answered again; and the digest of the bytes that it was answered for.
CREATE TABLE inbox_receipt (
    source      TEXT        NOT NULL,
    sequence    BIGINT      NOT NULL CHECK (sequence >= 1),
    digest      BYTEA       NOT NULL CHECK (octet_length(digest) = 32),
    outcome     TEXT        NOT NULL CHECK (outcome IN ('APPLIED', 'REFUSED')),
    reason      TEXT        NOT NULL CHECK ((reason <> '') = (outcome = 'REFUSED')),
    resource    TEXT        NOT NULL,
    received_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (source, sequence)
);

CREATE TRIGGER inbox_receipt_is_final BEFORE UPDATE OR DELETE ON inbox_receipt
    FOR EACH ROW EXECUTE FUNCTION outbox_refuse();
CREATE TRIGGER inbox_receipt_is_whole BEFORE TRUNCATE ON inbox_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse();

CREATE FUNCTION inbox_source_rises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.epoch < OLD.epoch OR NEW.last_sequence < OLD.last_sequence THEN
        RAISE EXCEPTION 'the place of % cannot go back', OLD.source USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER inbox_source_rises BEFORE UPDATE ON inbox_source
    FOR EACH ROW EXECUTE FUNCTION inbox_source_rises();
CREATE TRIGGER inbox_source_stays BEFORE DELETE ON inbox_source
    FOR EACH ROW EXECUTE FUNCTION outbox_refuse();
