-- The simulated core bank as one that settles by files: which it has read, and which payment came in which.
CREATE TABLE order_file (
    message_id TEXT PRIMARY KEY,
    sha256     TEXT NOT NULL CHECK (length(sha256) = 64),
    -- The account that its payments leave from.
    account    TEXT NOT NULL,
    iban       INTEGER NOT NULL CHECK (iban IN (0, 1)),
    read_at    TEXT NOT NULL,
    -- How many of its two rounds of answers were sent.
    answered   INTEGER NOT NULL DEFAULT 0 CHECK (answered BETWEEN 0 AND 2)
) STRICT;

CREATE TABLE ordered_payment (
    end_to_end_id TEXT PRIMARY KEY REFERENCES payment_order (end_to_end_id),
    message_id    TEXT NOT NULL REFERENCES order_file (message_id),
    position      INTEGER NOT NULL CHECK (position >= 1),
    fate          TEXT NOT NULL CHECK (fate IN ('PAID', 'LATE', 'RETURNED', 'REFUSED')),
    UNIQUE (message_id, position)
) STRICT;

-- What came a second time in another file: it is not paid again.
CREATE TABLE ordered_twice (
    end_to_end_id TEXT NOT NULL REFERENCES ordered_payment (end_to_end_id),
    message_id    TEXT NOT NULL REFERENCES order_file (message_id),
    PRIMARY KEY (end_to_end_id, message_id)
) STRICT;
