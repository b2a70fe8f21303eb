-- Where a hold was placed, and is released: here, or in the audit service, under the same name.
ALTER TABLE hold ADD COLUMN origin TEXT NOT NULL DEFAULT 'REWARD' CHECK (origin IN ('REWARD', 'AUDIT'));
