-- What came back by the bank's files, and what two people say of a difference.
-- Instants are UTC. The SQLite twin has the same tables and names.

-- Under which reference of the bank's a payout came back: under another it would have come back twice.
CREATE TABLE file_return (
    end_to_end_id TEXT PRIMARY KEY REFERENCES attempt (end_to_end_id),
    bank_reference TEXT NOT NULL CHECK (bank_reference <> ''),
    bank_file_id UUID NOT NULL REFERENCES bank_file (id),
    position BIGINT NOT NULL CHECK (position >= 1)
);

-- What a person says of a difference: why it is settled. The last counts, until one is confirmed.
CREATE TABLE difference_resolution (
    id UUID PRIMARY KEY,
    bank_file_id UUID NOT NULL,
    position BIGINT NOT NULL,
    number BIGINT NOT NULL CHECK (number >= 1),
    code TEXT NOT NULL CHECK (code IN
        ('BANK_CORRECTED', 'OUTCOME_REPORTED', 'NOT_OURS', 'SAID_TWICE', 'BOOKED_ELSEWHERE', 'OTHER')),
    note TEXT NOT NULL CHECK (note <> ''),
    proposed_by TEXT NOT NULL CHECK (proposed_by <> ''),
    proposer_account TEXT NOT NULL CHECK (proposer_account <> ''),
    proposed_at TIMESTAMPTZ NOT NULL,
    UNIQUE (bank_file_id, position, number),
    UNIQUE (id, bank_file_id, position, proposed_by),
    FOREIGN KEY (bank_file_id, position) REFERENCES file_difference (bank_file_id, position)
);

-- What another person has confirmed: once for a difference, and by somebody else, whatever a program above believes.
CREATE TABLE difference_confirmation (
    bank_file_id UUID NOT NULL,
    position BIGINT NOT NULL,
    resolution_id UUID NOT NULL,
    proposed_by TEXT NOT NULL,
    confirmed_by TEXT NOT NULL CHECK (confirmed_by <> '' AND confirmed_by <> proposed_by),
    confirmed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (bank_file_id, position),
    FOREIGN KEY (resolution_id, bank_file_id, position, proposed_by)
        REFERENCES difference_resolution (id, bank_file_id, position, proposed_by)
);

CREATE TRIGGER file_return_is_kept BEFORE UPDATE OR DELETE ON file_return
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER difference_resolution_is_kept BEFORE UPDATE OR DELETE ON difference_resolution
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER difference_confirmation_is_kept BEFORE UPDATE OR DELETE ON difference_confirmation
    FOR EACH ROW EXECUTE FUNCTION append_only();
