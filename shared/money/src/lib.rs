//! Currency, money, rates, rounding, dates and day counts: checked and exact.
