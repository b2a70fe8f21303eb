-- The simulated core bank's books: one order for each end-to-end id, for ever.
CREATE TABLE payment_order (
    end_to_end_id TEXT PRIMARY KEY,
    reward        TEXT NOT NULL,
    payee         TEXT NOT NULL,
    amount_minor  INTEGER NOT NULL CHECK (amount_minor > 0),
    currency      TEXT NOT NULL,
    asked         INTEGER NOT NULL CHECK (asked >= 1),
    standing      TEXT NOT NULL CHECK (standing IN ('RECEIVED', 'ACCEPTED', 'PAID', 'REFUSED')),
    stands_since  TEXT NOT NULL
) STRICT;
