-- Whether a plan's terms ask the bank of whom they pay, beside the terms, so that whoever looks for what to ask need not read every
-- reward that waits. Where it is not said, it is looked at: the terms decide.
ALTER TABLE plan ADD COLUMN asks_bank BOOLEAN NOT NULL DEFAULT TRUE;
CREATE INDEX plan_that_asks ON plan (id, version) WHERE asks_bank;
CREATE INDEX reward_to_ask_of ON reward (plan_id, plan_version, updated_at, id) WHERE state IN ('APPROVED', 'PAYING');
