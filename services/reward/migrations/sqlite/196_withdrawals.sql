-- Two people withdraw a sealed payment file. Instants are UTC. Both engines have the same tables and names.

-- What a person says: why the file is not to go, and what that would do on the evidence of then. The last counts.
CREATE TABLE file_withdrawal (
    id BLOB PRIMARY KEY,
    file_number INTEGER NOT NULL REFERENCES payment_file (number),
    number INTEGER NOT NULL CHECK (number >= 1),
    effect TEXT NOT NULL CHECK (effect IN ('RELEASED', 'KEPT')),
    note TEXT NOT NULL CHECK (note <> ''),
    proposed_by TEXT NOT NULL CHECK (proposed_by <> ''),
    proposer_account TEXT NOT NULL CHECK (proposer_account <> ''),
    proposed_at TEXT NOT NULL,
    UNIQUE (file_number, number),
    UNIQUE (id, file_number, effect, proposed_by)
) STRICT;

-- What another person has confirmed: once for a file, and by somebody else, whatever a program above believes.
CREATE TABLE file_withdrawal_confirmation (
    file_number INTEGER PRIMARY KEY,
    withdrawal_id BLOB NOT NULL,
    effect TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    confirmed_by TEXT NOT NULL CHECK (confirmed_by <> '' AND confirmed_by <> proposed_by),
    confirmed_at TEXT NOT NULL,
    FOREIGN KEY (withdrawal_id, file_number, effect, proposed_by)
        REFERENCES file_withdrawal (id, file_number, effect, proposed_by)
) STRICT;

-- What was released: should the bank speak of it before it leaves anew, it may be paid twice.
CREATE INDEX payment_file_left_out_withdrawn ON payment_file_left_out (end_to_end_id) WHERE reason = 'FILE_WITHDRAWN';

CREATE TRIGGER file_withdrawal_is_kept BEFORE DELETE ON file_withdrawal
BEGIN SELECT RAISE(ABORT, 'file_withdrawal is append-only'); END;
CREATE TRIGGER file_withdrawal_stays BEFORE UPDATE ON file_withdrawal
BEGIN SELECT RAISE(ABORT, 'file_withdrawal is append-only'); END;
CREATE TRIGGER file_withdrawal_confirmation_is_kept BEFORE DELETE ON file_withdrawal_confirmation
BEGIN SELECT RAISE(ABORT, 'file_withdrawal_confirmation is append-only'); END;
CREATE TRIGGER file_withdrawal_confirmation_stays BEFORE UPDATE ON file_withdrawal_confirmation
BEGIN SELECT RAISE(ABORT, 'file_withdrawal_confirmation is append-only'); END;

-- What is in a sealed file stays in it, but where two people have withdrawn one that never left.
DROP TRIGGER sealed_file_stays;
CREATE TRIGGER sealed_file_stays BEFORE DELETE ON payment_file_entry
    WHEN EXISTS (SELECT 1 FROM payment_file f
                 WHERE f.number = OLD.file_number
                   AND (f.state IN ('SEALED', 'WRITTEN')
                        OR (f.state = 'WITHDRAWN'
                            AND NOT EXISTS (SELECT 1 FROM file_withdrawal_confirmation c
                                            WHERE c.file_number = f.number AND c.effect = 'RELEASED'))))
BEGIN SELECT RAISE(ABORT, 'what is in a sealed file never changes'); END;
