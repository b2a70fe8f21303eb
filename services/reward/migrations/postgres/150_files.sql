-- Settlement by files: what leaves in them, and what the bank's files say.
-- Amounts are minor units of the currency beside them; instants are UTC. The SQLite twin has the same tables and names.

CREATE TABLE payment_file (
    number BIGINT PRIMARY KEY CHECK (number >= 1),
    message_id TEXT NOT NULL UNIQUE CHECK (length(message_id) BETWEEN 1 AND 35),
    currency TEXT NOT NULL,
    -- YYYY-MM-DD, and in every writing of the file the same.
    execution_date TEXT NOT NULL CHECK (length(execution_date) = 10),
    state TEXT NOT NULL CHECK (state IN ('GATHERING', 'CLOSED', 'SEALED', 'WRITTEN', 'WITHDRAWN')),
    payouts BIGINT NOT NULL CHECK (payouts >= 0),
    sum_minor BIGINT NOT NULL CHECK (sum_minor >= 0),
    -- How many ever entered: the position of the last.
    entered BIGINT NOT NULL CHECK (entered >= payouts),
    sha256 TEXT NOT NULL DEFAULT '' CHECK (length(sha256) IN (0, 64)),
    size_bytes BIGINT NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),
    requested_by TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    -- From when on it may lie where the bank finds it: committed before it does.
    placed_at TIMESTAMPTZ,
    CHECK ((state IN ('SEALED', 'WRITTEN', 'WITHDRAWN')) = (sha256 <> '')),
    CHECK (placed_at IS NULL OR sha256 <> ''),
    CHECK (state = 'GATHERING' OR payouts > 0)
);
-- What was begun is finished before the next of its currency is begun.
CREATE UNIQUE INDEX payment_file_unfinished ON payment_file (currency) WHERE state NOT IN ('WRITTEN', 'WITHDRAWN');

-- What is in a file: an attempt is in one, for ever.
CREATE TABLE payment_file_entry (
    end_to_end_id TEXT PRIMARY KEY REFERENCES attempt (end_to_end_id),
    file_number BIGINT NOT NULL REFERENCES payment_file (number),
    position BIGINT NOT NULL CHECK (position >= 1),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    UNIQUE (file_number, position)
);

-- What did not enter a file, and why. It waits for another.
CREATE TABLE payment_file_left_out (
    file_number BIGINT NOT NULL REFERENCES payment_file (number),
    end_to_end_id TEXT NOT NULL REFERENCES attempt (end_to_end_id),
    reason TEXT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (file_number, end_to_end_id)
);

-- A file of the bank's, once: by its digest, and by its kind and id.
CREATE TABLE bank_file (
    id UUID PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('STATUS_REPORT', 'STATEMENT')),
    message_id TEXT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
    state TEXT NOT NULL CHECK (state IN ('APPLYING', 'APPLIED')),
    -- The file of ours that a status report is about.
    file_number BIGINT REFERENCES payment_file (number),
    said BIGINT NOT NULL DEFAULT 0,
    applied BIGINT NOT NULL DEFAULT 0,
    duplicates BIGINT NOT NULL DEFAULT 0,
    ignored BIGINT NOT NULL DEFAULT 0,
    imported_by TEXT NOT NULL,
    imported_at TIMESTAMPTZ NOT NULL,
    UNIQUE (kind, message_id),
    CHECK ((kind = 'STATUS_REPORT') = (file_number IS NOT NULL))
);

-- What the bank says and we do not.
CREATE TABLE file_difference (
    bank_file_id UUID NOT NULL REFERENCES bank_file (id),
    position BIGINT NOT NULL CHECK (position >= 1),
    end_to_end_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    said TEXT NOT NULL,
    currency TEXT,
    amount_minor BIGINT,
    expected_currency TEXT,
    expected_minor BIGINT,
    bank_reference TEXT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (bank_file_id, position),
    CHECK ((currency IS NULL) = (amount_minor IS NULL)),
    CHECK ((expected_currency IS NULL) = (expected_minor IS NULL))
);
CREATE INDEX file_difference_oldest ON file_difference (recorded_at, bank_file_id, position);
CREATE INDEX file_difference_of_attempt ON file_difference (end_to_end_id);

CREATE FUNCTION sealed_file_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM payment_file WHERE number = OLD.file_number AND state IN ('SEALED', 'WRITTEN')) THEN
        RAISE EXCEPTION 'what is in a sealed file never changes';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER sealed_file_stays BEFORE DELETE ON payment_file_entry FOR EACH ROW EXECUTE FUNCTION sealed_file_stays();
CREATE TRIGGER payment_file_entry_is_kept BEFORE UPDATE ON payment_file_entry FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER payment_file_left_out_is_kept BEFORE UPDATE OR DELETE ON payment_file_left_out
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER file_difference_is_kept BEFORE UPDATE OR DELETE ON file_difference
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER payment_file_is_kept BEFORE DELETE ON payment_file FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER bank_file_is_kept BEFORE DELETE ON bank_file FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE FUNCTION written_file_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a sealed file never changes but to be written or withdrawn';
END $$;
CREATE TRIGGER written_file_stays BEFORE UPDATE ON payment_file FOR EACH ROW
    WHEN (OLD.state IN ('WRITTEN', 'WITHDRAWN')
          OR (OLD.state = 'SEALED'
              AND (NEW.state NOT IN ('SEALED', 'WRITTEN', 'WITHDRAWN') OR NEW.sha256 <> OLD.sha256 OR NEW.payouts <> OLD.payouts
                   OR NEW.sum_minor <> OLD.sum_minor
                   OR (OLD.placed_at IS NOT NULL AND NEW.placed_at IS DISTINCT FROM OLD.placed_at))))
    EXECUTE FUNCTION written_file_stays();
