-- What is owed and has no number yet. Written by commands, emptied by the relay. One index: the relay's order is the key, and
-- an insert touches the right edge of one destination only.
CREATE TABLE outbox (
    destination TEXT        NOT NULL CHECK (destination <> ''),
    -- Drawn inside the transaction: of two commands on one aggregate the later one waits for the first one's lock, so within
    -- an aggregate this order is commit order. Between aggregates it need not be, and the relay never skips by it.
    ordinal     BIGINT      GENERATED ALWAYS AS IDENTITY (CACHE 1),
    aggregate   TEXT        NOT NULL,
    content     BYTEA       NOT NULL,
    body        BYTEA       NOT NULL,
    body_salt   BYTEA       NOT NULL CHECK (octet_length(body_salt) IN (0, 32)),
    traceparent TEXT        NOT NULL,
    -- The business's time; the alarm goes by the database's.
    created_at  TIMESTAMPTZ NOT NULL,
    owed_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (destination, ordinal)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- The relay of a destination: its lease, its place, its chain.
CREATE TABLE outbox_relay (
    destination   TEXT        PRIMARY KEY,
    -- Whoever took the lease last knows this number; it fences everyone before.
    epoch         BIGINT      NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    expires_at    TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    next_sequence BIGINT      NOT NULL DEFAULT 1 CHECK (next_sequence >= 1),
    -- Digest of the last statement; empty before the first, and for destinations that chain nothing.
    prev          BYTEA       NOT NULL DEFAULT ''::bytea CHECK (octet_length(prev) IN (0, 32)),
    delivered     BIGINT      NOT NULL DEFAULT 0 CHECK (delivered >= 0 AND delivered < next_sequence),
    -- The highest number ever receipted: unlike `delivered`, it does not go back while a restored receiver is told again.
    acknowledged  BIGINT      NOT NULL DEFAULT 0 CHECK (acknowledged >= 0 AND acknowledged < next_sequence),
    -- How many records of the log a checkpoint covers, as it last said; 0 for destinations that are no log.
    covered_size  BIGINT      NOT NULL DEFAULT 0 CHECK (covered_size >= 0)
) WITH (fillfactor = 50);

-- What has its number: committed before it is sent, never changed.
CREATE TABLE outbox_sent (
    destination TEXT        NOT NULL,
    sequence    BIGINT      NOT NULL CHECK (sequence >= 1),
    epoch       BIGINT      NOT NULL CHECK (epoch >= 1),
    aggregate   TEXT        NOT NULL,
    bytes       BYTEA       NOT NULL,
    body        BYTEA       NOT NULL,
    body_salt   BYTEA       NOT NULL CHECK (octet_length(body_salt) IN (0, 32)),
    traceparent TEXT        NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    owed_at     TIMESTAMPTZ NOT NULL,
    sequenced_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (destination, sequence)
);

-- What the receiver answered. Beside the message, not in it: a wide row is not written twice.
CREATE TABLE outbox_receipt (
    destination  TEXT        NOT NULL,
    sequence     BIGINT      NOT NULL,
    outcome      TEXT        NOT NULL CHECK (outcome IN ('APPLIED', 'REFUSED', 'SEALED')),
    reason       TEXT        NOT NULL CHECK ((reason <> '') = (outcome = 'REFUSED')),
    resource     TEXT        NOT NULL,
    log_index    BIGINT      CHECK ((log_index IS NOT NULL) = (outcome = 'SEALED')),
    leaf         BYTEA       NOT NULL,
    delivered_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (destination, sequence),
    FOREIGN KEY (destination, sequence) REFERENCES outbox_sent (destination, sequence) ON DELETE CASCADE
);

CREATE FUNCTION outbox_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER outbox_sent_is_final BEFORE UPDATE ON outbox_sent
    FOR EACH ROW EXECUTE FUNCTION outbox_refuse();
CREATE TRIGGER outbox_receipt_is_final BEFORE UPDATE ON outbox_receipt
    FOR EACH ROW EXECUTE FUNCTION outbox_refuse();
CREATE TRIGGER outbox_sent_is_whole BEFORE TRUNCATE ON outbox_sent
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse();
CREATE TRIGGER outbox_receipt_is_whole BEFORE TRUNCATE ON outbox_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse();

-- A message leaves only after it was answered, and takes its receipt along.
CREATE FUNCTION outbox_sent_leaves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM outbox_receipt r WHERE r.destination = OLD.destination AND r.sequence = OLD.sequence) THEN
        RAISE EXCEPTION 'message % to % was never answered', OLD.sequence, OLD.destination
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER outbox_sent_leaves BEFORE DELETE ON outbox_sent
    FOR EACH ROW EXECUTE FUNCTION outbox_sent_leaves();

CREATE FUNCTION outbox_receipt_leaves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM outbox_sent s WHERE s.destination = OLD.destination AND s.sequence = OLD.sequence) THEN
        RAISE EXCEPTION 'the receipt of message % to % goes with its message', OLD.sequence, OLD.destination
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER outbox_receipt_leaves BEFORE DELETE ON outbox_receipt
    FOR EACH ROW EXECUTE FUNCTION outbox_receipt_leaves();

-- A lease never goes back, nor does a place.
CREATE FUNCTION outbox_relay_rises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.epoch < OLD.epoch OR NEW.next_sequence < OLD.next_sequence THEN
        RAISE EXCEPTION 'the relay to % cannot go back', OLD.destination USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outbox_relay_rises BEFORE UPDATE ON outbox_relay
    FOR EACH ROW EXECUTE FUNCTION outbox_relay_rises();
CREATE TRIGGER outbox_relay_stays BEFORE DELETE ON outbox_relay
    FOR EACH ROW EXECUTE FUNCTION outbox_refuse();
