-- Messages that their receiver failed at, and what follows of the same aggregate: a marker has gone in their place. The message
-- itself stays in outbox_sent.
CREATE TABLE outbox_parked (
    destination TEXT        NOT NULL,
    sequence    BIGINT      NOT NULL,
    aggregate   TEXT        NOT NULL,
    -- What the marker says.
    reason      TEXT        NOT NULL CHECK (reason <> ''),
    parked_at   TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- The number under which it came after all.
    released_as BIGINT      CHECK (released_as > sequence),
    PRIMARY KEY (destination, sequence),
    FOREIGN KEY (destination, sequence) REFERENCES outbox_sent (destination, sequence) ON DELETE CASCADE
);
CREATE INDEX outbox_parked_waiting ON outbox_parked (destination, aggregate) WHERE released_as IS NULL;

-- It is released, once; and forgotten only after that.
CREATE FUNCTION outbox_parked_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.released_as IS NOT NULL OR NEW.released_as IS NULL
       OR (NEW.destination, NEW.sequence, NEW.aggregate, NEW.reason, NEW.parked_at)
          IS DISTINCT FROM (OLD.destination, OLD.sequence, OLD.aggregate, OLD.reason, OLD.parked_at) THEN
        RAISE EXCEPTION 'parked message % to % can only be released, once', OLD.sequence, OLD.destination
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outbox_parked_waits BEFORE UPDATE ON outbox_parked
    FOR EACH ROW EXECUTE FUNCTION outbox_parked_waits();
CREATE FUNCTION outbox_parked_leaves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.released_as IS NULL THEN
        RAISE EXCEPTION 'message % to % is parked', OLD.sequence, OLD.destination USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER outbox_parked_leaves BEFORE DELETE ON outbox_parked
    FOR EACH ROW EXECUTE FUNCTION outbox_parked_leaves();
CREATE TRIGGER outbox_parked_is_whole BEFORE TRUNCATE ON outbox_parked
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_refuse();
