-- Two people withdraw a sealed payment file. Instants are UTC. Both engines have the same tables and names.

-- What a person says: why the file is not to go, and what that would do on the evidence of then. The last counts.
CREATE TABLE file_withdrawal (
    id UUID PRIMARY KEY,
    file_number BIGINT NOT NULL REFERENCES payment_file (number),
    number BIGINT NOT NULL CHECK (number >= 1),
    effect TEXT NOT NULL CHECK (effect IN ('RELEASED', 'KEPT')),
    note TEXT NOT NULL CHECK (note <> ''),
    proposed_by TEXT NOT NULL CHECK (proposed_by <> ''),
    proposer_account TEXT NOT NULL CHECK (proposer_account <> ''),
    proposed_at TIMESTAMPTZ NOT NULL,
    UNIQUE (file_number, number),
    UNIQUE (id, file_number, effect, proposed_by)
);

-- What another person has confirmed: once for a file, and by somebody else, whatever a program above believes.
CREATE TABLE file_withdrawal_confirmation (
    file_number BIGINT PRIMARY KEY,
    withdrawal_id UUID NOT NULL,
    effect TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    confirmed_by TEXT NOT NULL CHECK (confirmed_by <> '' AND confirmed_by <> proposed_by),
    confirmed_at TIMESTAMPTZ NOT NULL,
    FOREIGN KEY (withdrawal_id, file_number, effect, proposed_by)
        REFERENCES file_withdrawal (id, file_number, effect, proposed_by)
);

-- What was released: should the bank speak of it before it leaves anew, it may be paid twice.
CREATE INDEX payment_file_left_out_withdrawn ON payment_file_left_out (end_to_end_id) WHERE reason = 'FILE_WITHDRAWN';

CREATE TRIGGER file_withdrawal_is_kept BEFORE UPDATE OR DELETE ON file_withdrawal
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER file_withdrawal_confirmation_is_kept BEFORE UPDATE OR DELETE ON file_withdrawal_confirmation
    FOR EACH ROW EXECUTE FUNCTION append_only();

-- What is in a sealed file stays in it, but where two people have withdrawn one that never left.
CREATE OR REPLACE FUNCTION sealed_file_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM payment_file f
               WHERE f.number = OLD.file_number
                 AND (f.state IN ('SEALED', 'WRITTEN')
                      OR (f.state = 'WITHDRAWN'
                          AND NOT EXISTS (SELECT 1 FROM file_withdrawal_confirmation c
                                          WHERE c.file_number = f.number AND c.effect = 'RELEASED')))) THEN
        RAISE EXCEPTION 'what is in a sealed file never changes';
    END IF;
    RETURN OLD;
END $$;
